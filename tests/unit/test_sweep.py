"""`nnc sweep`: results, what goes wrong in a point, going on, and the run that is kept."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import nnc
import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli import sweep_task
from nnc.cli.commands import app
from nnc.runtime.cores import THREADS
from nnc.runtime.run import open_run
from nnc.sweeps.outcome import Outcome
from nnc.sweeps.points import Task
from nnc.sweeps.ranking import Row, ranked
from nnc.sweeps.workers import Workers

SPEC = """let width = 4
input 2 -> dense width tanh -> dense 2 softmax
loss crossentropy
optimizer sgd lr=0.5
train batch=50 epochs=2
metric accuracy
"""
GRID = ("--grid", "lr=0.1,1,1e30", "--grid", "width=3,8,-1")


def call(*words):
    return CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)


def sweep(*words):
    return call("sweep", "model.nn", "--data", "moons", "--run", "out", *words)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("model.nn").write_text(SPEC)
    return tmp_path


@pytest.fixture
def inside(monkeypatch):
    """Train in this process, which is quicker; the list of what was trained."""
    trained = []

    def outcomes(self, tasks):
        for task in tasks:
            trained.append(task.name)
            yield task, sweep_task.run_task(task)

    monkeypatch.setattr(Workers, "outcomes", outcomes)
    monkeypatch.setattr(sweep_task, "polish", lambda path: None)  # takes longer than training
    return trained


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """The folder of one sweep by two processes, and what was printed."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "model.nn").write_text(SPEC)
    words = ("sweep", folder / "model.nn", "--data", "moons", "--run", folder / "out")
    return folder, call(*words, *GRID, "--jobs", 2)


def table(path):
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


class TestResults:
    def test_the_best_point_comes_first_and_failures_last(self, swept):
        folder, done = swept
        assert done.exit_code == 0, done.output
        rows = table(folder / "out" / "results.csv")
        assert len(rows) == 9
        finished, other = rows[:4], rows[4:]
        losses = [float(row["validation loss"]) for row in finished]
        assert losses == sorted(losses)
        assert all(row["fault"] == "" for row in finished)
        assert {row["width"] for row in other if "NN111" in row["fault"]} == {"-1"}
        assert sum(row["fault"].startswith("diverged: ") for row in other) == 2
        assert f"the best run is {folder / 'out' / 'best'}" in done.stdout
        assert "9/9" in done.stdout

    def test_a_point_is_what_train_gives(self, swept, here):
        folder, _ = swept
        best = json.loads((folder / "out" / "results.json").read_bytes())["points"][0]
        lr, width = best["settings"]["lr"], best["settings"]["width"]
        Path("model.nn").write_text(SPEC.replace("lr=0.5", f"lr={lr}").replace("= 4", f"= {width}"))
        call("train", "model.nn", "--data", "moons", "--validation", 0.2, "--run", "alone")
        ours, theirs = open_run(folder / "out" / "best"), open_run("alone")
        assert ours.spec_text == theirs.spec_text
        assert ours.module.__file__ != theirs.module.__file__
        model, other = (Path(run.path) / "model.py" for run in (ours, theirs))
        assert model.read_text() == other.read_text().replace("alone", "out")
        for name, array in theirs.params().items():
            np.testing.assert_allclose(ours.params()[name], array, rtol=1e-5, atol=1e-7)
        known = best["trainings"][0]["scores"]["validation"]["loss"]
        epochs = [event for event in theirs.log() if event["event"] == "epoch"]
        kept = min(epoch["validation"]["loss"] for epoch in epochs)
        assert known == pytest.approx(kept, rel=1e-5)

    def test_the_best_run_is_like_any_other(self, swept, tmp_path):
        folder, _ = swept
        best = folder / "out" / "best"
        done = call("eval", best, "--data", "moons")
        assert done.exit_code == 0, done.output
        done = call("train", "--resume", best, "--epochs", 3)
        assert done.exit_code == 0, done.output
        assert [e["epoch"] for e in open_run(best).log() if e["event"] == "epoch"] == [1, 2, 3]
        assert not (folder / "out" / "runs").exists()

    def test_the_chart_has_a_mark_for_every_training(self, swept):
        folder, _ = swept
        text = (folder / "out" / "results.svg").read_text("utf-8")
        root = ElementTree.fromstring(text)
        circles = [e for e in root.iter() if e.tag.endswith("circle")]
        crosses = [e for e in root.iter() if e.get("stroke") == "#c53030"]
        assert (len(circles), len(crosses)) == (2 * 4, 2 * 5)
        assert "validation loss of 9 points; the best is lr=1, width=" in text


