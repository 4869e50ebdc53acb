"""A warm -O1 training step allocates no large array; -O0 does, so the test can fail."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.source import Source

ROWS, LARGE = 256, 100_000
"""Rows of a batch, and bytes that count as large: less than half of one hidden layer's values.

NumPy itself copies through a buffer of 64 KiB where arrays of different layout meet.
"""

SPECS = {
    "classifier": "input 300 -> dense 256 sigmoid -> dense 256 relu -> dense 10 softmax; loss crossentropy",
    "momentum": "input 300 -> dense 256 tanh -> dense 10; loss mse\n"
    "optimizer sgd lr=0.1 momentum=0.9 nesterov=true weight_decay=0.01",
    "adam": "input 300 -> dense 256 tanh -> dense 10; loss mse\n"
    "optimizer adam amsgrad=true weight_decay=0.01; clip norm=0.1",
    "nadam": "input 300 -> dense 256 tanh -> dense 10; loss mse\n"
    "optimizer nadam weight_decay=0.01 decoupled=true; clip value=0.1",
    "rmsprop": "input 300 -> dense 256 tanh -> dense 10; loss mse\n"
    "optimizer rmsprop centered=true momentum=0.9",
    "adadelta": "input 300 -> dense 256 tanh -> dense 10; loss mse; optimizer adadelta",
    "lion": "input 300 -> dense 256 tanh -> dense 10; loss mse; optimizer lion weight_decay=0.1",
    "penalty": "input 300 -> dense 256 relu -> dense 10; loss mse; regularize l2=0.01",
    "statistics": "input 300 -> dense 256 -> batchnorm relu -> dense 256 -> rmsnorm -> dense 10; loss mse",
    "norms": "input 300 -> dense 256 leaky_relu(0.1) -> layernorm -> dense 256 elu -> dense 10; loss mse",
    "random": "input 300 -> dense 256 prelu -> dropout 0.3 -> dense 256 -> noise 0.1 -> dense 10; loss mse",
    "attention": "input 4x64 -> dense 64 -> positional -> attention 4 causal=true -> flatten -> dense 10"
    "; loss mse",
    "residual": "input 256 -> [id, dense 256 relu] -> add relu -> dense 10 softmax; loss crossentropy",
}


def peak(spec: str, level: int) -> int:
    """Bytes allocated at the worst moment of the fourth of equal steps."""
    space: dict[str, object] = {"__name__": "generated"}
    code = compile_source(Source("model.nn", spec), Options(level=level, format=False)).code
    exec(compile(code, "generated", "exec"), space)
    params = space["init_params"](0)
    opt = space["init_optimizer"](params)
    rng = np.random.default_rng(0)
    x = rng.random((ROWS, *space["INPUTS"]["x"][1:]), dtype=np.float32)
    target = rng.random((ROWS, 10), dtype=np.float32)
    target /= target.sum(axis=1, keepdims=True)
    more = {"state": space["init_state"]()} if space["STATE_SHAPES"] else {}
    more |= {"rng": rng} if "dropout_mask" in space else {}
    tracemalloc.start()
    try:
        for _ in range(3):
            space["train_step"](params, x, target, opt, 0.01, **more)
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        space["train_step"](params, x, target, opt, 0.01, **more)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("spec", SPECS)
def test_a_warm_step_makes_no_large_array(spec):
    assert peak(SPECS[spec], level=1) < LARGE


@pytest.mark.parametrize("spec", SPECS)
def test_the_textbook_form_does(spec):
    assert peak(SPECS[spec], level=0) > LARGE
