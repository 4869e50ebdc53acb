"""Handwritten networks with activations of several ops, and with label smoothing."""

from __future__ import annotations

from collections.abc import Collection
from math import erf

import numpy as np

from .planted import Arrays, sigmoid, softmax


def phi(z):
    return 0.5 * (1 + np.vectorize(erf)(z / 2**0.5))


def density(z):
    return np.exp(-(z**2) / 2) / (2 * np.pi) ** 0.5


SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772


def squeezed(z):
    return np.tanh(np.log1p(np.exp(z)))


ACTS = {
    "gelu": (lambda z: z * phi(z), lambda z: phi(z) + z * density(z)),
    "silu": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
    "mish": (
        lambda z: z * squeezed(z),
        lambda z: squeezed(z) + z * (1 - squeezed(z) ** 2) * sigmoid(z),
    ),
    "softplus": (lambda z: np.log1p(np.exp(z)), sigmoid),
    "elu": (lambda z: np.where(z > 0, z, np.exp(z) - 1), lambda z: np.where(z > 0, 1, np.exp(z))),
    "selu": (
        lambda z: SCALE * np.where(z > 0, z, ALPHA * (np.exp(z) - 1)),
        lambda z: SCALE * np.where(z > 0, 1, ALPHA * np.exp(z)),
    ),
    "hard_sigmoid": (lambda z: np.clip(z / 6 + 0.5, 0, 1), lambda z: (np.abs(z) < 3) / 6),
}
GATES = {"gelu": phi, "silu": sigmoid, "mish": squeezed}

SMOOTHING = 0.1


def text(act: str) -> str:
    chain = f"input 7 -> dense 5 {act} -> dense 4 {act} -> dense 3 softmax"
    return f"{chain}\nloss crossentropy smoothing={SMOOTHING}\ndtype float64\n"


def numbers(rows: int, seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    found = {"x": rng.normal(size=(rows, 7)), "target": np.eye(3)[rng.integers(0, 3, rows)]}
    for i, (n, m) in enumerate(((7, 5), (5, 4), (4, 3)), 1):
        found[f"dense{i}.W"] = rng.normal(size=(n, m)) * 0.7
        found[f"dense{i}.b"] = rng.normal(size=m) * 0.3
    return found


def hand(act: str, given: Arrays, wrong: Collection[str] = ()) -> Arrays:
    """All gradients; the mistakes are in the first layer or in the loss."""
    f, slope = ACTS[act]
    z1 = given["x"] @ given["dense1.W"] + given["dense1.b"]
    a1 = f(z1)
    z2 = a1 @ given["dense2.W"] + given["dense2.b"]
    a2 = f(z2)
    y = softmax(a2 @ given["dense3.W"] + given["dense3.b"])
    t = (1 - SMOOTHING) * given["target"] + SMOOTHING / 3
    delta = y - (given["target"] if "smoothing-missing" in wrong else t)
    if "missing-residual" in wrong:
        delta = y
    if "softmax-twice" in wrong:
        delta = delta * y * (1 - y)
    if "softmax-diagonal" in wrong:
        delta = -t / y * (y * (1 - y))
    dz3 = delta / len(y)
    dz2 = dz3 @ given["dense3.W"].T * slope(z2)
    da1 = dz2 @ given["dense2.W"].T
    slopes = {
        "missing-derivative": np.ones_like(z1),
        "double-derivative": slope(z1) ** 2,
        "wrong-derivative": 1 - a1**2,
        "wrong-derivative sigmoid": a1 * (1 - a1),
        "wrong-derivative relu": (z1 > 0) * 1.0,
        "wrong-derivative gate": GATES.get(act, slope)(z1),
        "derivative-of-activation": slope(a1),
    }
    dz1 = da1 * next((s for name, s in slopes.items() if name in wrong), slope(z1))
    return {
        "d_dense3.W": a2.T @ dz3,
        "d_dense3.b": dz3.sum(axis=0),
        "d_dense2.W": a1.T @ dz2,
        "d_dense2.b": dz2.sum(axis=0),
        "d_dense1": da1,
        "d_dense1_z": dz1,
        "d_dense1.W": given["x"].T @ dz1,
        "d_dense1.b": dz1.sum(axis=0),
    }


SLUGS = ("missing-derivative", "double-derivative", "wrong-derivative", "wrong-derivative sigmoid")
PLANTED = [
    *((act, mistake) for act in ACTS for mistake in SLUGS),
    *((act, "wrong-derivative gate") for act in GATES),
    *((act, "derivative-of-activation") for act in ACTS if act != "hard_sigmoid"),
    *((act, "wrong-derivative relu") for act in ("elu", "selu", "gelu", "silu")),
    *(("gelu", m) for m in ("smoothing-missing", "softmax-twice", "softmax-diagonal")),
    ("gelu", "missing-residual"),
]
