"""Validation, patience, seeds, backends, the live display, TensorBoard, and doubts about data."""

from __future__ import annotations

import importlib.util
import io
import re

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.cli.live import live_display, sparkline
from nnc.runtime import train
from nnc.runtime.callback import Callback
from nnc.runtime.dataset import DataError, Dataset
from nnc.runtime.doubts import doubts
from nnc.runtime.measuring import sample
from nnc.runtime.training import Ending
from nnc.runtime.weights import WeightsError, pack, read_weights, unpack, write_weights
from rich.console import Console

from ..generated import build

TEXT = "input 4 -> dense 8 tanh -> dense 3 softmax; loss crossentropy; optimizer adam lr=0.01"


def problem(rows=90, seed=0):
    x = np.random.default_rng(seed).normal(size=(rows, 4)).astype(np.float32)
    return Dataset(x, x[:, :3].argmax(axis=1))


@pytest.fixture
def nnc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, seed in (("data", 0), ("other", 1)):
        data = problem(seed=seed)
        np.savez(f"{name}.npz", x=data.x, y=data.target)
    return lambda *args: CliRunner().invoke(app, list(map(str, args)), catch_exceptions=False)


def told(nnc, *words):
    done = nnc("train", "-c", TEXT, "--data", "data.npz", *words)
    assert done.exit_code == 0, done.output
    return done.stdout


# --- validation and patience ----------------------------------------------------------------


def test_the_best_weights_on_the_validation_set_are_kept():
    module, data, other = build(TEXT), problem(30), problem(200, 1)
    result = train(module, data, validation=other, epochs=40, lr=0.3)
    losses = result.curve("loss", "validation")
    assert result.epoch == 1 + int(np.argmin(losses)) < 40
    _, cache = module.forward(result.params, other.x)
    assert module.loss(result.params, cache, other.target) == pytest.approx(min(losses), rel=1e-6)
    assert [e.number for e in result.history if e.best][-1] == result.epoch


def test_patience_stops_after_so_many_epochs_without_a_lower_loss():
    result = train(
        build(TEXT), problem(30), validation=problem(200, 1), epochs=99, lr=0.3, patience=4
    )
    assert result.ending is Ending.PATIENCE
    assert len(result.history) == result.epoch + 4
    assert f"the weights of epoch {result.epoch} are kept, the best so far" in result.message


def test_patience_without_a_validation_set_looks_at_the_training_set():
    result = train(build(TEXT), problem(30), epochs=99, lr=50.0, patience=2, allow_divergence=True)
    losses = result.curve()
    assert result.ending is Ending.PATIENCE
    assert losses[result.epoch - 1] == min(losses)


@pytest.mark.parametrize("chosen", [0.2, "other.npz"])
def test_validation_is_told_beside_the_training_set(nnc, chosen):
    assert "valid" in told(nnc, "--validation", chosen, "--epochs", 2)


def test_a_validation_file_is_what_is_measured(nnc):
    shown = [told(nnc, "--epochs", 1, role, "other.npz") for role in ("--validation", "--test")]
    one, other = (re.search(r"(?:valid|test) .*", text)[0].split()[1:] for text in shown)
    assert one == other


def test_the_share_is_stratified(nnc, monkeypatch):
    seen = []
    split = Dataset.split

    def spied(self, *args, **keywords):
        seen.append(keywords)
        return split(self, *args, **keywords)

    monkeypatch.setattr(Dataset, "split", spied)
    told(nnc, "--validation", 0.3, "--epochs", 1)
    assert seen == [{"stratify": True}]


# --- callbacks ------------------------------------------------------------------------------


def test_callbacks_hear_of_everything_and_may_stop():
    heard = []

    class Listener(Callback):
        def start(self, session):
            heard.append("start")

        def batch(self, session):
            heard.append(session.position.step)

        def epoch(self, session, epoch):
            heard.append(f"epoch {epoch.number}")
            if epoch.number == 2:
                session.stop()

        def end(self, session):
            heard.append(session.ending.value)

    result = train(build(TEXT), problem(64), epochs=9, callbacks=[Listener()])
    assert heard == ["start", 1, 2, "epoch 1", 3, 4, "epoch 2", 5, "interrupted"]
    assert result.ending is Ending.INTERRUPTED
    assert result.curve("accuracy") == [epoch.train["accuracy"] for epoch in result.history]


