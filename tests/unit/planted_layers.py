"""Handwritten networks with layers of many kinds, with or without typical mistakes.

It owes nothing to the doctor: every mistake is a line of NumPy. Gradients are means over the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from .planted import Arrays, loss_end, softmax
from .planted_convolutions import Conv, cnn, image
from .planted_recurrent import lstm, rnn


@dataclass(frozen=True)
class Planted:
    """A network: its spec, its parameters' shapes, its input, how its gradients are computed."""

    text: str
    shapes: dict[str, tuple[int, ...]]
    x: Callable[[np.random.Generator, int], np.ndarray]
    gradients: Callable[[Arrays, Collection[str]], Arrays]
    classes: int = 3
    steps: int = 0
    drawn: tuple[str, int, float] | None = None

    def numbers(self, rows: int, seed: int) -> Arrays:
        """Parameters, x and target."""
        rng = np.random.default_rng(seed)
        found = {n: rng.normal(size=s) * 0.6 for n, s in self.shapes.items()}
        found["x"] = self.x(rng, rows)
        lead = (rows, self.steps) if self.steps else (rows,)
        found["target"] = np.eye(self.classes)[rng.integers(0, self.classes, lead)]
        return found


# --- norms, dropout, residuals ------------------------------------------------------------


def norm_backward(dy, hat, deviation, axis, wrong, slugs):
    """The gradient by x of a standardized x."""
    no_mean, no_variance = slugs
    mean = 0 if no_mean in wrong else dy.mean(axis=axis, keepdims=True)
    along = 0 if no_variance in wrong else hat * (dy * hat).mean(axis=axis, keepdims=True)
    return (dy - mean - along) / deviation


def normed(kind: str) -> Callable[[Arrays, Collection[str]], Arrays]:
    """dense, a norm, tanh, dense."""
    axis = {"batchnorm": 0}.get(kind, 1)
    slugs = ("batchnorm-no-mean", "batchnorm-no-variance")
    slugs = slugs if axis == 0 else ("layernorm-term mean", "layernorm-term deviation")

    def gradients(given: Arrays, wrong: Collection[str] = ()) -> Arrays:
        found: Arrays = {}
        x = given["x"]
        z = x @ given["dense1.W"] + given["dense1.b"]
        mean = 0 if kind == "rmsnorm" else z.mean(axis=axis, keepdims=True)
        deviation = np.sqrt(((z - mean) ** 2).mean(axis=axis, keepdims=True) + 1e-5)
        hat = (z - mean) / deviation
        gamma = given[f"{kind}1.gamma"]
        beta = 0 if kind == "rmsnorm" else given[f"{kind}1.beta"]
        a = np.tanh(gamma * hat + beta)
        dn = loss_end(given, "dense2", a, found) * (1 - a**2)
        found[f"d_{kind}1.gamma"] = (dn * hat).sum(axis=0)
        dhat = dn if "norm-gain" in wrong else dn * gamma
        if kind == "rmsnorm":
            wrong = {*wrong, "layernorm-term mean"}
        else:
            found[f"d_{kind}1.beta"] = dn.sum(axis=0)
        dz = norm_backward(dhat, hat, deviation, axis, wrong, slugs)
        found |= {"d_dense1_z": dz, "d_dense1.W": x.T @ dz, "d_dense1.b": dz.sum(axis=0)}
        return found

    return gradients


def dropped(given: Arrays, wrong: Collection[str] = ()) -> Arrays:
    """dense tanh, dropout 0.4, dense."""
    found: Arrays = {}
    x, mask = given["x"], given["mask"]
    a = np.tanh(x @ given["dense1.W"] + given["dense1.b"])
    forward = back = mask
    if "dropout-unscaled" in wrong or "dropout-unscaled forward" in wrong:
        forward = (mask > 0) * 1.0
    if "dropout-unscaled" in wrong or "dropout-unscaled back" in wrong:
        back = (mask > 0) * 1.0
    if "new-dropout-mask" in wrong:
        back = (np.random.default_rng(77).random(mask.shape) > 0.4) / 0.6
    if "dropout-mask-missing" in wrong:
        back = np.ones(mask.shape)
    da = loss_end(given, "dense2", a * forward, found) * back
    dz = da * (1 - a**2)
    found |= {"d_dense1": da, "d_dense1.W": x.T @ dz, "d_dense1.b": dz.sum(axis=0)}
    return found


