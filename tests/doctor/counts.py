"""Networks with mistakes in sums, means, numbers, targets and residuals, written by hand.

By rows in arrays, or by examples in a loop, as in Nielsen's book.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from ..unit.planted import ACTS, NETS, SLOPES, Arrays, Net, numbers, softmax
from .cases import Case

RECTIFIED = Net((8, 7, 6, 4), ("relu", "relu", "softmax"), "crossentropy")
DEEP = {**NETS, "rectified": RECTIFIED}


def targets_of(t, wrong: str):
    if wrong == "onehot-shift":
        labels = t.argmax(axis=1) + 1  # counted from 1
        return np.eye(t.shape[1])[labels % t.shape[1]]
    if wrong == "onehot-shift back":
        return np.eye(t.shape[1])[t.argmax(axis=1) - 1]
    return t


def residual_of(net: Net, z, y, t, wrong: str):
    """What goes back first, times the rows."""
    t = targets_of(t, wrong)
    e = y - t
    if wrong == "residual-as-scalar":
        e = np.mean(e) * np.ones_like(y)
    if wrong == "residual-as-scalar rows":
        e = np.repeat(e.mean(axis=1, keepdims=True), y.shape[1], axis=1)
    if wrong == "residual-as-scalar units":
        e = np.ones_like(y) * e.mean(axis=0)
    if wrong == "softmax-of-softmax":
        e = softmax(y) - t
    if wrong == "softmax-of-softmax slope":
        s = softmax(y)
        e = e * s * (1 - s)
    if wrong == "class-weights":
        counts = t.sum(axis=0)
        w = np.array([len(t) / (len(counts) * counts[k]) for k in t.argmax(axis=1)])
        e = e * w[:, None]
    if wrong == "residual-times-scalar":
        e = e * loss_of(net, y, t)
    if wrong == "softmax-row-sum":
        e = np.zeros_like(y)
        for i, (row, want) in enumerate(zip(y, t, strict=True)):
            jacobian = np.diag(row) - np.outer(row, row)
            e[i] = -(want / row) * jacobian.sum(axis=1)
    return e


def loss_of(net: Net, y, t):
    if net.loss == "crossentropy":
        return -np.mean(np.sum(t * np.log(y), axis=1))
    if net.loss == "bce":
        return -np.mean(t * np.log(y) + (1 - t) * np.log(1 - y))
    if net.loss == "mse":
        return np.mean((y - t) ** 2)
    return np.mean(np.sum((y - t) ** 2, axis=1)) / 2


def count_of(net: Net, given: Arrays, layer: int, wrong: str) -> int:
    """By how much a layer's gradients are divided."""
    x, t = given["x"], given["target"]
    columns = {"batch-from-wrong-axis": len(x.T), "batch-from-wrong-axis out": len(t.T)}
    if wrong == "batch-from-wrong-axis widths":
        return net.widths[layer - 1]
    return columns.get(wrong, len(x))


