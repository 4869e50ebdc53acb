"""`loss crossentropy ignore=ID` against PyTorch's ignore_index, with class weights and smoothing.

NNC_ORACLE_PROGRAMS=50 tries that many draws instead of 6.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch.nn.functional import cross_entropy

from .sequence_draws import COUNT, compare, gradients, lengths_of, modules, padded, same, tensors

CLASSES = 4


@dataclass
class Case:
    ignore: int
    ragged: bool
    sequence: bool
    weights: tuple[float, ...] | None
    smoothing: float
    reduction: str
    rows: bool

    @property
    def spec(self) -> str:
        words = [f"ignore={self.ignore}", f"reduction={self.reduction}"]
        words += [f"smoothing={self.smoothing}"] * bool(self.smoothing)
        words += [f"weights=[{', '.join(map(str, self.weights))}]"] if self.weights else []
        shape = "Tx3" + " ragged" * self.ragged if self.sequence else "3"
        lines = [f"input {shape} as x -> dense {CLASSES} softmax as y"]
        lines += [f"loss crossentropy {' '.join(words)}", *["train weights=rows"] * self.rows]
        return "\n".join([*lines, "dtype float64\n"])


def drawn(seed: int) -> Case:
    rng = np.random.default_rng([seed, 6])
    flip = lambda p=0.5: bool(rng.random() < p)  # noqa: E731
    sequence = flip(0.7)
    weights = tuple(np.round(rng.uniform(0.2, 2, CLASSES), 2)) if flip() else None
    return Case(
        int(rng.choice([-100, -1, 0, 2, 9])),
        sequence and flip(0.6),
        sequence,
        weights,
        0.2 if flip() else 0.0,
        "sum" if flip(0.25) else "mean",
        flip(0.25),
    )


def answer(case: Case, params, x, target, lengths, row_weights):
    p, x = tensors(params), tensors({"x": x})["x"]
    z = x @ p["y.W"] + p["y.b"]
    weights = None if case.weights is None else torch.tensor(case.weights, dtype=torch.float64)
    t, last = torch.tensor(target), z.shape[-1]
    inside = torch.ones(t.shape, dtype=torch.bool)
    if case.sequence:
        inside = torch.tensor(np.arange(x.shape[1]) < lengths[:, None])
    words = {"ignore_index": case.ignore, "label_smoothing": case.smoothing, "weight": weights}
    if case.rows:  # each row's entries times its weight, and its part of the divisor
        each = cross_entropy(z.reshape(-1, last), t.reshape(-1), reduction="none", **words)
        share = torch.tensor(row_weights).reshape(-1, *[1] * (t.dim() - 1)).expand(t.shape)
        share = share * inside * (t != case.ignore)
        loss = (each.reshape(t.shape) * share).sum()
        if case.reduction == "mean":
            by_class = 1.0 if weights is None else weights[t.clamp(0, last - 1)]
            loss = loss / (share * by_class).sum()
    else:
        loss = cross_entropy(z[inside], t[inside], reduction=case.reduction, **words)
    loss.backward()
    y = torch.softmax(z, -1)
    y = torch.where(inside[..., None], y, 0.0) if case.ragged else y
    return {"y": y.detach().numpy()}, loss.item(), gradients(p), gradients({"x": x})


def numbers_of(case: Case, rng):
    rows, steps = (int(n) for n in rng.integers(2, 6, 2))
    shape = (rows, steps) if case.sequence else (rows,)
    lengths = lengths_of(rng, rows, steps, case.ragged)
    target = rng.integers(0, CLASSES, shape)
    target[rng.random(shape) < 0.4] = case.ignore
    target.reshape(-1)[0] = 1 if case.ignore != 1 else 3
    return rng.normal(size=(*shape, 3)), target, lengths, rng.uniform(0.1, 2, rows)


@pytest.mark.parametrize("seed", range(COUNT))
def test_ignored_rows_agree_with_torch(seed):
    case = drawn(seed)
    made = modules(case.spec, numba=seed == 0)
    for batch in range(2):
        rng = np.random.default_rng([seed, batch])
        x, target, lengths, row_weights = numbers_of(case, rng)
        shapes = next(iter(made.values())).PARAM_SHAPES
        params = {k: rng.normal(size=s) for k, s in shapes.items()}
        want = answer(case, params, x, target, lengths, row_weights)
        given = {"lengths": lengths} if case.ragged else {}
        if case.ragged:
            x, target = padded(x, lengths), padded(target, lengths, 77)
        named = {"weights": row_weights} if case.rows else {}
        for name, module in made.items():
            y, cache = module.forward(params, x, **given)
            same(y, want[0]["y"], f"{name} {case.spec}")
            same(module.loss(params, cache, target, **named), want[1], f"loss {name} {case.spec}")
            for key, value in module.backward(params, cache, target, **named).items():
                same(value, want[2][key], f"gradient of {key}, {name} {case.spec}")
        if not case.rows:
            compare(made, params, x, given, target, want, case.spec)


@pytest.mark.parametrize("words", ["", "weights=[1, 2, 0.5, 1]", "smoothing=0.1"])
def test_nothing_left_has_a_loss_and_gradients_of_zero(words):
    """PyTorch's loss is nan there, which would spoil the parameters."""
    spec = f"input 3 -> dense {CLASSES}\nloss crossentropy ignore=-1 {words}\ndtype float64\n"
    rng = np.random.default_rng(0)
    for module in modules(spec).values():
        params = module.init_params(0)
        _, cache = module.forward(params, rng.normal(size=(5, 3)))
        target = np.full(5, -1)
        assert module.loss(params, cache, target) == 0.0
        for value in module.backward(params, cache, target).values():
            np.testing.assert_array_equal(value, 0)


def test_rows_of_probabilities_are_never_ignored():
    spec = f"input 3 -> dense {CLASSES}\nloss crossentropy ignore=0\ndtype float64\n"
    rng = np.random.default_rng(0)
    x, rows = rng.normal(size=(5, 3)), rng.dirichlet(np.ones(CLASSES), 5)
    for module in modules(spec).values():
        params = module.init_params(0)
        z, cache = module.forward(params, x)
        want = cross_entropy(torch.tensor(z), torch.tensor(rows)).item()
        same(module.loss(params, cache, rows), want, "loss")


def test_the_draws_cover_the_arguments():
    seen: Counter[str] = Counter()
    for seed in range(100):
        case = drawn(seed)
        for what in ("ignore", "ragged", "sequence", "smoothing", "reduction", "rows"):
            seen[f"{what} {getattr(case, what)}"] += 1
        seen[f"weights {case.weights is not None}"] += 1
    assert min(seen.values()) >= 5, seen
