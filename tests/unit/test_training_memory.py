"""The memory of a training step that `summary` states, against Python's allocator."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.driver import Options, check, compile_source
from nnc.ir.dims import evaluate
from nnc.program import training_memory as memory
from nnc.program.shortened import shortened
from nnc.program.training_memory import training_memory
from nnc.source import Source
from nnc.targets.target import load_target

from ..work import growth

SPECS = {
    "mlp": "input 784 -> dense 300 relu -> dense 200 sigmoid -> dense 10 softmax; loss crossentropy",
    "adam": "input 784 -> dense 256 gelu -> dense 10 softmax; loss crossentropy; optimizer adam",
    "norms": "input 300 -> dense 512 -> layernorm -> elu -> dropout 0.3 -> dense 10; loss huber",
    "lenet": "input 1x28x28 -> conv 6 5x5 relu -> maxpool 2 -> conv 16 5x5 relu -> maxpool 2 -> flatten\n"
    "  -> dense 120 relu -> dense 10 softmax; loss crossentropy",
    "residual": "input 8x16x16 -> conv 16 3x3 pad=same -> batchnorm relu\n"
    "  -> [id, conv 16 3x3 pad=same] -> add -> upsample 2 -> maxpool 3 pad=1 -> flatten\n"
    "  -> dense 4 softmax; loss crossentropy",
    "lstm": "input 40x64 -> lstm 64 bidirectional=true -> dense 3 softmax; loss crossentropy",
    "gru": "input 40x64 -> gru 64 -> dense 3 softmax; loss crossentropy",
    "words": "input T int -> embedding 4000 64 -> rnn 64 -> dense 3 softmax; loss crossentropy",
    "attention": "input 48x64 -> positional -> attention 4 causal=true -> dense 64 gelu(approx=tanh)\n"
    "  -> flatten -> dense 5 softmax; loss crossentropy",
    "pooling": "input 20x32x64 -> weightedpool 2x4 -> flatten -> dense 5 softmax; loss crossentropy",
}
NUMPY = load_target("numpy")

ROWS, STEPS = 64, 40
"""Rows of the batch, and the length of rows that have none."""


def held(spec: str) -> int:
    """Bytes at the worst moment of the first training steps, parameters included."""
    made: dict = {"__name__": "made"}
    code = compile_source(Source("model.nn", spec), Options(format=False)).code
    exec(compile(code, "made", "exec"), made)
    rng = np.random.default_rng(0)
    sizes = [{"B": ROWS, "T": STEPS}.get(n, n) for n in made["INPUTS"]["x"]]
    ids = " int " in spec
    x = rng.integers(0, 4000, sizes) if ids else rng.standard_normal(sizes, dtype=np.float32)
    classes = made["OUTPUTS"]["y"][-1]
    target = rng.integers(0, classes, ROWS)
    if "crossentropy" not in made["LOSSES"].values():
        target = rng.standard_normal((ROWS, classes), dtype=np.float32)
    more = {"state": made["init_state"]()} if made["STATE_SHAPES"] else {}
    more |= {"rng": rng} if "dropout_mask" in made else {}
    first = made["init_params"](0)  # what Python loads at a first call is not the network's
    made["train_step"](first, x, target, made["init_optimizer"](first), 0.01, **more)
    del first
    tracemalloc.start()
    try:
        params = made["init_params"](0)
        opt = made["init_optimizer"](params)
        tracemalloc.reset_peak()
        for _ in range(2):
            made["train_step"](params, x, target, opt, 0.01, **more)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def said(spec: str) -> int:
    memory = training_memory(check(Source("model.nn", spec)).graph, ROWS, NUMPY)
    return evaluate(memory.total, {"T": STEPS})


@pytest.mark.parametrize("name", SPECS)
def test_it_is_true_within_five_percent(name):
    spec = SPECS[name] + "\n"
    assert held(spec) == pytest.approx(said(spec), rel=0.05)


def test_no_loss_no_training():
    assert (
        training_memory(check(Source("model.nn", "input 3 -> dense 2\n")).graph, 4, NUMPY) is None
    )


def nnc(*words) -> str:
    return CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False).stdout


def test_the_command_says_it(tmp_path):
    path = tmp_path / "net.nn"
    path.write_text("input 100 -> dense 50 relu -> dense 2; loss mse; train batch=8\n", "utf-8")
    found = json.loads(nnc("summary", "--format", "json", path))
    parts = found["training_bytes"]
    assert found["batch"] == 8
    assert parts["parameters"] == parts["gradients"] == 4 * (100 * 50 + 50 + 50 * 2 + 2)
    assert parts["total"] == sum(size for part, size in parts.items() if part != "total")
    assert "training " in nnc("summary", path)
    assert "training " not in nnc("summary", "-c", "input 3 -> dense 2")


REPEATS = {
    "a chain": "input 16 -> (dense 16 relu) * 20; loss mse",
    "residual": "input 16 -> ([id, dense 16 relu -> dense 16] -> add relu) * 12; loss mse",
    "within each other": "input 16 -> dense 8 -> ((dense 8 gelu) * 7 -> layernorm -> dropout 0.5) * 7\n"
    "  -> dense 3 softmax; loss crossentropy",
    "with state": "input 4x6x6 -> (conv 4 3x3 pad=same -> batchnorm relu) * 9 -> flatten -> dense 3; loss mse",
    "ragged": "input Tx8 ragged -> ([id, layernorm -> attention 2] -> add -> dense 8 gelu) * 8\n"
    "  -> mean axis=0 -> dense 3; loss mse",
    "one after another": "input 8 -> (dense 8 sigmoid) * 10 -> (dense 8 prelu) * 10 -> (relu) * 8\n"
    "  -> dense 1; loss bce",
    "shared": "input 8 -> dense 8 as a" + " -> use a" * 12 + "; loss mse",
    "judged within": "input 8 -> (dense 8) * 9 -> dense 8 as a -> (dense 8) * 9; loss mse on a; output a",
}


@pytest.mark.parametrize("spec", REPEATS.values(), ids=REPEATS)
def test_few_copies_tell_what_all_hold(spec, monkeypatch):
    """Exactly, because each copy within a run is planned as the others are."""
    graph = check(Source("model.nn", spec)).graph
    few = training_memory(graph, 32, NUMPY)
    monkeypatch.setattr(memory, "shortened", lambda typed: (typed, {}))
    assert training_memory(graph, 32, NUMPY) == few


def test_a_thousand_copies_are_planned_as_quickly_as_ten():
    def plan(copies: int):
        graph = check(Source("model.nn", f"input 8 -> (dense 8 relu) * {copies}; loss mse")).graph
        return lambda: shortened(graph)[0].graph.layers

    assert len(plan(1000)()) == len(plan(10)())
    assert growth(plan, 400) < 2.3  # from 6 x 64 copies on all periods are tried