def residual(given: Arrays, wrong: Collection[str] = ()) -> Arrays:
    """dense tanh, then that plus a dense tanh of it, dense."""
    found: Arrays = {}
    x = given["x"]
    a = np.tanh(x @ given["dense1.W"] + given["dense1.b"])
    c = np.tanh(a @ given["dense2.W"] + given["dense2.b"])
    dy = loss_end(given, "dense3", a + c, found)
    dz = dy * (1 - c**2)
    found |= {"d_dense2.W": a.T @ dz, "d_dense2.b": dz.sum(axis=0)}
    through, past = dz @ given["dense2.W"].T, dy
    through = 0 if "residual-path-lost through" in wrong else through
    past = 0 if "residual-path-lost" in wrong else past
    da = through + past
    dz = da * (1 - a**2)
    found |= {"d_dense1": da, "d_dense1.W": x.T @ dz, "d_dense1.b": dz.sum(axis=0)}
    return found


def looped(given: Arrays, wrong: Collection[str] = ()) -> Arrays:
    """dense tanh, dense, in a loop over examples."""
    m = len(given["x"])
    found = {f"d_{n}": np.zeros_like(a) for n, a in given.items() if "." in n}
    for x, t in zip(given["x"], given["target"], strict=True):
        a = np.tanh(x @ given["dense1.W"] + given["dense1.b"])
        dz2 = softmax((a @ given["dense2.W"] + given["dense2.b"])[None])[0] - t
        dz1 = dz2 @ given["dense2.W"].T * (1 - a**2)
        if "one-example" in wrong:
            found["d_dense1.W"] = np.outer(x, dz1) / m
        else:
            found["d_dense1.W"] += np.outer(x, dz1) / m
        found["d_dense1.b"] += dz1 / m
        found["d_dense2.W"] += np.outer(a, dz2) / m
        found["d_dense2.b"] += dz2 / m
    return found


# --- tables, shared weights ---------------------------------------------------------------


def bag(given: Arrays, wrong: Collection[str] = ()) -> Arrays:
    """Rows of a table, tanh of a dense layer at each of 5 steps, their mean, dense."""
    found: Arrays = {}
    ids, table = given["x"], given["embedding1.W"]
    x = table[ids]
    a = np.tanh(x @ given["dense1.W"] + given["dense1.b"])
    da = loss_end(given, "dense2", a.mean(axis=1), found)
    dz = da[:, None] / ids.shape[1] * (1 - a**2)
    dw, db = np.zeros_like(given["dense1.W"]), np.zeros_like(given["dense1.b"])
    for t in reversed(range(ids.shape[1])):
        if "time-sum-missing" in wrong or "time-sum-missing W" in wrong:
            dw = x[:, t].T @ dz[:, t]
        else:
            dw += x[:, t].T @ dz[:, t]
        if "time-sum-missing" in wrong:
            db = dz[:, t].sum(axis=0)
        else:
            db += dz[:, t].sum(axis=0)
    found |= {"d_dense1.W": dw, "d_dense1.b": db}
    found["d_embedding1.W"] = table_gradient(ids, dz @ given["dense1.W"].T, len(table), wrong)
    return found


def table_gradient(ids, rows, count, wrong):
    de = np.zeros((count, rows.shape[-1]))
    if "embedding-overwrite" in wrong:
        de[ids] += rows
    elif "embedding-overwrite examples" in wrong:
        for one, where in zip(rows, ids, strict=True):
            de[where] += one
    else:
        np.add.at(de, ids, rows)
    return de


def tied(given: Arrays, wrong: Collection[str] = ()) -> Arrays:
    """Rows of a table, a dense tanh, the same table as output: the next word at every step."""
    ids, table = given["x"], given["words.W"]
    m, steps = ids.shape
    x = table[ids].reshape(m * steps, -1)
    a = np.tanh(x @ given["dense1.W"] + given["dense1.b"])
    t = given["target"].reshape(m * steps, -1)
    dy = (softmax(a @ table.T + given["dense2.b"]) - t) / (m * steps)
    dz = dy @ table * (1 - a**2)
    out = dy.T @ a
    rows = (dz @ given["dense1.W"].T).reshape(m, steps, -1)
    into = table_gradient(ids, rows, len(table), ())
    found = {"d_dense1.W": x.T @ dz, "d_dense1.b": dz.sum(axis=0), "d_dense2.b": dy.sum(axis=0)}
    found["d_words.W"] = out + into
    if "shared-use-lost output" in wrong:
        found["d_words.W"] = into
    if "shared-use-lost table" in wrong:
        found["d_words.W"] = out
    return found


