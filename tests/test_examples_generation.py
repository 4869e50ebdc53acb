"""Examples that generate with the module alone: a character model, and WaveNet step by step."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from nnc.runtime.module import import_module

from .generated import EXAMPLES, imported, in_float64, spec_text

WRITING = EXAMPLES / "writing"


@cache
def writer():
    """The script, the model, and what 60 steps of training gave."""
    script = import_module(WRITING / "write.py")
    model = imported(spec_text("writing/characters"), emit=("step",))
    params, loss = script.train(model, script.read_ids(WRITING / "text.txt"), 60, rows=8)
    return script, model, params, loss


def test_the_writer_learns_which_character_follows():
    """At random it would be log 28 = 3.33; the text's own frequencies alone give 2.7."""
    _, _, _, loss = writer()
    assert loss < 1.6


@pytest.mark.parametrize("temperature", [0.2, 1.0])
def test_the_writer_writes_words_of_the_text(temperature):
    script, model, params, _ = writer()
    text = script.write(model, params, "the ", 200, temperature=temperature)
    assert len(text) == 204
    assert set(text) <= set(script.CHARACTERS)
    known = set((WRITING / "text.txt").read_text("utf-8").replace(",", "").split())
    words = text.split()[1:-1]
    assert sum(word in known for word in words) >= 0.3 * len(words)


def test_writing_again_with_the_same_seed_gives_the_same_text():
    script, model, params, _ = writer()
    one, two, other = (script.write(model, params, "a", 60, seed=seed) for seed in (1, 1, 2))
    assert one == two != other


# --- WaveNet ------------------------------------------------------------------------------

LEVELS = 32


@cache
def wave():
    """The spec's module in float64, trained for a few steps on a tone that it can learn."""
    model = imported(in_float64(spec_text("wavenet")), emit=("step",))
    t = np.arange(97)
    rows = [np.sin(0.4 * t + phase) for phase in np.linspace(0, 6, 8)]
    samples = np.clip((np.array(rows) + 1) * LEVELS / 2, 0, LEVELS - 1).astype(int)
    params = model.init_params(seed=0)
    opt = model.init_optimizer(params)
    losses = [model.train_step(params, samples[:, :-1], samples[:, 1:], opt) for _ in range(40)]
    return model, params, samples, losses


def test_wavenet_learns_a_tone():
    _, _, _, losses = wave()
    assert losses[0] > 3  # log 32 = 3.47
    assert losses[-1] < 0.3


def test_wavenet_generates_step_by_step_what_it_predicts_for_the_whole_sequence():
    """Each sample is the likeliest one: chosen from one step, and from all samples so far at once."""
    model, params, samples, _ = wave()
    start, count = samples[:2, :20], 40
    stream = model.init_stream(params, rows=2)
    steps = [model.step(params, start[:, t], stream) for t in range(start.shape[1])]
    written = start
    for _ in range(count):
        whole = model.predict(params, written)
        assert np.abs(np.stack(steps, axis=1) - whole).max() <= 1e-12
        following = steps[-1].argmax(axis=1)
        assert np.array_equal(following, whole[:, -1].argmax(axis=1))
        written = np.concatenate([written, following[:, None]], axis=1)
        steps.append(model.step(params, following, stream))
    assert len(np.unique(written[:, 20:])) > 5  # it goes up and down, too


def test_wavenet_remembers_just_what_its_kernels_touch_again():
    """Kernels of two: as many samples as the dilation, of each of 16 channels, for both halves of a gate."""
    model, params, _, _ = wave()
    stream = model.init_stream(params, rows=1)
    kept = {n: a.shape for n, a in stream.items() if n.endswith(".past")}
    assert sorted(kept.values()) == [(1, 16, d) for d in (1, 1, 2, 2, 4, 4, 8, 8)]
    assert model.stream_bytes(stream) == 8 * (2 * 16 * (1 + 2 + 4 + 8) + 1)