# --- several seeds, backends ----------------------------------------------------------------


def test_seeds_report_mean_and_spread(nnc):
    text = told(nnc, "--epochs", 2, "--seeds", 3, "--seed", 5, "--quiet")
    assert [line for line in text.splitlines() if line.startswith("seed")] == [
        f"seed {n}" for n in (5, 6, 7)
    ]
    losses = [float(n) for n in re.findall(r"train  loss (\S+)", text)]
    mean, spread = map(float, re.search(r"train loss +(\S+) ± (\S+)", text).groups())
    assert mean == pytest.approx(np.mean(losses), abs=1e-3)
    assert spread == pytest.approx(np.std(losses, ddof=1), abs=1e-3)


@pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="no numba here")
@pytest.mark.parametrize("words", [["--backend", "numba"], ["--target", "numba"]])
def test_the_backend_may_be_numba(nnc, words, monkeypatch):
    from nnc.cli import trainings

    compiled, targets = trainings.compiled_spec, []

    def spied(spec, options):
        targets.append(options.target)
        return compiled(spec, options)

    monkeypatch.setattr(trainings, "compiled_spec", spied)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    told(nnc, "--epochs", 1, *words)
    assert targets == ["numba"]


# --- the display ----------------------------------------------------------------------------


def test_the_display_shows_loss_speed_time_left_and_curves():
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100)
    with live_display(console) as live:

        class Show(Callback):
            def epoch(self, session, epoch):
                live.update(session)

        train(build(TEXT), problem(64), validation=problem(30, 1), epochs=4, callbacks=[Show()])
        live.say("a line that stays")
    text = stream.getvalue()
    assert "epoch 4 of 4" in text
    assert re.search(r"loss \d\.\d+", text)
    assert "examples/s" in text
    assert "left" in text
    assert re.search(r"loss train [▁▂▃▄▅▆▇█]{4} ", text)
    assert re.search(r"loss valid [▁▂▃▄▅▆▇█]{4} ", text)
    assert "a line that stays" in text


def test_a_curve_goes_from_the_highest_to_the_lowest_block():
    assert sparkline([4, 3, 2, 1], 10, 1, 4) == "█▆▃▁"
    assert sparkline([2, 2], 10, 2, 2) == "▁▁"
    assert sparkline([1, float("nan")], 10, 1, 2) == "▁?"
    long = sparkline(list(range(100)), 10, 0, 99)
    assert (len(long), long[0], long[-1]) == (10, "▁", "█")


# --- TensorBoard ----------------------------------------------------------------------------


def test_tensorboard_gets_every_score(nnc, tmp_path):
    if importlib.util.find_spec("tensorboardX") is None:
        pytest.skip("tensorboardX is not here: pip install 'nnc[tensorboard]'")
    told(nnc, "--epochs", 2, "--validation", 0.2, "--tensorboard", "board")
    (file,) = (tmp_path / "board").iterdir()
    for name in (b"train/loss", b"validation/accuracy", b"lr"):
        assert file.read_bytes().count(name) == 2


def test_without_tensorboardx_one_line_says_what_to_install(nnc, monkeypatch):
    from nnc.runtime import extras

    monkeypatch.setattr(extras, "installed", lambda package: False)
    done = nnc("train", "-c", TEXT, "--data", "data.npz", "--tensorboard", "board")
    assert done.exit_code == 1
    assert done.stderr == "error: TensorBoard needs tensorboardX: pip install 'nnc[tensorboard]'\n"


# --- doubts ---------------------------------------------------------------------------------