def whole(net: Net, given: Arrays, wrong: str) -> Arrays:
    """The batch at once, samples in rows; the mean is taken in the products."""
    x, depth = given["x"], net.depth
    if wrong == "integer-truncation input":
        x = x.astype(int)
    a, z = {0: x}, {}
    for i in range(1, depth + 1):
        z[i] = a[i - 1] @ given[f"dense{i}.W"] + given[f"dense{i}.b"]
        a[i] = ACTS[net.acts[i - 1]](z[i])
        if wrong == f"integer-truncation activation {i}":
            a[i] = a[i].astype(int)
    dz = residual_of(net, z[depth], a[depth], given["target"], wrong)
    if net.loss == "mse":
        dz = 2 * dz / dz.shape[1]
    if net.loss in ("mse", "quadratic"):
        dz = dz * SLOPES[net.acts[-1]](a[depth])
    if wrong == "detached-loss":
        dz = 0 * dz
    found = {}
    for i in range(depth, 0, -1):
        m, at = count_of(net, given, i, wrong), a[i - 1]
        if wrong == f"stale-activations {i}":
            at = np.tile(at[-1], (len(at), 1))
        if wrong == f"stale-activations before {i}":
            at = np.roll(at, 1, axis=0)
        dw, db = at.T @ dz / m, dz.sum(axis=0) / m
        if wrong == f"sum-then-mean {i}":
            db = np.sum(dz) / m
        if wrong == f"sum-then-mean filled {i}":
            db = np.ones(dz.shape[1]) * np.sum(dz) / m
        if wrong == f"sum-then-mean axis {i}":
            db = dz.sum(axis=1) / m
        if wrong == f"integer-truncation {i}":
            store = np.zeros(dw.shape, dtype=int)
            store[:] = dw
            dw = store
        if wrong == f"detached-loss weight {i}":
            dw = np.zeros_like(dw)
        w = given[f"dense{i}.W"]
        found[f"d_dense{i}.W"], found[f"d_dense{i}.b"] = dw + net.l2 * w, db
        if i > 1:
            da = dz @ w.T
            if wrong == f"detached-loss below {i}":
                da = 0 * da
            slope = SLOPES[net.acts[i - 2]](a[i - 1])
            if wrong == f"relu-gate {i - 1}":
                slope = (da > 0) * 1.0
            if wrong == f"relu-gate reversed {i - 1}":
                slope = (z[i - 1] < 0) * 1.0
            if wrong == f"relu-gate guided {i - 1}":
                slope = slope * (da > 0)
            if wrong == f"stale-activations slope {i - 1}":
                slope = np.tile(slope[-1], (len(slope), 1))
            dz = da * slope
    return found


def loop(net: Net, given: Arrays, wrong: str) -> Arrays:
    """One example after the other, gradients added up in nabla_w and nabla_b."""
    weights = [given[f"dense{i}.W"].T for i in range(1, net.depth + 1)]
    biases = [given[f"dense{i}.b"].reshape(-1, 1) for i in range(1, net.depth + 1)]
    nabla_w, nabla_b = [0 * w for w in weights], [0 * b for b in biases]
    kept, m = [], len(given["x"])
    for x in given["x"]:
        activations = [x.reshape(-1, 1)]
        for w, b, act in zip(weights, biases, net.acts, strict=True):
            z = w @ activations[-1] + b
            activations.append(ACTS[act](z.T).T)
        kept.append(activations)
    for at, t in enumerate(given["target"]):
        activations = kept[at]
        y = activations[-1].T
        delta = residual_of(net, None, y, t[None], wrong).T
        if net.loss == "mse":
            delta = 2 * delta / len(delta)
        if net.loss in ("mse", "quadratic"):
            delta = delta * SLOPES[net.acts[-1]](activations[-1])
        for i in range(net.depth - 1, -1, -1):
            before = activations[i]
            if wrong == f"stale-activations {i + 1}":
                before = kept[-1][i]
            nabla_w[i] = nabla_w[i] + delta @ before.T
            nabla_b[i] = nabla_b[i] + (
                np.sum(delta) if wrong == f"sum-then-mean filled {i + 1}" else delta
            )
            if i:
                delta = weights[i].T @ delta * SLOPES[net.acts[i - 1]](activations[i])
    found = {}
    for i, (w, b) in enumerate(zip(nabla_w, nabla_b, strict=True), 1):
        count = {"batch-from-wrong-axis": len(x), "batch-from-wrong-axis out": len(t)}.get(wrong, m)
        found[f"d_dense{i}.W"] = (w / count).T + net.l2 * given[f"dense{i}.W"]
        found[f"d_dense{i}.b"] = (b / count).ravel()
    return found


PROGRAMS = {"rows": whole, "a loop": loop}

