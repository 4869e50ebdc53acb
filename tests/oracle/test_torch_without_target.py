"""Specs whose losses all lack a target, against PyTorch: values, gradients, weights of rows, padding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from .variants import modules

DRAWS = 50
FORMULAS = {
    "mean((a - b)**2)": lambda a, b: ((a - b) ** 2).mean(-1, keepdim=True),
    "sum(a * b) / sqrt(sum(a * a) * sum(b * b) + 0.1)": lambda a, b: (a * b).sum(-1, keepdim=True)
    / ((a * a).sum(-1, keepdim=True) * (b * b).sum(-1, keepdim=True) + 0.1).sqrt(),
    "max(0, 1 - abs(a - b))": lambda a, b: (1 - (a - b).abs()).relu(),
    "log(1 + exp(a * b))": lambda a, b: torch.logaddexp(a * 0, a * b),
    "where(a > b, a * b, sin(a))": lambda a, b: torch.where(a > b, a * b, a.sin()),
}


@dataclass
class Drawn:
    """A spec, and the formulas of its losses with their weights and reductions."""

    text: str
    losses: list[tuple[str, float, str]]
    size: int
    weighted: bool
    penalty: float


def draw(seed: int) -> Drawn:
    rng = np.random.default_rng(seed)
    size, weighted = int(rng.integers(1, 4)), bool(rng.random() < 0.4)
    lines, losses = [], []
    for i in range(int(rng.integers(1, 3))):
        formula = str(rng.choice(list(FORMULAS)))
        weight, reduction = float(rng.choice([1, 0.3])), str(rng.choice(["mean", "batchmean"]))
        lines.append(f"fn energy{'ab'[i]}(a, b) = {formula}")
        losses.append((formula, weight, reduction))
    act = rng.choice(["tanh", "sigmoid"])
    lines += [
        f"input 5 as left -> dense 4 {act} -> dense {size} as u",
        f"input 5 as right -> dense {size} as v",
        "output u, v",
    ]
    for i, (_, weight, reduction) in enumerate(losses):
        lines.append(f"loss energy{'ab'[i]} reduction={reduction} weight={weight} on u, v")
    penalty = float(rng.choice([0, 0.2]))
    lines += [f"regularize l2={penalty}"] if penalty else []
    lines += ["train weights=rows"] if weighted else []
    text = "\n".join([*lines, "optimizer sgd lr=0.1", "dtype float64"]) + "\n"
    return Drawn(text, losses, size, weighted, penalty)


def torch_loss(drawn: Drawn, p, x, weights):
    act = torch.tanh if "tanh" in drawn.text else torch.sigmoid
    u = act(x["left"] @ p["dense1.W"] + p["dense1.b"]) @ p["u.W"] + p["u.b"]
    v = x["right"] @ p["v.W"] + p["v.b"]
    total = sum(drawn.penalty / 2 * (p[n] ** 2).sum() for n in ("dense1.W", "u.W", "v.W"))
    for formula, weight, reduction in drawn.losses:
        rows = FORMULAS[formula](u, v)
        rows = rows.mean(1) if reduction == "mean" else rows.sum(1)
        total = total + weight * (rows * weights).sum() / weights.sum()
    return total


@pytest.mark.parametrize("seed", range(DRAWS))
def test_losses_of_values_alone(seed):
    drawn, rng = draw(seed), np.random.default_rng(seed)
    x = {name: rng.normal(size=(6, 5)) for name in ("left", "right")}
    weights = rng.uniform(0.2, 2, 6) if drawn.weighted else np.ones(6)
    more = {"weights": weights} if drawn.weighted else {}
    for what, made in modules(drawn.text, "input-gradient"):
        assert made.TARGETS == {}
        params = {n: rng.normal(size=s) for n, s in made.PARAM_SHAPES.items()}
        p = {n: torch.tensor(a, requires_grad=True) for n, a in params.items()}
        given = {n: torch.tensor(a, requires_grad=True) for n, a in x.items()}
        want = torch_loss(drawn, p, given, torch.tensor(weights))
        want.backward()
        _, cache = made.forward(params, x)
        assert made.loss(params, cache, **more) == pytest.approx(float(want.detach()), rel=1e-10)
        grads = {n: np.array(g) for n, g in made.backward(params, cache, None, **more).items()}
        dx = made.input_gradient(params, x, **more)
        for name, tensor in {**p, **given}.items():
            got = grads[name] if name in grads else dx[name]
            np.testing.assert_allclose(
                got, tensor.grad, rtol=1e-9, atol=1e-11, err_msg=f"{what} {name}\n{drawn.text}"
            )
        opt = made.init_optimizer(params)
        value = made.train_step(params, x, None, opt, **more)
        assert value == pytest.approx(float(want.detach()), rel=1e-10)
        for name, tensor in p.items():
            moved = (tensor - 0.1 * tensor.grad).detach()
            np.testing.assert_allclose(params[name], moved, rtol=1e-9, atol=1e-11)


def test_padding_and_each_row_by_itself():
    """A loss of ragged rows leaves out the padding; per-example gradients are those of a row alone."""
    text = (
        "fn small(a) = sum(a * a)\ninput Tx3 ragged as x -> dense 2 tanh as u\n"
        "loss small on u\ndtype float64\n"
    )
    rng = np.random.default_rng(0)
    x, lengths = rng.normal(size=(4, 5, 3)), np.array([5, 2, 1, 4])
    for _, made in modules(text, "per-example"):
        params = {n: rng.normal(size=s) for n, s in made.PARAM_SHAPES.items()}
        p = {n: torch.tensor(a, requires_grad=True) for n, a in params.items()}
        each = []
        for row, n in zip(x, lengths, strict=True):
            u = torch.tanh(torch.tensor(row[:n]) @ p["u.W"] + p["u.b"])
            each.append((u * u).sum(-1))
        want = torch.cat(each).mean()
        broken = np.where(np.arange(5)[:, None] < lengths[:, None, None], x, np.nan)
        _, cache = made.forward(params, broken, lengths=lengths)
        assert made.loss(params, cache) == pytest.approx(float(want.detach()), rel=1e-12)
        grads = made.backward(params, cache)
        rows = made.per_example_gradients(params, broken, lengths=lengths)
        for name, tensor in p.items():
            (whole,) = torch.autograd.grad(want, tensor, retain_graph=True)
            np.testing.assert_allclose(grads[name], whole, rtol=1e-10, atol=1e-12)
            for i, one in enumerate(each):
                (alone,) = torch.autograd.grad(one.mean(), tensor, retain_graph=True)
                np.testing.assert_allclose(rows[name][i], alone, rtol=1e-10, atol=1e-12)
