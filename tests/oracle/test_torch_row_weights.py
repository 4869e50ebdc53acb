"""`train weights=rows` against what one writes in PyTorch: (w * losses).sum() / w.sum()."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch.nn import functional as F

from .generated import TOLERANCE, module

B = 6
CLASS = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)
REST = "\ntrain weights=rows\ndtype {}\n"


def rows(entries):
    """The mean of each row's own entries."""
    return entries.flatten(1).mean(1)


LOSSES = {
    "crossentropy": lambda y, t, w: weighted(F.cross_entropy(y, t, reduction="none"), w),
    "crossentropy smoothing=0.2": lambda y, t, w: weighted(
        F.cross_entropy(y, t, reduction="none", label_smoothing=0.2), w
    ),
    "crossentropy weights=[1, 2, 0.5]": lambda y, t, w: weighted(
        F.cross_entropy(y, t, reduction="none"), w * CLASS.to(y.dtype)[t]
    ),
    "bce": lambda y, t, w: weighted(
        rows(F.binary_cross_entropy_with_logits(y, t, reduction="none")), w
    ),
    "mse": lambda y, t, w: weighted(rows((y - t) ** 2), w),
    "mae": lambda y, t, w: weighted(rows((y - t).abs()), w),
    "huber delta=0.3": lambda y, t, w: weighted(
        rows(F.huber_loss(y, t, reduction="none", delta=0.3)), w
    ),
    "quadratic": lambda y, t, w: weighted(((y - t) ** 2).sum(1) / 2, w),
    "poisson": lambda y, t, w: weighted(rows(F.poisson_nll_loss(y, t, reduction="none")), w),
    "hinge": lambda y, t, w: weighted(F.multi_margin_loss(y, t, reduction="none"), w),
    "mse reduction=sum": lambda y, t, w: (((y - t) ** 2).sum(1) * w).sum(),
    "mse reduction=batchmean weight=0.3": lambda y, t, w: 0.3 * weighted(((y - t) ** 2).sum(1), w),
}


def weighted(losses, w):
    return (w * losses).sum() / w.sum()


def data(loss, dtype):
    """Inputs, targets and weights, one of which is 0."""
    rng = np.random.default_rng(7)
    ids = loss.startswith(("crossentropy", "hinge"))
    target = rng.integers(0, 3, B) if ids else rng.random((B, 3)).astype(dtype)
    weights = rng.uniform(0.1, 3, B).astype(dtype)
    weights[2] = 0
    return rng.normal(size=(B, 5)).astype(dtype), target, weights


def network(params):
    """dense 4 tanh -> dense 3 in PyTorch, with its parameters by name."""
    found = {n: torch.tensor(np.array(a), requires_grad=True) for n, a in params.items()}

    def apply(x):
        hidden = torch.tanh(x @ found["dense1.W"] + found["dense1.b"])
        return hidden @ found["dense2.W"] + found["dense2.b"]

    return found, apply


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_and_its_gradient(loss, dtype, level):
    made = module(f"input 5 -> dense 4 tanh -> dense 3\nloss {loss}" + REST.format(dtype), level)
    x, target, weights = data(loss, dtype)
    params = made.init_params(1)
    _, cache = made.forward(params, x)
    grads = made.backward(params, cache, target, weights=weights)
    theirs, apply = network(params)
    want = LOSSES[loss](apply(torch.tensor(x)), torch.tensor(target), torch.tensor(weights))
    want.backward()
    tolerance = TOLERANCE[dtype]
    value = made.loss(params, cache, target, weights=weights)
    assert value == pytest.approx(float(want.detach()), rel=tolerance)
    largest = max(float(p.grad.abs().max()) for p in theirs.values())
    for name, p in theirs.items():
        scale = max(float(p.grad.abs().max()), 1e-4 * largest)
        assert np.abs(grads[name] - p.grad.numpy()).max() <= tolerance * scale, name


@pytest.mark.parametrize("level", [0, 1])
def test_padded_positions_count_by_their_row(level):
    text = "input Tx5 ragged -> dense 4 tanh -> dense 3\nloss crossentropy" + REST.format("float64")
    made = module(text, level)
    rng = np.random.default_rng(3)
    x, target = rng.normal(size=(B, 4, 5)), rng.integers(0, 3, (B, 4))
    lengths, weights = np.array([4, 1, 3, 2, 4, 2]), rng.uniform(0.1, 3, B)
    params = made.init_params(1)
    _, cache = made.forward(params, x, lengths=lengths)
    grads = made.backward(params, cache, target, weights=weights)
    theirs, apply = network(params)
    inside = torch.tensor(np.arange(4) < lengths[:, None])
    each = F.cross_entropy(
        apply(torch.tensor(x))[inside], torch.tensor(target)[inside], reduction="none"
    )
    want = weighted(each, torch.tensor(weights)[:, None].expand(B, 4)[inside])
    want.backward()
    assert made.loss(params, cache, target, weights=weights) == pytest.approx(float(want.detach()))
    for name, p in theirs.items():
        np.testing.assert_allclose(grads[name], p.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("level", [0, 1])
def test_training_goes_the_same_way(level):
    text = "input 5 -> dense 4 tanh -> dense 3\nloss crossentropy\noptimizer adam lr=0.01\n"
    made = module(text + REST.format("float64"), level)
    x, target, weights = data("crossentropy", "float64")
    params = made.init_params(1)
    theirs, apply = network(params)
    opt, steps = made.init_optimizer(params), torch.optim.Adam(theirs.values(), lr=0.01)
    for _ in range(20):
        got = made.train_step(params, x, target, opt, weights=weights)
        steps.zero_grad()
        loss = LOSSES["crossentropy"](
            apply(torch.tensor(x)), torch.tensor(target), torch.tensor(weights)
        )
        loss.backward()
        steps.step()
        assert got == pytest.approx(float(loss.detach()), rel=1e-10)
    for name, p in theirs.items():
        np.testing.assert_allclose(params[name], p.detach().numpy(), rtol=1e-9, atol=1e-12)
