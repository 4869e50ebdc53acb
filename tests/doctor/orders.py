"""Handwritten networks with dropout masks drawn twice and stale weights."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from ..unit.planted import NETS, SLOPES, Arrays, numbers, sigmoid, softmax
from .cases import Case

RATE = 0.4
DROPPED = (
    f"input 12 -> dense 7 sigmoid -> dropout {RATE} -> dense 5 softmax\n"
    "loss crossentropy\ndtype float64\n"
)


def masks(rows: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(rows)
    return tuple((rng.uniform(size=(rows, 7)) > RATE) / (1 - RATE) for _ in range(2))


def dropped(rows: int, again: bool, inner: bool) -> Arrays:
    given = numbers(NETS["digits"], rows, seed=rows)
    forward, back = masks(rows)
    a = sigmoid(given["x"] @ given["dense1.W"] + given["dense1.b"])
    h = a * forward
    y = softmax(h @ given["dense2.W"] + given["dense2.b"])
    dz = (y - given["target"]) / rows
    da = dz @ given["dense2.W"].T * (back if again else forward)
    d1 = da * SLOPES["sigmoid"](a)
    made = {"d_dense2.W": h.T @ dz, "d_dense2.b": dz.sum(axis=0)}
    made |= {"d_dense1.W": given["x"].T @ d1, "d_dense1.b": d1.sum(axis=0)}
    return {**given, **made, **({"d_dense1": da, "d_dense1_z": d1} if inner else {})}


def drawn(rows: int):
    return {"drawn": {"dropout1": masks(rows)[0]}}


def stale(rows: int, old: bool, inner: bool) -> Arrays:
    """The transposed weights are a copy from before training."""
    given = numbers(NETS["digits"], rows, seed=rows)
    kept = np.random.default_rng(0).normal(size=(5, 7)) if old else given["dense2.W"].T
    a = sigmoid(given["x"] @ given["dense1.W"] + given["dense1.b"])
    y = softmax(a @ given["dense2.W"] + given["dense2.b"])
    dz = (y - given["target"]) / rows
    da = dz @ kept
    d1 = da * a * (1 - a)
    made = {"d_dense2.W": a.T @ dz, "d_dense2.b": dz.sum(axis=0)}
    made |= {"d_dense1.W": given["x"].T @ d1, "d_dense1.b": d1.sum(axis=0)}
    return {**given, **made, **({"d_dense1": da, "d_dense1_z": d1} if inner else {})}


def cases() -> Iterator[Case]:
    for inner in (False, True):
        label = "all" if inner else "parameters"
        for rows in (4, 9, 12):
            arrays = partial(dropped, rows, True, inner)
            words = partial(drawn, rows)
            yield Case("new-dropout-mask", f"{rows} {label}", DROPPED, arrays, words)
        for rows in (8, 12):
            arrays = partial(stale, rows, True, inner)
            yield Case("stale-weights", f"{rows} {label}", NETS["digits"].text, arrays)


def right() -> Iterator[Case]:
    for rows in (3, 8, 20):
        arrays = partial(dropped, rows, False, True)
        yield Case("", f"dropout {rows}", DROPPED, arrays, partial(drawn, rows))
        yield Case("", f"copy {rows}", NETS["digits"].text, partial(stale, rows, False, True))