class TestGoingOn:
    def test_only_what_is_missing_is_trained(self, here, inside):
        sweep("--grid", "lr=0.1,1")
        assert inside == ["lr=0.1", "lr=1"]
        (here / "out" / "points" / "lr=1.json").write_text("{damaged")
        done = sweep("--grid", "lr=0.1,1,2")
        assert inside == ["lr=0.1", "lr=1", "lr=1", "lr=2"]
        assert "1 trainings were there already" in done.stdout
        assert sweep("--grid", "lr=0.1,1,2").exit_code == 0
        assert len(inside) == 4
        assert open_run("out/best").params()

    def test_a_result_of_another_training_does_not_count(self, here, inside):
        sweep("--grid", "lr=1")
        path = here / "out" / "points" / "lr=1.json"
        path.write_text(path.read_text().replace('"key": "', '"key": "0'))
        sweep("--grid", "lr=1")
        assert inside == ["lr=1", "lr=1"]

    def test_what_failed_is_tried_again_what_diverged_is_not(self, here, inside):
        sweep("--grid", "lr=1,1e30,-1")
        assert len(inside) == 3
        sweep("--grid", "lr=1,1e30,-1")
        assert inside[3:] == ["lr=-1"]

    def test_a_removed_best_run_is_trained_again(self, here, inside):
        import shutil

        sweep("--grid", "lr=0.1,1")
        shutil.rmtree("out/best")
        assert sweep("--grid", "lr=0.1,1").exit_code == 0
        assert len(inside) == 2
        assert open_run("out/best").params()

    def test_a_changed_spec_is_refused(self, here, inside):
        sweep("--grid", "lr=1")
        Path("model.nn").write_text(SPEC.replace("tanh", "relu"))
        done = sweep("--grid", "lr=1")
        assert done.exit_code == 1
        assert "out has a sweep whose spec differs: line 2 is `input 2" in done.stderr
        assert sweep("--grid", "lr=1", "--overwrite").exit_code == 0
        assert len(inside) == 2

    def test_changed_data_and_options_are_refused(self, here, inside):
        rows = "a,b,kind\n" + "".join(f"{i % 7}.5,{i % 3}.5,{i % 2}\n" for i in range(60))
        Path("d.csv").write_text(rows)
        words = ("sweep", "model.nn", "--data", "d.csv", "--run", "out", "--grid", "lr=1")
        assert call(*words).exit_code == 0
        assert (
            "option --epochs differs: it was not given, now it is 5"
            in call(*words, "--epochs", 5).stderr
        )
        Path("d.csv").write_text(rows + "1.5,1.5,1\n")
        assert "data differ: d.csv is not what it was" in call(*words).stderr
        assert len(inside) == 1

    def test_a_strange_folder_is_refused(self, here, inside):
        Path("out").mkdir()
        Path("out/letter.txt").write_text("dear")
        done = sweep("--grid", "lr=1", "--overwrite")
        assert (done.exit_code, inside) == (1, [])
        assert "out has other files in it, such as letter.txt" in done.stderr
        assert Path("out/letter.txt").exists()

    def test_two_sweeps_of_one_folder(self, here, inside):
        from nnc.sweeps.folder import Folder

        with Folder(Path("out")).lock():
            done = sweep("--grid", "lr=1")
        assert "another sweep is at work in out" in done.stderr

    def test_ctrl_c_keeps_what_is_done(self, here):
        words = ("sweep", "model.nn", "--data", "moons", "--run", "out", "--jobs", "1")
        words = (*words, "--grid", "lr=0.1,0.2", "--grid", "epochs=1,100000000")
        process = subprocess.Popen(
            [sys.executable, "-m", "nnc", *words], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline().startswith("1/4  lr=0.1 epochs=1 ")
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
        assert [path.name for path in Path("out/points").iterdir()] == ["lr=0.1,epochs=1.json"]


class TestSeeds:
    def test_several_begin_with_the_spec_s(self, here, inside):
        Path("model.nn").write_text(SPEC.replace("train ", "train seed=5 "))
        sweep("--grid", "lr=1", "--seeds", 2)
        assert inside == ["lr=1,seed=5", "lr=1,seed=6"]
        assert " ± " in sweep("--grid", "lr=1", "--seeds", 2).stdout
        assert "validation loss sd" in Path("out/results.csv").read_text()


class TestFaults:
    def test_no_point_finishes(self, here, inside):
        done = sweep("--grid", "width=-1,-2")
        assert done.exit_code == 1
        assert "no point has finished; out/results.csv says why" in done.stderr

    def test_an_argument_that_one_kind_lacks(self, here, inside):
        sweep("--grid", "optimizer=sgd lr=0.1,adam", "--grid", "momentum=0,0.9")
        rows = table(Path("out/results.csv"))
        assert [row["optimizer"] for row in rows[2:]] == ["adam", "adam"]
        assert "no let or argument 'momentum'" in rows[2]["fault"]

    def test_an_unknown_score(self, here, inside):
        done = sweep("--grid", "lr=1", "--by", "acuracy")
        assert done.exit_code == 1
        assert done.stderr == (
            "error: there is no validation 'acuracy'; there are loss, accuracy; "
            "did you mean accuracy?\n"
        )

    def test_data_that_do_not_fit(self, here, inside):
        Path("model.nn").write_text(SPEC.replace("input 2", "input 3"))
        sweep("--grid", "lr=1")
        assert "moons" in table(Path("out/results.csv"))[0]["fault"]

    def test_a_spec_with_errors_is_told_before(self, here, inside):
        Path("model.nn").write_text(SPEC.replace("tanh", "tnah"))
        done = sweep("--grid", "lr=1")
        assert (done.exit_code, inside) == (1, [])
        assert "did you mean" in done.stderr

    def test_no_loss(self, here, inside):
        Path("model.nn").write_text("input 2 -> dense 3")
        assert "model.nn has no loss to train towards" in sweep("--grid", "lr=1").stderr


FAKE = """
import json, os, signal, sys
for line in sys.stdin:
    task = json.loads(line)
    if task["settings"]["n"] == "2":
        os.kill(os.getpid(), signal.SIGKILL)
    if task["settings"]["n"] == "3":
        sys.exit(5)
    threads = [os.environ[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")]
    found = dict(key="k", settings=task["settings"], seed=None, ending="done")
    print(json.dumps({**found, "message": " ".join([str(os.getpid()), *threads])}), flush=True)
"""


class TestProcesses:
    @pytest.fixture
    def found(self, tmp_path, monkeypatch):
        (tmp_path / "fake_worker.py").write_text(FAKE)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        for name in THREADS:
            monkeypatch.setenv(name, "7")
        tasks = [Task({"n": str(n)}, None, "", "", "", {}, {}) for n in range(6)]
        outcomes = Workers("fake_worker", 2).outcomes(tasks)
        return {task.settings["n"]: outcome for task, outcome in outcomes}

    def test_one_that_dies_takes_only_its_task_with_it(self, found):
        assert [found[str(n)].ending for n in range(6)] == [
            *("done", "done", "failed", "failed", "done", "done")
        ]
        assert "may be short of memory" in found["2"].message
        assert found["3"].message == "its process ended with code 5"

    def test_threads_are_limited(self, found):
        from nnc.runtime.cores import cores

        share = str(max(1, cores() // 2))
        assert {tuple(found[n].message.split()[1:]) for n in "0145"} == {(share, share)}
        assert len({found[n].message.split()[0] for n in "0145"}) <= 4

    def test_none_is_left(self, found):
        for n in "0145":
            with pytest.raises(ProcessLookupError):
                os.kill(int(found[n].message.split()[0]), 0)


class TestRanking:
    def outcome(self, value, loss=0.0, seed=0, n="1", ending="done"):
        scores = {"validation": {"loss": loss, "accuracy": value}}
        return Outcome("k", {"n": n}, seed, ending, scores=scores)

    def test_accuracy_is_best_where_it_is_highest(self):
        rows = ranked([self.outcome(0.5, n="1"), self.outcome(0.9, n="2")], "accuracy")
        assert [row.settings["n"] for row in rows] == ["2", "1"]

    def test_equal_scores_are_ordered_by_loss(self):
        rows = ranked([self.outcome(0.5, 2.0, n="1"), self.outcome(0.5, 1.0, n="2")], "accuracy")
        assert [row.settings["n"] for row in rows] == ["2", "1"]

    def test_means_over_seeds_and_points_with_a_failed_seed(self):
        bad = self.outcome(None, seed=1, n="1", ending="failed")
        first = [self.outcome(0.99, n="1"), bad]
        second = [self.outcome(0.2, n="2"), self.outcome(0.4, seed=1, n="2")]
        best, other = ranked([*first, *second], "accuracy")
        assert best.settings == {"n": "2"}
        assert best.mean("validation", "accuracy") == pytest.approx(0.3)
        assert best.spread("validation", "accuracy") == pytest.approx(0.1414, rel=1e-3)
        assert best.best("accuracy").seed == 1
        assert other.fault.startswith("1 of 2 seeds: failed")
        assert Row({}, (bad,)).best("accuracy") is None


class TestPython:
    def test_as_the_command_does(self, here, inside):
        told = []
        found = nnc.sweep(
            SPEC,
            "moons",
            {"lr": [0.1, 1], "width": [3]},
            "out",
            seeds=2,
            epochs=1,
            progress=told.append,
        )
        assert len(told) == len(inside) == 4
        assert found.best["lr"] == "1"
        assert found.best["seeds"] == found.best["finished"] == 2
        assert str(found).splitlines()[0].split()[:3] == ["lr", "width", "loss"]
        assert open_run(found.best_run).options["seed"] in (0, 1)

    def test_faults(self, here, inside):
        with pytest.raises(ValueError, match="did you mean width"):
            nnc.sweep(SPEC, "moons", {"widht": [1]}, "out")
        with pytest.raises(nnc.CompileError):
            nnc.sweep("input 2 -> dens 3", "moons", {"lr": [1]}, "out")
        with pytest.raises(ValueError, match="no loss"):
            nnc.sweep("input 2 -> dense 3", "moons", {"lr": [1]}, "out")
        assert not Path("out").exists()

    def test_values_as_a_spec_writes_them(self):
        from nnc.api.sweeping import _text

        assert _text([True, (1, 2), 0.5, "adam"]) == "true,[1, 2],0.5,adam"
        assert _text("1..3") == "1..3"
