"""Weights of classes and padded steps in a loss, written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ..unit.planted import Arrays, softmax
from .cases import Case

WEIGHTS = np.array([0.5, 2.0, 1.5])
WEIGHTED = "input 4 -> dense 3 softmax\nloss crossentropy weights=[0.5, 2.0, 1.5]\ndtype float64\n"
BALANCED = "input 4 -> dense 3 softmax\nloss crossentropy weights=balanced\ndtype float64\n"
STEPS = "input Tx4 ragged -> dense 3 tanh -> dense 2 softmax\nloss crossentropy\ndtype float64\n"
MEAN = (
    "input Tx4 ragged -> dense 3 tanh -> mean axis=0 -> dense 2 softmax\n"
    "loss crossentropy\ndtype float64\n"
)


def weighted(rows: int, balanced: bool, wrong: str) -> Arrays:
    """A softmax regression on class ids, the mean taken by the weights of the rows."""
    rng = np.random.default_rng(rows)
    x, w, b = rng.normal(size=(rows, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
    ids = np.r_[0, 1, 2, rng.integers(0, 2, rows - 3)]
    t, y = np.eye(3)[ids], softmax(x @ w + b)
    counts = np.bincount(ids, minlength=3)
    each = (rows / (3 * counts) if balanced else WEIGHTS)[ids]
    none = np.ones(rows)
    printed = none if wrong in ("missing", "missing loss") else each
    used = none if wrong in ("missing", "missing gradient") else each
    sums = {"rows": (rows, rows), "rows gradient": (each.sum(), rows)}
    above, below = sums.get(wrong, (printed.sum(), used.sum()))
    loss = -(printed * np.log(y[np.arange(rows), ids])).sum() / above
    dz = used[:, None] * (y - t) / below
    given = {"x": x, "dense1.W": w, "dense1.b": b, "target": ids}
    made = {"d_dense1_z": dz, "d_dense1.W": x.T @ dz, "d_dense1.b": dz.sum(axis=0)}
    return {**given, **made, "loss": np.array(loss)}


def lengths(rows: int) -> Any:
    return np.random.default_rng(rows).integers(2, 6, rows)


def padded(rows: int, wrong: str) -> Arrays:
    """A class for every step of sequences of different lengths."""
    rng, steps = np.random.default_rng(rows), 6
    data = (np.arange(steps) < lengths(rows)[:, None]) * 1.0
    x = rng.normal(size=(rows, steps, 4)) * data[..., None]
    w1, b1 = rng.normal(size=(4, 3)), rng.normal(size=3)
    w2, b2 = rng.normal(size=(3, 2)), rng.normal(size=2)
    t = np.eye(2)[rng.integers(0, 2, (rows, steps))]
    a = np.tanh(x @ w1 + b1)
    y = softmax((a @ w2 + b2).reshape(-1, 2)).reshape(rows, steps, 2)
    everything = np.ones((rows, steps))
    kept = everything if wrong in ("all", "added") else data
    count = everything.sum() if wrong in ("all", "divided") else data.sum()
    dz = (y - t) * kept[..., None] / count
    made = {"loss": -np.array((kept * (t * np.log(y)).sum(axis=2)).sum() / count)}
    if wrong == "gradient":
        dz = (y - t) / everything.sum()
    dz1 = dz @ w2.T * (1 - a**2)
    made |= {"d_dense2.W": np.einsum("bti,btj->ij", a, dz), "d_dense2.b": dz.sum(axis=(0, 1))}
    made |= {"d_dense1.W": np.einsum("bti,btj->ij", x, dz1), "d_dense1.b": dz1.sum(axis=(0, 1))}
    given = {"x": x, "target": t, "dense1.W": w1, "dense1.b": b1, "dense2.W": w2, "dense2.b": b2}
    return {**given, **made}


def averaged(rows: int, wrong: str) -> Arrays:
    """One class for every sequence, from the mean over its steps."""
    rng, steps = np.random.default_rng(rows), 6
    length = lengths(rows)
    data = (np.arange(steps) < length[:, None]) * 1.0
    x = rng.normal(size=(rows, steps, 4)) * data[..., None]
    w1, b1 = rng.normal(size=(4, 3)), rng.normal(size=3)
    w2, b2 = rng.normal(size=(3, 2)), rng.normal(size=2)
    t = np.eye(2)[rng.integers(0, 2, rows)]
    a = np.tanh(x @ w1 + b1)
    kept = np.ones_like(data) if wrong in ("mean", "mean added") else data
    count = np.full(rows, steps) if wrong in ("mean", "mean divided") else length
    m = (a * kept[..., None]).sum(axis=1) / count[:, None]
    y = softmax(m @ w2 + b2)
    dz = (y - t) / rows
    da = (dz @ w2.T / count[:, None])[:, None, :] * kept[..., None]
    dz1 = da * (1 - a**2)
    made = {"mean1": m, "d_dense2.W": m.T @ dz, "d_dense2.b": dz.sum(axis=0)}
    made |= {"d_dense1.W": np.einsum("bti,btj->ij", x, dz1), "d_dense1.b": dz1.sum(axis=(0, 1))}
    given = {"x": x, "target": t, "dense1.W": w1, "dense1.b": b1, "dense2.W": w2, "dense2.b": b2}
    return {**given, **made}


def with_lengths(rows: int) -> dict[str, Any]:
    return {"lengths": lengths(rows)}


def case(slug: str, wrong: str, rows: int) -> Case:
    if slug == "class-weights":
        kind, _, rest = wrong.partition(": ")
        text = BALANCED if kind == "balanced" else WEIGHTED
        made = partial(weighted, rows, kind == "balanced", rest)
        return Case(slug, f"{wrong} {rows}", text, made)
    text, program = (MEAN, averaged) if wrong.startswith("mean") else (STEPS, padded)
    return Case(
        slug, f"{wrong} {rows}", text, partial(program, rows, wrong), partial(with_lengths, rows)
    )


def cases() -> Iterator[Case]:
    for rows in (7, 12):
        for wrong in ("missing", "missing gradient", "missing loss", "rows", "rows gradient"):
            for kind in ("given", "balanced"):
                if (kind, wrong[:4]) != ("balanced", "rows"):  # balanced weights add up to the rows
                    yield case("class-weights", f"{kind}: {wrong}", rows)
        for wrong in ("all", "divided", "added", "gradient", "mean", "mean divided", "mean added"):
            yield case("padding-counted", wrong, rows)


def right() -> Iterator[Case]:
    for rows in (5, 9):
        for kind in ("given", "balanced"):
            yield Case("", f"{kind} {rows}", *_spec_and_arrays(kind, rows))
        yield case("", "right", rows)
        yield case("", "mean right", rows)


def _spec_and_arrays(kind: str, rows: int) -> tuple[str, Any]:
    text = BALANCED if kind == "balanced" else WEIGHTED
    return text, partial(weighted, rows, kind == "balanced", "")
