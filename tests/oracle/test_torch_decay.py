"""`decay=weights` against PyTorch's groups of parameters: which parameters decay, and how."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from .torch_training import OPTIMIZERS, Options
from .variants import modules

STEPS, DRAWS = 4, 56
NETWORK = """\
input 6x3 as x -> conv 4 2 -> batchnorm prelu -> flatten -> layernorm -> dense 3 tanh as last
input 2 int as ids -> embedding 5 3 -> rnn 3 as read
[last, read] -> add as y
output y
loss mse
dtype float64
"""
WEIGHTS = {"conv1.W", "dense1.W", "last.W", "read.Wx", "read.Wh"}
"""What `regularize` is for, too: no biases, gains, slopes, tables."""


@pytest.fixture(autouse=True)
def double_numbers():
    """PyTorch keeps NAdam's product of momenta in the default type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def draw(kind: str, seed: int):
    """Arguments with a weight decay, and PyTorch's optimizer for two groups."""
    for trial in range(1000):
        options = Options(np.random.default_rng([seed, trial, *kind.encode()]))
        build = OPTIMIZERS[kind](options)
        if options.given.get("decay") == "weights" and options.given.get("weight_decay"):
            return options.text(), build
    raise AssertionError("no draw has a weight decay")


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_only_weights_decay(kind):
    """Gradients given by hand; what decays is found by name."""
    for seed in range(DRAWS // len(OPTIMIZERS)):
        text, build = draw(kind, seed)
        rng = np.random.default_rng(seed)
        for what, made in modules(f"{NETWORK}optimizer {kind} {text}\n"):
            shapes = made.PARAM_SHAPES
            weights = {n for n in shapes if n in WEIGHTS or n.endswith((".Wx", ".Wh"))}
            begin = {n: np.random.default_rng(1).uniform(0.5, 1, s) for n, s in shapes.items()}
            ours = {n: p.copy() for n, p in begin.items()}
            opt = made.init_optimizer(ours)
            theirs = {n: torch.tensor(p, requires_grad=True) for n, p in begin.items()}
            for name, p in theirs.items():
                p.spared = name not in weights
            optimizer = build(list(theirs.values()))
            rng = np.random.default_rng(seed)
            for _ in range(STEPS):
                grads = {n: rng.normal(size=s) for n, s in shapes.items()}
                for name, p in theirs.items():
                    p.grad = torch.tensor(grads[name])
                made.optimizer_step(ours, grads, opt)
                optimizer.step()
            for name, p in theirs.items():
                np.testing.assert_allclose(
                    ours[name], p.detach(), rtol=1e-10, err_msg=f"{what} {name} {text}"
                )
