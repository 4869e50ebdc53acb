"""Steps against whole sequences, for random causal networks.

`NNC_STEP_NETWORKS=200 python -m pytest tests/oracle/test_step.py -s` prints the figure for 200
networks; `make oracle` takes 60, and without the variable there are fewer.
"""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from nnc.driver import check
from nnc.source import Source
from nnc.stepping.network import CannotStep, step_network

from tests.causal_networks import disagreement, drawn_data, module_of, random_network
from tests.generated import in_float64
from tests.recorded import ANSWERS

NETWORKS = int(os.environ.get("NNC_STEP_NETWORKS", "20"))
EVERY = 10
"""One network of so many is also compiled with Numba."""

LIMIT = 1e-12


def test_steps_give_what_whole_sequences_give():
    worst = {(level, "numpy"): 0.0 for level in (0, 1)}
    wrong = []
    for seed in range(NETWORKS):
        spec = random_network(seed)
        for level in (0, 1):
            module = module_of(spec, level)
            error = disagreement(module, drawn_data(module, seed))
            worst[level, "numpy"] = max(worst[level, "numpy"], error)
            wrong += [(seed, level, error)] if not error <= LIMIT else []
    print(f"\n{NETWORKS} networks at -O0 and -O1: {len(wrong)} disagreements, worst {worst}")
    assert not wrong


def test_steps_of_numba_modules_give_what_whole_sequences_give():
    pytest.importorskip("numba", reason="--target numba needs numba")
    worst, wrong, count = 0.0, [], 0
    for seed in range(0, NETWORKS, EVERY):
        module = module_of(random_network(seed), 1, "numba")
        error = disagreement(module, drawn_data(module, seed))
        worst, count = max(worst, error), count + 1
        wrong += [(seed, error)] if not error <= LIMIT else []
    print(f"\n{count} networks with Numba: {len(wrong)} disagreements, worst {worst:.1e}")
    assert not wrong


def recorded_networks():
    """Programs drawn elsewhere that turn out to have a step, with the axes of their positions."""
    programs = list(enumerate(json.loads(ANSWERS.read_text(encoding="utf-8"))))
    for number, program in programs[: NETWORKS * 2]:
        graph = check(Source("spec.nn", program["spec"])).graph
        try:
            yield number, program["spec"], step_network(graph).axes
        except CannotStep:
            continue


def test_recorded_programs_that_have_a_step_give_the_same():
    """They are drawn without a thought of steps: images, several axes of open size, shared layers."""
    count, wrong = 0, []
    for number, spec, axes in recorded_networks():
        module = module_of(in_float64(spec), 1)
        places = [None if axis is None else axis + 1 for axis in axes]
        named = dict(zip(module.INPUTS, places, strict=True))
        data = drawn_data(module, number, length=7, axes=named, ids=2)
        error = disagreement(module, data)
        count += 1
        wrong += [(number, error)] if not error <= LIMIT else []
    print(f"\n{count} recorded programs: {len(wrong)} disagreements")
    assert count >= min(NETWORKS / 4, 50)
    assert not wrong


def test_the_networks_are_of_all_kinds():
    """What is drawn has every layer that can step, at least five times each."""
    specs = [random_network(seed) for seed in range(200)]
    chains = [spec.splitlines()[3] for spec in specs]
    for word in (
        *(
            "rnn",
            "lstm",
            "gru",
            "attention",
            "positional",
            "conv",
            "depthwise",
            "dense",
            "embedding",
        ),
        *("layernorm", "rmsnorm", "batchnorm", "transpose", "permute", "crop", "poly", "concat"),
        *(
            "dot",
            "gate",
            "centred",
            "blend",
            "softmax",
            "ragged",
            "layers=2",
            "dilation=4",
            "groups",
        ),
    ):
        assert sum(f"{word}" in chain for chain in chains) >= 5, word


@pytest.mark.parametrize("broken", ["recent", "h"])
def test_the_comparison_notices_a_step_that_forgets(broken):
    """Without the ring moved on, or the state kept, the comparison fails."""
    spec = "input Tx3 -> gru 4 return=all -> transpose -> conv 2 3 pad=causal\ndtype float64\n"
    module = module_of(spec, 1)
    data = drawn_data(module, 0, length=9)
    assert disagreement(module, data) <= LIMIT
    if broken == "recent":
        ring = module.recent
        module.recent = lambda x, past, t, **words: ring(x, np.array(past), t, **words)
    else:
        step = module.step

        def forgetful(params, x_t, stream):
            kept = stream["gru1.h"].copy()
            y = step(params, x_t, stream)
            stream["gru1.h"][...] = kept
            return y

        module.step = forgetful
    assert disagreement(module, data) > 1e-3
