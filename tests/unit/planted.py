"""Handwritten networks of dense layers, with or without typical mistakes.

It owes nothing to the doctor: every mistake is a line of NumPy.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

Arrays = dict[str, np.ndarray]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


ACTS = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "softmax": softmax,
    "": lambda z: z,
}
SLOPES = {
    "sigmoid": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a**2,
    "relu": lambda a: (a > 0) * 1.0,
    "": lambda a: np.ones_like(a),
}


@dataclass(frozen=True)
class Net:
    """Widths, activations, the loss, the strength of the squared penalty."""

    widths: tuple[int, ...]
    acts: tuple[str, ...]
    loss: str
    l2: float = 0.0

    @property
    def text(self) -> str:
        stages = [f"dense {n} {a}".strip() for n, a in zip(self.widths[1:], self.acts, strict=True)]
        penalty = f"regularize l2={self.l2}\n" if self.l2 else ""
        chain = " -> ".join([f"input {self.widths[0]}", *stages])
        return f"{chain}\nloss {self.loss}\n{penalty}dtype float64\n"

    @property
    def depth(self) -> int:
        return len(self.acts)


NETS = {
    "digits": Net((12, 7, 5), ("sigmoid", "softmax"), "crossentropy"),
    "decay": Net((9, 6, 6, 4), ("tanh", "sigmoid", "softmax"), "crossentropy", 0.02),
    "regression": Net((8, 6, 6, 3), ("tanh", "relu", ""), "mse"),
    "yes_or_no": Net((7, 5, 1), ("relu", "sigmoid"), "bce", 0.03),
    "nielsen": Net((10, 6, 6, 4), ("sigmoid", "sigmoid", "sigmoid"), "quadratic"),
}


def numbers(net: Net, rows: int, seed: int) -> Arrays:
    """Parameters, x and target."""
    rng = np.random.default_rng(seed)
    found = {"x": rng.normal(size=(rows, net.widths[0]))}
    for i, (n, m) in enumerate(zip(net.widths[:-1], net.widths[1:], strict=True), 1):
        found[f"dense{i}.W"] = rng.normal(size=(n, m)) / n**0.5
        found[f"dense{i}.b"] = rng.normal(size=m) * 0.3
    last = net.widths[-1]
    if net.loss == "crossentropy":
        found["target"] = np.eye(last)[rng.integers(0, last, rows)]
    elif net.loss == "bce":
        found["target"] = rng.integers(0, 2, (rows, 1)) * 1.0
    else:
        found["target"] = rng.uniform(size=(rows, last))
    return found


def slope_of(net: Net, layer: int, z: Arrays, a: Arrays, wrong: Collection[str]) -> np.ndarray:
    """The slope of a layer's activation, or what somebody took for it."""
    act = net.acts[layer - 1]
    here = SLOPES[act](a[layer])
    if f"missing-derivative {layer}" in wrong:
        return np.ones_like(here)
    if f"double-derivative {layer}" in wrong:
        return here**2
    if f"derivative-of-preactivation {layer}" in wrong:
        return z[layer] * (1 - z[layer]) if act == "sigmoid" else 1 - z[layer] ** 2
    if f"derivative-of-activation {layer}" in wrong:
        again = ACTS[act](a[layer])
        return again * (1 - again) if act == "sigmoid" else 1 - again**2
    if f"wrong-derivative {layer}" in wrong:
        return a[layer] * (1 - a[layer]) if act != "sigmoid" else 1 - a[layer] ** 2
    if f"wrong-layer {layer}" in wrong:
        return SLOPES[act](a[layer + 1])
    return here