SAME = ("batch-from-wrong-axis", "detached-loss", "sum-then-mean 1", "sum-then-mean filled 2")
MISTAKES = {
    "digits": (
        *SAME,
        *("batch-from-wrong-axis out", "batch-from-wrong-axis widths", "sum-then-mean axis 1"),
        *("integer-truncation 1", "integer-truncation input", "onehot-shift", "onehot-shift back"),
        *("residual-as-scalar units", "softmax-of-softmax", "softmax-of-softmax slope"),
        *("class-weights", "residual-times-scalar", "softmax-row-sum", "stale-activations 1"),
        *("stale-activations before 2", "detached-loss weight 1", "detached-loss below 2"),
        "stale-activations slope 1",
    ),
    "decay": (*SAME, "onehot-shift", "class-weights", "residual-times-scalar"),
    "rectified": (
        *("relu-gate 1", "relu-gate 2", "relu-gate reversed 1", "relu-gate guided 2"),
        *("softmax-of-softmax", "stale-activations 2", "batch-from-wrong-axis widths"),
    ),
    "regression": (
        *SAME,
        *("residual-as-scalar", "residual-as-scalar rows", "residual-times-scalar"),
        *("integer-truncation activation 1", "stale-activations 2", "relu-gate 2"),
    ),
    "yes_or_no": ("residual-times-scalar", "relu-gate 1", "detached-loss", "stale-activations 2"),
    "nielsen": (*SAME, "residual-as-scalar", "residual-as-scalar units", "sum-then-mean axis 2"),
}
IN_A_LOOP = {
    "digits": (
        *("onehot-shift", "softmax-of-softmax", "stale-activations 1", "batch-from-wrong-axis"),
        *("softmax-row-sum", "sum-then-mean filled 1"),
    ),
    "nielsen": ("residual-as-scalar rows", "stale-activations 2", "batch-from-wrong-axis out"),
}


def arrays(program: str, net: str, rows: int, wrong: str) -> Arrays:
    given = numbers(DEEP[net], rows, seed=rows + 5)
    if "integer" in wrong:
        given["x"] = 3 * given["x"]
    if wrong == "integer-truncation 1":
        given = {n: 9 * v if n in ("x", "dense2.W") else v for n, v in given.items()}
    if net in ("digits", "decay", "rectified"):  # every class is there
        given["target"] = np.eye(DEEP[net].widths[-1])[np.arange(rows) ** 2 % DEEP[net].widths[-1]]
        if rows >= 2 * DEEP[net].widths[-1]:
            n = DEEP[net].widths[-1]
            given["target"] = np.eye(n)[np.r_[np.arange(n), np.zeros(rows - n, int)]]
    return {**given, **PROGRAMS[program](DEEP[net], given, wrong)}


def case(program: str, net: str, rows: int, wrong: str) -> Case:
    slug, _, rest = wrong.partition(" ")
    label = f"{rest} {net} {rows} by {program}".strip()
    return Case(slug, label, DEEP[net].text, partial(arrays, program, net, rows, wrong))


def cases() -> Iterator[Case]:
    for program, mistakes in (("rows", MISTAKES), ("a loop", IN_A_LOOP)):
        for net, names in mistakes.items():
            for wrong in names:
                for rows in (10, 13) if wrong == "class-weights" else (11, 13):
                    yield case(program, net, rows, wrong)
    yield from overflows()


def overflows() -> Iterator[Case]:
    """exp z of large z: the softmax is no number, nor is what is computed from it."""
    for rows in (3, 8):
        yield Case("overflow", f"softmax {rows}", NETS["digits"].text, partial(_overflown, rows))


def _overflown(rows: int) -> Arrays:
    net, given = NETS["digits"], numbers(NETS["digits"], rows, seed=rows)
    given["dense2.W"] = 9000 * given["dense2.W"]
    a = ACTS["sigmoid"](given["x"] @ given["dense1.W"] + given["dense1.b"])
    z = a @ given["dense2.W"] + given["dense2.b"]
    with np.errstate(all="ignore"):
        e = np.exp(z)
        y = e / e.sum(axis=1, keepdims=True)
        dz = (y - given["target"]) / rows
        da = dz @ given["dense2.W"].T * a * (1 - a)
    assert net.depth == 2
    made = {"y": y, "d_dense2.W": a.T @ dz, "d_dense2.b": dz.sum(axis=0)}
    return {**given, **made, "d_dense1.W": given["x"].T @ da, "d_dense1.b": da.sum(axis=0)}


def right() -> Iterator[Case]:
    for net in DEEP:
        for program in PROGRAMS:
            for rows in (1, 2, 5, 12, 14):
                yield case(program, net, rows, "")