def test_one_class_only_is_warned_of():
    data = problem()
    module = build(TEXT)
    assert not list(doubts(data, module, None))
    (sentence,) = doubts(Dataset(data.x, np.full(90, 2)), module, None)
    assert sentence == "all rows of the data are of one class: there is nothing to tell apart"


def test_fewer_rows_than_the_batch_asked_for_are_warned_of():
    module = build(TEXT)
    (sentence,) = doubts(problem(20), module, 32)
    assert "has 20 rows, fewer than the batch of 32" in sentence
    assert not list(doubts(problem(20), module, None)), "nobody asked for the default"


def test_columns_that_never_change_are_named(nnc, tmp_path):
    rows = [f"{i},7,{i % 5},1.5,{'ab'[i % 2]}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,c,d,kind", *rows]))
    spec = "input 4 -> dense 2 softmax; loss crossentropy; optimizer adam lr=0.01"
    done = nnc("train", "-c", spec, "--data", "t.csv", "--epochs", 1)
    (line,) = [line for line in done.stderr.splitlines() if "same value" in line]
    assert line.startswith("warning: column 2 (`b`), column 4 (`d`) of t.csv have the same value")


# --- measuring and weights ------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "measured"), [(400, 400), (600, 500), (20_000, 1000)])
def test_a_large_training_set_is_measured_on_a_sample(rows, measured):
    data = Dataset(np.arange(rows, dtype=np.float32)[:, None], np.zeros(rows, int))
    found = sample(data).x[:, 0]
    assert len(found) == len(np.unique(found)) == measured
    assert found[0] == 0
    assert found[-1] > rows - 2 * rows / measured


@pytest.mark.parametrize("name", ["w.npz", "w.safetensors"])
def test_weights_and_state_are_read_as_they_were_written(tmp_path, name):
    module = build("input 4 -> dense 3 -> batchnorm -> dense 1; loss mse; optimizer sgd lr=0.1")
    params, state = module.init_params(3), module.init_state()
    write_weights(tmp_path / name, params, state)
    found = read_weights(tmp_path / name, module)
    for wanted, read in zip((params, state), found, strict=True):
        assert wanted.keys() == read.keys()
        assert all(np.array_equal(wanted[n], read[n]) for n in wanted)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("input 4 -> dense 9", "dense1.W has shape (4, 3), the network wants (4, 9)"),
        ("input 4 -> dense 3 -> dense 2", "has no dense2.W, dense2.b: it is of another network"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path, spec, said):
    path = tmp_path / "w.safetensors"
    write_weights(path, build("input 4 -> dense 3").init_params(0))
    with pytest.raises(WeightsError, match=re.escape(said)):
        read_weights(path, build(spec))


def test_weights_that_are_not_finite_are_not_written(tmp_path):
    path = tmp_path / "w.safetensors"
    with pytest.raises(WeightsError, match=r"dense1\.b has entries that are not finite"):
        write_weights(path, {"dense1.b": np.array([1.0, np.nan])})
    assert not path.exists()


def test_every_flipped_byte_of_a_weights_file_is_noticed(tmp_path):
    path = tmp_path / "w.safetensors"
    whole = pack({"a": np.arange(3.0), "b": np.ones((), np.float32)}, {"epoch": 3})
    path.write_bytes(whole)
    tensors, facts = unpack(path)
    assert (tensors["b"].shape, facts) == ((), {"epoch": 3})
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            read = unpack(path)
        except WeightsError:
            continue
        # A space that became another blank, or a name that nobody reads.
        assert read[1] in ({}, {"epoch": 3})
        if read[1]:
            assert np.array_equal(read[0]["a"], tensors["a"])


def test_a_lone_row_is_refused_before_training():
    module = build("input 4 -> batchnorm -> dense 1; loss mse; optimizer sgd lr=0.1")
    data = Dataset(np.ones((5, 4), np.float32), np.ones(5))
    with pytest.raises(DataError, match="of 5 rows in batches of 4 one would stand alone"):
        train(module, data, batch=4, report=lambda _: pytest.fail("it was trained"))
