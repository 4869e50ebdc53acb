"""Run folders: started, interrupted, resumed bit-identically, and refusals."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.runtime import train
from nnc.runtime.callback import Callback
from nnc.runtime.checkpoint import newest_checkpoint
from nnc.runtime.keeper import Keeper
from nnc.runtime.run import RunError, create_run, locked, open_run

from ..generated import module_code
from ..kills import SPEC, forked, kill_often, outcome, problem

TEXT = "input 4 -> dense 8 tanh -> dense 3 softmax; loss crossentropy; optimizer adam lr=0.01"


@pytest.fixture
def nnc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 4))
    np.savez("data.npz", x=x, y=x[:, :3].argmax(axis=1))
    return lambda *args: CliRunner().invoke(app, list(map(str, args)), catch_exceptions=False)


def begin(nnc, *words, epochs=4):
    return nnc("train", "-c", TEXT, "--data", "data.npz", "--epochs", epochs, "--run", "r", *words)


def made(folder: Path):
    """A new run in a folder, by the runtime alone."""
    return create_run(folder, module_code(SPEC), SPEC, options={}, data={}, version="0")


def trained(run, *callbacks, **keywords):
    keywords.setdefault("validation", problem(12, 1))
    return train(run.module, problem(33, 0), callbacks=[Keeper(run), *callbacks], **keywords)


class StopAt(Callback):
    """Stops between two batches, after so many steps."""

    def __init__(self, step: int) -> None:
        self.step = step

    def batch(self, session) -> None:
        if session.position.step == self.step:
            session.stop()


# --- going on -------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [[1], [7], [10], [34], [35], [3, 4, 20]])
def test_a_stopped_training_goes_on_bit_identically(tmp_path, steps):
    whole, parted = made(tmp_path / "whole"), made(tmp_path / "parted")
    result = trained(whole)
    for step in steps:
        trained(parted, StopAt(step))
    again = trained(open_run(parted.path))
    assert outcome(whole.path) == outcome(parted.path)
    assert all(np.array_equal(result.params[n], again.params[n]) for n in result.params)
    assert [e.loss for e in result.history] == [e.loss for e in again.history]


def test_more_epochs_are_as_if_all_had_been_asked_for(tmp_path):
    whole, longer = made(tmp_path / "whole"), made(tmp_path / "longer")
    trained(whole, epochs=6)
    trained(longer, epochs=3)
    trained(longer, epochs=6)
    assert outcome(whole.path) == outcome(longer.path)


def test_patience_is_remembered(tmp_path):
    run = made(tmp_path / "r")
    first = trained(run, lr=3.0, epochs=50, patience=2)
    again = trained(open_run(run.path), lr=3.0, epochs=50, patience=2)
    assert first.ending.value == again.ending.value == "patience"
    assert len(first.history) == len(again.history) == first.epoch + 2
    assert all(np.array_equal(first.params[n], again.params[n]) for n in first.params)


def test_weights_of_a_run_are_the_best(tmp_path):
    run = made(tmp_path / "r")
    result = trained(run, lr=0.3, epochs=12)
    best = min(result.history, key=lambda epoch: epoch.validation["loss"])
    assert result.epoch == best.number < 12
    params, state = run.weights()
    assert all(np.array_equal(result.params[n], params[n]) for n in params)
    assert all(np.array_equal(result.state[n], state[n]) for n in state)
    assert state
    assert json.loads((run.path / "best.json").read_text())["epoch"] == best.number
    assert [e["epoch"] for e in run.log() if e.get("best")][-1] == best.number


def test_only_the_last_two_checkpoints_are_kept(tmp_path):
    run = made(tmp_path / "r")
    for step in (3, 6, 9, 12):
        trained(run, StopAt(step))
    names = sorted(path.name for path in run.path.glob("checkpoint-*"))
    assert [name.partition(".")[2] for name in names] == ["json", "safetensors"] * 2
    assert names[-1] == "checkpoint-000001-000000012.safetensors"


# --- damage ---------------------------------------------------------------------------------


def damage_tensors(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


def damage_json(path: Path) -> None:
    path = path.with_suffix(".json")
    path.write_text(path.read_text().replace('"step": 9', '"step": 8'))


@pytest.mark.parametrize(
    "harm", [damage_tensors, damage_json, lambda path: path.unlink(), lambda p: p.write_bytes(b"")]
)
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path, harm):
    whole, run, told = made(tmp_path / "whole"), made(tmp_path / "r"), []
    trained(whole)
    for step in (4, 9):
        trained(run, StopAt(step))
    harm(run.path / "checkpoint-000001-000000009.safetensors")
    trained(run, tell=told.append)
    (sentence,) = told
    assert "checkpoint-000001-000000009" in sentence
    assert sentence.endswith("going on from checkpoint-000001-000000007")
    assert outcome(whole.path) == outcome(run.path)


def test_when_all_checkpoints_are_damaged_that_is_said(tmp_path):
    run = made(tmp_path / "r")
    trained(run, StopAt(4))
    damage_tensors(run.path / "checkpoint-000000-000000004.safetensors")
    with pytest.raises(RunError, match=r"is damaged\. No whole checkpoint is left in"):
        trained(run)


def test_a_checkpoint_of_another_spec_is_refused_with_the_difference(tmp_path):
    other = SPEC.replace("dense 8", "dense 9")
    run = made(tmp_path / "r")
    strange = create_run(
        tmp_path / "s", module_code(other), other, options={}, data={}, version="0"
    )
    trained(strange, StopAt(4))
    for path in strange.path.glob("checkpoint-*"):
        path.rename(run.path / path.name)
    with pytest.raises(RunError, match=r"another spec: line 1 is `input 6 -> dense 9.* there, `"):
        trained(run)


def test_a_line_of_the_log_that_is_not_whole_is_passed_over(tmp_path):
    run = made(tmp_path / "r")
    trained(run, StopAt(9))
    with (run.path / "log.jsonl").open("a") as file:
        file.write('{"event": "epo')
    trained(run)
    assert [e["epoch"] for e in run.log() if e["event"] == "epoch"] == [1, 2, 3, 4, 5]


def test_a_full_disk_is_told_and_training_goes_on(tmp_path, monkeypatch):
    run, told, write = made(tmp_path / "r"), [], os.write
    full = True

    def written(handle, data):
        if full:
            write(handle, bytes(data)[: len(data) // 2])
            raise OSError(28, "No space left on device")
        return write(handle, data)

    class Room(Callback):
        def epoch(self, session, epoch):
            nonlocal full
            full = epoch.number < 3

    class Begin(Callback):
        def start(self, session):
            monkeypatch.setattr(os, "write", written)

    trained(run, Room(), Begin(), tell=told.append)
    monkeypatch.undo()
    assert told == [
        f"cannot write to {run.path}: No space left on device; training goes on without"
    ]
    whole = made(tmp_path / "whole")
    trained(whole)
    assert outcome(run.path) == outcome(whole.path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_twenty_kills_lose_nothing():
    kills = kill_often(20, seed=3)
    assert sum(kills.values()) >= 20


# --- the command ----------------------------------------------------------------------------


def test_resume_needs_nothing_else(nnc, tmp_path, monkeypatch):
    assert begin(nnc, "--validation", 0.2, "--lr", 0.03, "-o", "p.npz").exit_code == 0
    first = (tmp_path / "p.npz").read_bytes()
    (tmp_path / "p.npz").unlink()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    done = nnc("train", "--resume", "../r")
    assert done.exit_code == 0, done.output
    assert "../r is at its end, after epoch 4; --epochs takes it further" in done.stdout
    assert np.load(tmp_path / "p.npz")["dense1.W"].tobytes() in first
    done = nnc("train", "--resume", "../r", "--epochs", 6)
    assert [line.split()[0] for line in done.stdout.splitlines() if "train" in line][:2] == [
        "5",
        "6",
    ]


def test_the_run_has_all_that_is_promised(nnc, tmp_path):
    done = begin(nnc, "--validation", 0.2)
    assert "run kept in r" in done.stdout
    names = {path.name.partition("-")[0] for path in (tmp_path / "r").iterdir()}
    assert names - {"__pycache__"} == {
        "model.nn", "model.py", "run.json", "log.jsonl", "best.safetensors", "best.json", "checkpoint"
    }  # fmt: skip
    run = open_run("r")
    assert run.spec_text == TEXT
    assert run.options["validation"] == 0.2
    events = run.log()
    assert [event["event"] for event in events] == ["start", *["epoch"] * 4, "end"]
    assert events[1].keys() == {
        "event", "epoch", "step", "mean_loss", "loss", "metrics", "validation", "seconds", "lr", "best"
    }  # fmt: skip
    assert events[-1]["reason"] == "done"


def test_a_changed_data_file_is_refused_by_name(nnc, tmp_path):
    begin(nnc)
    np.savez("data.npz", x=np.zeros((9, 4)), y=np.zeros(9, int))
    done = nnc("train", "--resume", "r")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert f"error: {tmp_path / 'data.npz'} was changed since the run began" in done.stderr
    (tmp_path / "data.npz").unlink()
    assert "data.npz is missing" in nnc("train", "--resume", "r").stderr


@pytest.mark.parametrize(("name", "said"), [("model.nn", "line 1 is"), ("model.py", "was changed")])
def test_a_changed_spec_or_module_is_refused(nnc, tmp_path, name, said):
    begin(nnc)
    path = tmp_path / "r" / name
    path.write_text(path.read_text().replace("dense 8", "dense 9"))
    done = nnc("train", "--resume", "r")
    assert done.exit_code == 1
    assert said in done.stderr
    assert name in done.stderr


def test_a_run_is_not_overwritten_unless_told(nnc, tmp_path):
    begin(nnc, epochs=2)
    before = {path.name: path.read_bytes() for path in (tmp_path / "r").glob("*.*")}
    done = begin(nnc, epochs=1)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: r has a run already: `nnc train --resume r` goes on")
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "r").glob("*.*")}
    assert begin(nnc, "--overwrite", epochs=1).exit_code == 0
    assert len([e for e in open_run("r").log() if e["event"] == "epoch"]) == 1


def test_a_folder_of_other_things_is_no_place_for_a_run(nnc, tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "thesis.tex").write_text("dear")
    for words in ([], ["--overwrite"]):
        done = begin(nnc, *words)
        assert done.exit_code == 1
        assert "r has other files in it, such as thesis.tex" in done.stderr
    assert [path.name for path in (tmp_path / "r").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("nowhere", None, "there is no run r: no such folder"),
        ("other", "x", "r is no run: it has no run.json"),
        ("run.json", "{", "run.json is damaged"),
        ("run.json", "[]", "run.json is damaged"),
        ("run.json", '{"format": 99}', "run.json is damaged, or of another version"),
    ],
)
def test_what_is_no_run_is_told_in_a_line(nnc, tmp_path, name, text, said):
    if text is not None:
        (tmp_path / "r").mkdir()
        (tmp_path / "r" / name).write_text(text)
    done = nnc("train", "--resume", "r")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert said in done.stderr


def test_two_processes_do_not_train_in_one_folder(nnc):
    begin(nnc)
    with locked(Path("r")):
        done = nnc("train", "--resume", "r")
    assert done.exit_code == 1
    assert "another process is training in r" in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_the_run_goes_on(nnc, tmp_path, monkeypatch, number, code):
    from nnc.runtime.session import Session

    whole, steps = Session._look_around, []

    def look_around(session):
        steps.append(session.position.step)
        if len(steps) == 5:
            os.kill(os.getpid(), number)
        whole(session)

    monkeypatch.setattr(Session, "_look_around", look_around)
    done = begin(nnc, "-o", "p.npz")
    monkeypatch.undo()
    assert done.exit_code == code
    assert "interrupted in epoch 2; the weights so far are kept" in done.stderr
    assert "`nnc train --resume r` goes on from here" in done.stderr
    assert steps[-1] == 5
    assert (tmp_path / "p.npz").exists()
    assert open_run(tmp_path / "r").log()[-1]["reason"] == "interrupted"
    monkeypatch.chdir(tmp_path)
    assert nnc("train", "--resume", "r").exit_code == 0
    assert (
        nnc("train", "-c", TEXT, "--data", "data.npz", "--epochs", 4, "--run", "whole").exit_code
        == 0
    )
    runs = [open_run(tmp_path / name) for name in ("r", "whole")]
    one, other = (newest_checkpoint(run.path, run.module, print) for run in runs)
    assert all(np.array_equal(one.tensors[n], other.tensors[n]) for n in other.tensors)


def test_a_second_signal_interrupts_at_once(nnc, monkeypatch):
    from nnc.runtime.session import Session

    def batches(session, order):
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("training went on")

    monkeypatch.setattr(Session, "batches", batches)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
    try:
        done = begin(nnc)
        assert done.exit_code == 130
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_divergence_keeps_the_last_good_checkpoint(nnc, tmp_path):
    spec = "input 4 -> dense 3; loss mse; optimizer sgd lr=1e30"
    np.savez("numbers.npz", x=np.ones((64, 4)) * np.arange(64)[:, None], y=np.ones((64, 3)))
    done = nnc("train", "-c", spec, "--data", "numbers.npz", "--epochs", 5, "--run", "d")
    assert done.exit_code == 1
    assert "In step " in done.stderr
    assert "the last finite loss was" in done.stderr
    run = open_run("d")
    assert run.log()[-1]["reason"] == "diverged"
    assert all(np.isfinite(array).all() for array in run.params().values())


def test_forked_children_are_told_apart():
    assert forked(lambda: None)
    assert not forked(lambda: os.kill(os.getpid(), signal.SIGKILL))