def delta_of(net: Net, z, y, t, wrong: Collection[str]) -> np.ndarray:
    """The gradient at the last z, not divided by the rows."""
    if "missing-residual" in wrong:
        return y if net.loss in ("crossentropy", "bce") else slope_and_mean(net, y, y)
    if "softmax-diagonal" in wrong:
        return -t / y * (y * (1 - y))
    if "softmax-twice" in wrong or "double-derivative output" in wrong:
        return (y - t) * y * (1 - y)
    if "softmax-twice whole" in wrong:
        return np.stack(
            [(np.diag(r) - np.outer(r, r)) @ (r - s) for r, s in zip(y, t, strict=True)]
        )
    residual = t - y if "sign residual" in wrong else y - t
    if net.loss in ("crossentropy", "bce"):
        return residual
    if "missing-derivative output" in wrong:
        return residual
    return slope_and_mean(net, residual, y)


def slope_and_mean(net: Net, residual, y):
    if net.loss == "mse":
        residual = 2 * residual / y.shape[1]
    return residual * SLOPES[net.acts[-1]](y)


def hand(net: Net, given: Arrays, wrong: Collection[str] = (), late: bool = False) -> Arrays:
    """All gradients, those in between too; `late` divides by the rows in the products."""
    rows, depth = len(given["x"]), net.depth
    a, z = {0: given["x"]}, {}
    for i in range(1, depth + 1):
        z[i] = a[i - 1] @ given[f"dense{i}.W"] + given[f"dense{i}.b"]
        a[i] = ACTS[net.acts[i - 1]](z[i])
    dz = delta_of(net, z[depth], a[depth], given["target"], wrong)
    found, before, after = {}, *((1, rows) if late else (rows, 1))
    dz = dz / before
    for i in range(depth, 0, -1):
        w, b = given[f"dense{i}.W"], given[f"dense{i}.b"]
        found[f"d_dense{i}_z"] = dz
        dw, db = a[i - 1].T @ dz / after, dz.sum(axis=0) / after
        dw, db = factors(i, dw, db, rows, wrong)
        found[f"d_dense{i}.W"] = dw + net.l2 * strength(i, rows, wrong) * w
        found[f"d_dense{i}.b"] = db + (net.l2 * b if f"l2-on-bias {i}" in wrong else 0)
        if f"sign {i}" in wrong:
            found[f"d_dense{i}.W"] = -found[f"d_dense{i}.W"]
        if i > 1:
            stepped = f"updated-weights {i}" in wrong or "updated-weights" in wrong
            back = w - 0.3 * found[f"d_dense{i}.W"] if stepped else w
            da = dz @ back.T
            found[f"d_dense{i - 1}"] = da
            dz = da * slope_of(net, i - 1, z, a, wrong)
    return found


def factors(i: int, dw, db, rows: int, wrong: Collection[str]):
    """Wrong factors of the part that comes from the data."""
    if f"missing-mean {i}" in wrong or "missing-mean" in wrong:
        dw = dw * rows
    if f"sum-for-mean {i}" in wrong or "missing-mean" in wrong:
        db = db * rows
    if f"double-mean {i}" in wrong:
        dw, db = dw / rows, db / rows
    return dw, db


def strength(i: int, rows: int, wrong: Collection[str]) -> float:
    """How often the penalty is counted."""
    if f"l2-missing {i}" in wrong or "l2-missing" in wrong:
        return 0.0
    if f"l2-doubled {i}" in wrong or "l2-doubled" in wrong:
        return 2.0
    if f"l2-scale {i}" in wrong or "l2-scale" in wrong:
        return 1 / rows
    return 0.37 if "l2-scale odd" in wrong else 1.0


def loss_end(given: Arrays, name: str, a: np.ndarray, found: Arrays) -> np.ndarray:
    """A dense layer with softmax and crossentropy: its gradients, and that of its input."""
    dz = (softmax(a @ given[f"{name}.W"] + given[f"{name}.b"]) - given["target"]) / len(a)
    found[f"d_{name}.W"], found[f"d_{name}.b"] = a.T @ dz, dz.sum(axis=0)
    return dz @ given[f"{name}.W"].T
