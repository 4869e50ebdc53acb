"""The report: its content for a spec, a run and weights, as one self-contained page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.driver import Options, check, compile_source
from nnc.layers import LAYERS
from nnc.losses import LOSSES
from nnc.report.derivation import derive
from nnc.report.first_layer import FirstLayer, first_layer
from nnc.report.history import read_history
from nnc.report.page import (
    ClassRow,
    ClassTable,
    Contents,
    Example,
    Image,
    Measured,
    page,
)
from nnc.source import Source

from ..generated import EXAMPLES, spec_text
from ..html_pages import check_accessible, check_alone

DIGITS = "input 64 -> dense 12 relu -> dense 10 softmax\nloss crossentropy\noptimizer sgd lr=0.1\n"
HOSTILE = "<img src=x onerror=alert(1)>\"'&</pre><script>alert(2)</script>"


@pytest.fixture
def nnc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *words: runner.invoke(app, list(map(str, words)), catch_exceptions=False)


def typed(spec):
    graph = check(Source("model.nn", spec)).graph
    assert graph is not None
    return graph


def contents(spec, **more):
    return Contents(typed(spec), "model", "model.nn", spec, 32, **more)


def written(spec, **more):
    text = page(contents(spec, **more))
    found = check_alone(text)
    check_accessible(found)
    return text, found


# --- a spec alone -------------------------------------------------------------------------


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.nn")), ids=lambda path: path.stem)
def test_examples(nnc, example):
    done = nnc("report", example, "-o", "r.html")
    assert (done.exit_code, done.output) == (0, "")
    found = check_alone(Path("r.html").read_text("utf-8"))
    check_accessible(found)
    assert len(found.named("math")) > 5


def test_what_a_spec_shows():
    text, found = written(DIGITS)
    assert found.named("title")
    assert "Network Layers Derivation" in found.text
    assert "dense1 dense 12 relu 12 780 1,560" in found.text
    assert "d_dense1_W = x.T @ d_dense1_z" in found.text
    assert "Written by nnc" in found.text
    for absent in ("Training", "Evaluation", "Weights of"):
        assert absent not in found.text
    assert page(contents(DIGITS)) == text


def test_light_and_dark():
    text, _ = written(DIGITS)
    assert text.count("prefers-color-scheme: dark") >= 2
    assert "color-scheme: light dark" in text
    assert "default-src 'none'" in text


def test_sizes_known_at_run_time_are_polynomials():
    _, found = written("input Tx4 -> attention 2 -> dense 2; loss mse")
    assert re.search(r"\d+ T² \+ \d+ T", found.text)
    assert "*T" not in found.text.partition("Derivation")[0].partition("Layers")[2]


# --- the derivation -----------------------------------------------------------------------


def test_lines_are_those_of_the_module():
    spec = spec_text("transformer")
    module = compile_source(Source("model.nn", spec), Options(level=0)).code
    flat = re.sub(r"\n {4}", "\n", module)
    found = derive(typed(spec), "model.nn")
    steps = [s for part in (*found.layers, *found.losses) for s in (*part.forward, *part.backward)]
    assert len(steps) > 50
    for step in steps:
        assert step.code in flat


@pytest.mark.parametrize("kind", [*LAYERS.values(), *LOSSES.values()], ids=lambda kind: kind.name)
def test_every_kind_is_derived(kind):
    graph = typed(kind.example)
    found = derive(graph, "model.nn")
    named = {part.name for part in found.layers}
    assert named >= {n.name for n in graph.graph.layers if n.kind not in ("input", "id")}
    assert {part.name for part in found.losses} == {loss.name for loss in graph.graph.losses}


def test_a_layer_has_its_own_steps():
    found = derive(typed(DIGITS), "model.nn")
    (first, second), (loss,) = found.layers, found.losses
    assert [step.formula for step in first.forward] == ["z = x W + b", "a = max(z, 0)"]
    assert [step.shape for step in first.backward] == ["(B, 12)", "(12,)", "(64, 12)"]
    assert second.backward[-1].code == 'd_dense1 = d_dense2_z @ params["dense2.W"].T'
    assert loss.backward[0].formula == "dz = (softmax(z) − t) / B"
    assert found.optimizer == "sgd"
    assert found.update[0] == "g ← g + λp"
    assert derive(typed("input 4 -> dense 1; loss mse"), "m.nn").update == ("p ← p − lr·g",)


def test_of_repeated_layers_the_first_stands_for_all():
    found = derive(typed("input 8 -> (dense 8 relu) * 20 -> dense 1; loss mse"), "model.nn")
    assert [(part.name, part.last, part.copies) for part in found.layers] == [
        ("dense1", "dense20", 20),
        ("dense21", "", 1),
    ]


# --- logs ---------------------------------------------------------------------------------


def event(number, **more):
    scores = {"loss": 1.0 / number, "metrics": {"accuracy": number / 10}}
    return {"event": "epoch", "epoch": number, **scores, "seconds": 0.5, "lr": 0.1, **more}


def log(*events):
    return "".join(json.dumps(e) + "\n" for e in events)


def test_a_history_has_every_epoch_once():
    text = log(
        {"event": "start", "epochs": 3},
        event(1, validation={"loss": 2.0, "metrics": {"accuracy": 0.5}}),
        event(2, best=True),
        {"event": "end", "reason": "interrupted"},
        {"event": "resume"},
        event(2, best=True, loss=7.0),
        event(3, loss=None),
        {"event": "end", "reason": "done"},
    )
    history = read_history(text)
    assert history.scores() == ["loss", "accuracy"]
    assert history.series("train", "loss") == [(1.0, 1.0), (2.0, 7.0)]
    assert history.series("validation", "accuracy") == [(1.0, 0.5)]
    assert history.series("test", "loss") == []
    assert (history.best.epoch, history.ended) == (2, "done")
    assert (
        read_history(log({"event": "end", "reason": "interrupted"}, {"event": "resume"})).ended
        == ""
    )


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "epo',
        "[1]",
        '{"event": "epoch"}',
        '{"event": "epoch", "epoch": "1"}',
        "\udc80",
        "[" * 9999,
    ],
)
def test_damaged_lines_are_passed_over(line):
    history = read_history(log(event(1)) + line + "\n" + log(event(2)))
    assert [entry.epoch for entry in history.entries] == [1, 2]


def test_numbers_that_are_none_are_gaps():
    history = read_history(log(event(1, loss="x", metrics=[1]), event(2, loss=True, lr="y")))
    assert history.series("train", "loss") == history.series("train", "accuracy")[:0]


def test_curves_of_a_history():
    history = read_history(log(event(1), event(2, test={"loss": 0.4, "metrics": {}}), event(3)))
    _, found = written(DIGITS, history=history)
    assert "loss: training from 1 to 0.333; test from 0.4 to 0.4" in found.text
    assert "accuracy: training from 10 % to 30 %" in found.text
    assert "epochs 3 time 1.5 s" in found.text


# --- weights ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "flat", "wanted"),
    [
        (DIGITS, True, FirstLayer("dense1", "dense1.W", (1, 8, 8), False)),
        (DIGITS, False, None),
        (
            "input 3x9x9 -> normalize mean=[0.5, 0.5, 0.5] std=1 -> conv 4 3x3 relu -> flatten -> dense 2; loss mse",
            False,
            FirstLayer("conv1", "conv1.W", (3, 3, 3), True),
        ),
        (
            "input 1x6x6 -> flatten -> dense 2; loss mse",
            False,
            FirstLayer("dense1", "dense1.W", (1, 6, 6), False),
        ),
        ("input 5x6x6 -> flatten -> dense 2; loss mse", True, None),
        ("input 1x6x6 -> flatten -> relu -> dense 2; loss mse", True, None),
        ("input 1x6x6 -> scale 2 relu -> flatten -> dense 2; loss mse", True, None),
        ("input 60 -> dense 2; loss mse", True, None),
        ("input Tx36 -> dense 2; loss mse", True, None),
    ],
)
def test_the_layer_that_looks_at_an_image(spec, flat, wanted):
    assert first_layer(typed(spec), flat=flat) == wanted


# --- runs, and weights on data ------------------------------------------------------------


@pytest.fixture
def run(nnc):
    """A run of two epochs on digits, a part held out."""
    Path("digits.nn").write_text(DIGITS)
    words = ("--data", "digits", "--test-fraction", 0.2, "--epochs", 2, "--run", "runs/digits")
    assert nnc("train", "digits.nn", *words).exit_code == 0
    return "runs/digits"


def reported(done, path="r.html"):
    assert (done.exit_code, done.output) == (0, "")
    found = check_alone(Path(path).read_text("utf-8"))
    check_accessible(found)
    return found


def test_a_run_shows_its_training_and_its_test_data(nnc, run):
    found = reported(nnc("report", run, "-o", "r.html"))
    assert "Network Layers Training Evaluation Weights Derivation" in found.text
    assert "Evaluation on digits, test data" in found.text
    images = found.named("img")
    assert [i["alt"] for i in images if i["alt"].startswith("unit ")] == [
        f"unit {n}" for n in range(12)
    ]
    assert len([i for i in images if i["alt"].startswith("row ")]) == 12
    told = json.loads(Path(run, "log.jsonl").read_text().splitlines()[-2])
    assert f"{100 * told['test']['metrics']['accuracy']:.2f} %" in found.text


def test_a_run_on_other_data(nnc, run):
    found = reported(nnc("report", run, "--data", "digits", "-o", "r.html"))
    assert "Evaluation on digits, data" in found.text


def test_a_spec_with_weights_and_data(nnc, run):
    nnc("train", "digits.nn", "--data", "digits", "--epochs", 1, "-o", "w.npz")
    words = ("--params", "w.npz", "--data", "digits")
    found = reported(nnc("report", "digits.nn", *words, "-o", "r.html"))
    assert "Network Layers Evaluation Weights Derivation" in found.text


def test_a_run_whose_data_are_gone_shows_the_rest(nnc):
    Path("m.nn").write_text("input 1 -> dense 1\nloss mse\n")
    Path("a.csv").write_text("x,y\n" + "".join(f"{i},{2 * i}\n" for i in range(9)))
    nnc("train", "m.nn", "--data", "a.csv", "--epochs", 1, "--lr", 0.001, "--run", "r")
    Path("a.csv").unlink()
    done = nnc("report", "r", "-o", "r.html")
    assert done.exit_code == 0
    assert done.stderr.startswith("warning: the network is not measured: ")
    found = check_alone(Path("r.html").read_text("utf-8"))
    assert "Not measured: " in found.text
    assert "Training" in found.text


def test_numbers_are_measured_too(nnc):
    Path("m.nn").write_text("input 2 -> dense 2\nloss mse\n")
    rows = "".join(f"{i},{-i},{2 * i},{i}\n" for i in range(9))
    Path("a.csv").write_text("a,b,c,d\n" + rows)
    words = ("--target", "c,d", "--epochs", 1, "--lr", 0.001, "--run", "r")
    assert nnc("train", "m.nn", "--data", "a.csv", *words).exit_code == 0
    found = reported(nnc("report", "r", "-o", "r.html"))
    assert "16, 8 said " in found.text
    assert "row 8, loss " in found.text
    assert not found.named("img")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("m.nn", "--data", "digits"), "--params and --data are given together"),
        (("m.nn", "--params", "w.npz"), "--params and --data are given together"),
        (("there-is-none.nn",), "cannot read"),
        ((".",), "is no run: it has no run.json"),
        (("m.nn", "-o", "m.nn"), "is a spec that is being read"),
    ],
)
def test_wrong_use(nnc, words, said):
    Path("m.nn").write_text(DIGITS)
    done = nnc("report", *words)
    assert done.exit_code in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_a_run_is_not_written_into(nnc, run):
    done = nnc("report", run, "-o", f"{run}/report.html")
    assert done.exit_code == 2
    assert "name a file outside of it" in done.stderr


# --- hostile names ------------------------------------------------------------------------


def test_names_are_text_and_never_markup():
    image = Image("data:image/png;base64,AA==", 8, 8, HOSTILE)
    rows = [ClassRow(HOSTILE, "1", "1", "1", 3, [3, 0]), ClassRow("b", "1", "1", "1", 0, [0, 0])]
    measured = Measured(
        HOSTILE,
        3,
        [(HOSTILE, HOSTILE)],
        [ClassTable(HOSTILE, rows, HOSTILE), ClassTable("other", rows)],
        [Example(1, HOSTILE, HOSTILE, HOSTILE, image), Example(1, "", "", "", None, HOSTILE)],
    )
    spec = f"input 4 -> dense 2; loss mse # {HOSTILE}"
    history = read_history(
        log(event(1, metrics={HOSTILE: 0.5}), {"event": "end", "reason": HOSTILE})
    )
    more = {"measured": measured, "history": history, "notes": [HOSTILE]}
    found = check_alone(page(Contents(typed(spec), HOSTILE, HOSTILE, spec, 32, **more)))
    check_accessible(found)
    assert found.text.count("alert(1)") >= 15


def test_hostile_names_of_files_and_classes(nnc):
    name = HOSTILE.replace("/", ":")
    Path(f"{name}.nn").write_text(
        f"input 1 -> dense 2 softmax # {HOSTILE}\nloss crossentropy\noptimizer sgd lr=0.01\n"
    )
    rows = "".join(f'{i},"{"<b>no</b>" if i % 2 else "<script>yes"}"\n' for i in range(20))
    Path(f"{name}.csv").write_text("x,y\n" + rows)
    pytest.importorskip("polars", reason="polars is missing: pip install 'nnc[tables]'")
    done = nnc("train", f"{name}.nn", "--data", f"{name}.csv", "--epochs", 1, "--run", name)
    assert done.exit_code == 0, done.output
    found = reported(nnc("report", name, "-o", "r.html"))
    assert "<b>no</b>" in found.text
    assert "<script>yes" in found.text