def siamese(given: Arrays, wrong: Collection[str] = ()) -> Arrays:
    """One encoder, dense tanh, for both halves of x; their sum goes into a dense layer."""
    found: Arrays = {}
    w, b = given["encoder.dense1.W"], given["encoder.dense1.b"]
    left, right = given["x"]["left"], given["x"]["right"]
    one, two = np.tanh(left @ w + b), np.tanh(right @ w + b)
    da = loss_end(given, "dense1", one + two, found)
    dz1, dz2 = da * (1 - one**2), da * (1 - two**2)
    dw, db = left.T @ dz1 + right.T @ dz2, dz1.sum(axis=0) + dz2.sum(axis=0)
    if "shared-use-lost" in wrong:
        dw, db = right.T @ dz2, dz2.sum(axis=0)
    if "shared-use-lost W" in wrong:
        dw = left.T @ dz1
    return found | {"d_encoder.dense1.W": dw, "d_encoder.dense1.b": db}


# --- the networks -------------------------------------------------------------------------

END = "\nloss crossentropy\ndtype float64\n"


def dense(name: str, n: int, m: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.W": (n, m), f"{name}.b": (m,)}


def conv_shapes(name: str, f: int, c: int, k: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.W": (f, c, k, k), f"{name}.b": (f,)}


def cells(kind: str, n: int, m: int, gates: int) -> dict[str, tuple[int, ...]]:
    shapes = {f"{kind}1.Wx": (n, gates * m), f"{kind}1.Wh": (m, gates * m)}
    return {**shapes, f"{kind}1.b": (gates * m,)}


def flat(n: int):
    return lambda rng, rows: rng.normal(size=(rows, n))


def ids(count: int, steps: int):
    return lambda rng, rows: rng.integers(0, count, (rows, steps))


def two(n: int):
    return lambda rng, rows: {k: rng.normal(size=(rows, n)) for k in ("left", "right")}


def norm_net(kind: str) -> Planted:
    shapes = {**dense("dense1", 11, 5), f"{kind}1.gamma": (5,)}
    shapes |= {} if kind == "rmsnorm" else {f"{kind}1.beta": (5,)}
    text = f"input 11 -> dense 5 -> {kind} tanh -> dense 3 softmax{END}"
    return Planted(text, {**shapes, **dense("dense2", 5, 3)}, flat(11), normed(kind))


NETS = {
    "strided": Planted(
        "input 4x7x7 -> conv 4 3x3 stride=2 pad=1 tanh -> conv 4 3x3 stride=2 pad=1 groups=2 tanh "
        f"-> flatten -> dense 3 softmax{END}",
        conv_shapes("conv1", 4, 4, 3) | conv_shapes("conv2", 4, 2, 3) | dense("dense1", 16, 3),
        image(4, 7, 7),
        cnn(Conv(3, 2, 1), Conv(3, 2, 1, 2)),
    ),
    "pooled": Planted(
        "input 2x8x8 -> conv 3 3x3 tanh -> maxpool 2 -> conv 4 2x2 tanh -> flatten "
        f"-> dense 3 softmax{END}",
        conv_shapes("conv1", 3, 2, 3) | conv_shapes("conv2", 4, 3, 2) | dense("dense1", 16, 3),
        image(2, 8, 8),
        cnn(Conv(3, pool=True), Conv(2)),
    ),
    "ties": Planted(
        f"input 1x6x6 -> conv 2 2x2 -> maxpool 2 -> flatten -> dense 3 softmax{END}",
        conv_shapes("conv1", 2, 1, 2) | dense("dense1", 8, 3),
        image(1, 6, 6, whole=True),
        cnn(Conv(2, pool=True, act=False)),
    ),
    "batchnorm": norm_net("batchnorm"),
    "layernorm": norm_net("layernorm"),
    "rmsnorm": norm_net("rmsnorm"),
    "dropout": Planted(
        f"input 12 -> dense 6 tanh -> dropout 0.4 -> dense 3 softmax{END}",
        dense("dense1", 12, 6) | dense("dense2", 6, 3),
        flat(12),
        dropped,
        drawn=("dropout1", 6, 0.4),
    ),
    "residual": Planted(
        f"input 7 -> dense 5 tanh -> [id, dense 5 tanh] -> add -> dense 3 softmax{END}",
        dense("dense1", 7, 5) | dense("dense2", 5, 5) | dense("dense3", 5, 3),
        flat(7),
        residual,
    ),
    "loop": Planted(
        f"input 7 -> dense 5 tanh -> dense 3 softmax{END}",
        dense("dense1", 7, 5) | dense("dense2", 5, 3),
        flat(7),
        looped,
    ),
    "bag": Planted(
        "input 5 int -> embedding 6 4 -> dense 5 tanh -> mean axis=0 -> dense 3 softmax" + END,
        {"embedding1.W": (6, 4)} | dense("dense1", 4, 5) | dense("dense2", 5, 3),
        ids(6, 5),
        bag,
    ),
    "tied": Planted(
        f"input 4 int -> embedding 6 5 as words -> dense 5 tanh -> dense 6 tie=words softmax{END}",
        {"words.W": (6, 5)} | dense("dense1", 5, 5) | {"dense2.b": (6,)},
        ids(6, 4),
        tied,
        6,
        4,
    ),
    "siamese": Planted(
        "input 7 as left -> (dense 5 tanh) as encoder\ninput 7 as right -> use encoder as other\n"
        f"[encoder, other] -> add -> dense 3 softmax{END}",
        dense("encoder.dense1", 7, 5) | dense("dense1", 5, 3),
        two(7),
        siamese,
    ),
    "lstm": Planted(
        f"input 6x3 -> lstm 4 -> dense 3 softmax{END}",
        cells("lstm", 3, 4, 4) | dense("dense1", 4, 3),
        flat_steps := (lambda rng, rows: rng.normal(size=(rows, 6, 3))),
        lstm(False),
    ),
    "lstm_all": Planted(
        f"input 6x3 -> lstm 4 return=all -> mean axis=0 -> dense 3 softmax{END}",
        cells("lstm", 3, 4, 4) | dense("dense1", 4, 3),
        flat_steps,
        lstm(True),
    ),
    "rnn": Planted(
        f"input 6x3 -> rnn 4 return=all -> mean axis=0 -> dense 3 softmax{END}",
        cells("rnn", 3, 4, 1) | dense("dense1", 4, 3),
        flat_steps,
        rnn,
    ),
}

LSTM = (
    *("lstm-gate-order", "lstm-gate-order W", "lstm-gate-order all", "lstm-forget"),
    *("lstm-forget past", "lstm-carry cell", "lstm-carry state", "lstm-derivative cell"),
    *("lstm-derivative g", "time-sum-missing Wx"),
)

MISTAKES = {
    "strided": (
        *("conv-flip dW 1", "conv-flip dX 2", "conv-flip dW 2", "conv-stride dW 1"),
        *("conv-stride dW 2", "conv-stride dX 2", "conv-groups dW 2", "conv-groups dX 2"),
        *("conv-first-sample 1", "conv-first-sample last 2", "conv-first-sample dX 2"),
        *("conv-swapped-axes dW 1", "conv-swapped-axes dX 2", "conv-swapped-axes misread 1"),
        *("conv-swapped-axes flatten", "conv-overwrite 2"),
    ),
    "pooled": (
        *("conv-flip dW 1", "conv-flip dX 2", "conv-first-sample 1", "conv-first-sample dX 2"),
        *("conv-swapped-axes dW 2", "conv-swapped-axes dX 2", "conv-overwrite 2"),
        *("conv-swapped-axes misread 2", "conv-swapped-axes flatten", "conv-first-sample last 1"),
    ),
    "ties": ("pool-ties", "conv-flip dW 1"),
    "batchnorm": ("batchnorm-no-mean", "batchnorm-no-variance", "norm-gain"),
    "layernorm": ("layernorm-term mean", "layernorm-term deviation", "norm-gain"),
    "rmsnorm": ("layernorm-term deviation",),
    "dropout": (
        *("dropout-unscaled", "dropout-unscaled back", "dropout-unscaled forward"),
        *("new-dropout-mask", "dropout-mask-missing"),
    ),
    "residual": ("residual-path-lost", "residual-path-lost through"),
    "loop": ("one-example",),
    "bag": (
        *("embedding-overwrite", "embedding-overwrite examples", "time-sum-missing"),
        "time-sum-missing W",
    ),
    "tied": ("shared-use-lost output", "shared-use-lost table"),
    "siamese": ("shared-use-lost", "shared-use-lost W"),
    "lstm": (*LSTM, "lstm-truncated"),
    "lstm_all": LSTM,
    "rnn": ("lstm-carry", "lstm-truncated"),
}
PLANTED = [(net, mistake) for net, mistakes in MISTAKES.items() for mistake in mistakes]
