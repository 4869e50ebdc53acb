"""Attention pooling over padded rows, built from stages, against PyTorch's autograd.

PyTorch computes each row by itself, in its own length; the module gets them padded with NaN.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from .generated import TOLERANCE, module

WEIGHED = """\
input Tx5 ragged -> dense 4 tanh as v
v -> dense 1 -> transpose -> {softmax} -> sum axis=0 -> repeat 4 -> transpose as weights
[v, weights] -> mul -> sum axis=0 -> dense 3 softmax
loss crossentropy
"""
BY_DOT = """\
input Tx5 ragged -> dense 4 tanh -> transpose as v
v -> transpose -> dense 1 -> transpose -> {softmax} -> sum axis=0 -> repeat 4 as weights
[v, weights] -> dot -> flatten -> dense 3 softmax
loss crossentropy
"""
LENGTHS = [4, 1, 7, 2]
STEPS = 9


def torch_row(params: list[torch.Tensor], x: torch.Tensor, normal: str) -> torch.Tensor:
    """The logits of one row (n, 5) without padding."""
    W1, b1, W2, b2, W3, b3 = params
    v = torch.tanh(x @ W1 + b1)
    weights = getattr(torch, normal)((v @ W2 + b2)[:, 0], dim=0)
    return (weights[:, None] * v).sum(dim=0) @ W3 + b3


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("normal", ["softmax", "log_softmax"])
@pytest.mark.parametrize("text", [WEIGHED, BY_DOT], ids=["mul and sum", "dot"])
def test_values_losses_and_gradients(text, normal, level, dtype):
    made = module(f"{text.format(softmax=normal)}dtype {dtype}\n", level)
    rng = np.random.default_rng(11)
    params = {
        name: (p + 0.3 * rng.standard_normal(p.shape)).astype(dtype)
        for name, p in made.init_params(0).items()
    }
    x = rng.standard_normal((len(LENGTHS), STEPS, 5)).astype(dtype)
    for row, n in zip(x, LENGTHS, strict=True):
        row[n:] = np.nan
    ids = np.array([0, 2, 1, 2])

    leaves = [torch.tensor(p.astype(np.float64), requires_grad=True) for p in params.values()]
    rows = [torch.tensor(row[:n].astype(np.float64)) for row, n in zip(x, LENGTHS, strict=True)]
    logits = torch.stack([torch_row(leaves, row, normal) for row in rows])
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(ids))
    loss.backward()

    y, cache = made.forward(params, x, lengths=np.array(LENGTHS))
    tolerance = TOLERANCE[dtype]
    want = torch.softmax(logits, dim=-1).detach().numpy()
    np.testing.assert_allclose(y, want, rtol=tolerance, atol=tolerance)
    assert made.loss(params, cache, ids) == pytest.approx(loss.item(), rel=tolerance)
    grads = made.backward(params, cache, ids)
    for name, leaf in zip(grads, leaves, strict=True):
        np.testing.assert_allclose(grads[name], leaf.grad.numpy(), rtol=tolerance, atol=tolerance)
