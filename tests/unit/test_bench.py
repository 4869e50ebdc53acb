"""`nnc bench`: measured parts add up, and measuring changes nothing. No test depends on a time."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.driver import check
from nnc.report.sampled import Array, default_sizes, sampled_inputs, sampled_targets
from nnc.report.timed import MARK, timed_module
from nnc.runtime.bench import Clock, peak_bytes, sample, time_steps
from nnc.runtime.module import import_module
from nnc.source import Source

from ..generated import EXAMPLES

DIGITS = (
    "input 64 -> dense 32 relu -> dropout 0.2 -> dense 10 softmax\n"
    "loss crossentropy; optimizer adam lr=1e-3"
)


@pytest.fixture
def nnc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *words: runner.invoke(app, list(map(str, words)), catch_exceptions=False)


def typed(spec):
    graph = check(Source("model.nn", spec)).graph
    assert graph is not None
    return graph


def measured(nnc, *words):
    done = nnc("bench", *words, "--seconds", 0.001, "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.nn")), ids=lambda path: path.stem)
def test_examples(nnc, example):
    graph = typed(example.read_text("utf-8"))
    free = dict.fromkeys(default_sizes(graph), 8)
    sizes = [word for name, size in free.items() for word in ("--size", f"{name}={size}")]
    found = measured(nnc, example, "--batch", 2, *sizes)
    names = [layer["layer"] for layer in found["layers"]]
    assert set(names) >= {n.name for n in graph.graph.layers if graph.params and n.kind == "dense"}
    assert set(names) >= {loss.name for loss in graph.graph.losses}
    assert found["sizes"] == free


def test_sizes_that_a_model_does_not_take(nnc):
    """A table of positions ends somewhere; the default goes no further."""
    example = EXAMPLES / "memory_network.nn"
    assert measured(nnc, example, "--batch", 2)["sizes"] == {"L": 8}
    done = nnc("bench", example, "--size", "L=9")
    assert done.exit_code == 2
    assert done.stderr == "error: --size takes a whole number of at most 8, not '9'\n"


def test_everything_adds_up(nnc):
    found = measured(nnc, "-c", DIGITS)
    assert [layer["layer"] for layer in found["layers"]] == [
        "dense1",
        "dropout1",
        "dense2",
        "crossentropy",
    ]
    each = sum(layer["forward"] + layer["backward"] for layer in found["layers"])
    whole = each + found["optimizer_seconds"] + found["rest_seconds"]
    shares = sum(layer["share"] for layer in found["layers"])
    assert shares == pytest.approx(each / whole)
    assert 0 < shares < 1
    step = found["training"]
    assert step["steps_per_second"] == pytest.approx(1 / step["median"])
    assert step["rows_per_second"] == pytest.approx(32 / step["median"])
    assert step["low"] <= step["median"] <= step["high"]
    assert step["steps"] >= 10
    assert found["peak_bytes"] > 4 * (64 * 32 + 32 * 10)
    assert found["machine"]["numpy"] == np.__version__


def test_the_large_layer_takes_the_time(nnc):
    spec = "input 600 -> dense 1500 relu -> dense 2 -> dense 2; loss mse; optimizer sgd lr=0.1"
    shares = {n["layer"]: n["share"] for n in measured(nnc, "-c", spec, "--batch", 64)["layers"]}
    assert shares["dense1"] > 3 * shares["dense2"] > 0


def test_equal_layers_of_one_stage_are_told_apart(nnc):
    spec = "input 8 -> (dense 8 relu) * 3 -> dense 1; loss mse; optimizer sgd lr=0.1"
    found = measured(nnc, "-c", spec)
    assert [n["layer"] for n in found["layers"]] == ["dense1", "dense2", "dense3", "dense4", "mse"]


def test_a_model_without_a_loss_only_predicts(nnc):
    found = measured(nnc, "-c", "input 4 -> dense 2")
    assert found["training"] is None
    assert found["layers"] == []
    assert found["prediction"]["rows_per_second"] > 0
    done = nnc("bench", "-c", "input 4 -> dense 2", "--seconds", 0.001)
    assert "training step" not in done.output


def test_the_table(nnc):
    done = nnc("bench", "-c", DIGITS, "--seconds", 0.001)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[0].startswith("batch of 32; NumPy ")
    assert " thread" in lines[0] or "_THREADS=" in lines[0]
    heads = [line.split()[0] for line in lines if line]
    assert heads[1:-2] == [
        "training",
        "prediction",
        "layer",
        "dense1",
        "dropout1",
        "dense2",
        "crossentropy",
        "optimizer",
        "checks",
    ]
    assert lines[-1].startswith("memory: ")


def test_many_layers_are_a_few_lines(nnc):
    stages = "".join(f" -> dense {8 + i} relu" for i in range(60))
    spec = f"input 8{stages} -> dense 1; loss mse; optimizer sgd lr=0.1"
    lines = nnc("bench", "-c", spec, "--seconds", 0.001).output.splitlines()
    assert sum(line.startswith("dense") for line in lines) <= 40
    assert any(" other layers " in line for line in lines)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--size", "S=4"), "leaves no size 'S' open; open are: none"),
        (("--size", "T"), "leaves no size 'T' open"),
        (("--seconds", "0"), "--seconds takes a number"),
        (("--batch", "0"), "--batch takes a whole number"),
        (("--format", "xml"), "--format takes text or json"),
    ],
)
def test_wrong_use(nnc, words, said):
    done = nnc("bench", "-c", DIGITS, *words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_size_is_a_whole_number(nnc):
    done = nnc("bench", "-c", "input Tx4 -> lstm 3; loss mse", "--size", "T=x")
    assert done.exit_code == 2
    assert "--size takes a whole number of at least 1, not 'x'" in done.stderr


# --- the module with marks ----------------------------------------------------------------


def test_marks_change_no_number(tmp_path):
    timed = timed_module(typed(DIGITS), "model.nn")
    lines = [line for line in timed.marked.splitlines() if f"{MARK}(" not in line]
    assert lines == timed.plain.splitlines()
    modules = []
    for name, code in (("plain", timed.plain), ("marked", timed.marked)):
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        modules.append(import_module(tmp_path / f"{name}.py"))
    places = []
    setattr(modules[1], MARK, places.append)
    losses = []
    for module in modules:
        params = module.init_params(0)
        opt = module.init_optimizer(params)
        rng = np.random.default_rng(1)
        x, target = rng.standard_normal((8, 64)), rng.integers(0, 10, 8)
        losses.append([module.train_step(params, x, target, opt, rng=rng) for _ in range(3)])
    assert losses[0] == losses[1]
    assert places.count(0) == 3 * 3  # behind each function the rest goes on
    called = [timed.places[place] for place in places[: len(places) // 3]]
    assert [(p.function, p.layer) for p in called if p.layer] == [
        ("forward", "dense1"),
        ("forward", "dropout1"),
        ("forward", "dense2"),
        ("loss", "crossentropy"),
        ("backward", "crossentropy"),
        ("backward", "dense2"),
        ("backward", "dropout1"),
        ("backward", "dense1"),
    ]


def test_the_clock_adds_up_what_lies_between_marks(monkeypatch):
    now = iter([0, 10, 15, 100, 130, 131, 200])
    monkeypatch.setattr("time.perf_counter_ns", lambda: next(now))
    clock = Clock(3)  # at 0
    clock.mark(1)  # 10 of the rest
    clock.mark(2)  # 5 of the first
    clock.mark(1)  # 85 of the second
    assert clock.around(2, lambda a, b: a + b)(1, b=2) == 3  # 30 more of the first, 1 of the second
    assert clock.spent == [10, 35, 86]
    clock.restart()
    assert clock.spent == [0, 0, 0]


def test_steps_are_counted_after_the_warm_up():
    seen = []
    begun = []
    times = time_steps(lambda: seen.append(1), 1e-9, lambda: begun.append(len(seen)))
    assert times.steps == 10
    assert begun == [len(seen) - 10]


def test_the_peak_is_that_of_the_function():
    before = np.ones(10**6)
    assert 8 * 10**5 <= peak_bytes(lambda: np.ones(10**5).sum()) < before.nbytes


# --- random data --------------------------------------------------------------------------


def test_what_data_look_like():
    graph = typed(
        "input T int ragged as words; input 3 as more\n"
        "words -> embedding 7 4 -> lstm 5 as read\n"
        "[read, more] -> concat -> dense 4 softmax as kind; loss crossentropy on kind\n"
        "more -> dense 1 as size; loss mse on size; output kind, size"
    )
    limits = timed_module(graph, "m.nn").limits
    assert sampled_inputs(graph, limits, {"T": 6}) == [
        Array("words", "int", (6,), 7, True),
        Array("more", "float", (3,), 10),
    ]
    assert sampled_targets(graph, {"T": 6}) == [
        Array("kind", "int", (), 4),
        Array("size", "values", (1,)),
    ]


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        ("int", lambda a: a.dtype.kind == "i" and a.min() >= 0 and a.max() < 4),
        ("float", lambda a: a.min() < 0 < a.max()),
        ("margins", lambda a: set(np.unique(a)) == {-1.0, 1.0}),
        ("probabilities", lambda a: np.allclose(a.sum(axis=-1), 1)),
        ("values", lambda a: a.min() >= 0 and a.max() <= 1),
    ],
)
def test_random_numbers_are_of_their_kind(kind, holds):
    array = sample(kind, (50, 3), 4, np.random.default_rng(0))
    assert array.shape == (50, 3)
    assert holds(array)
