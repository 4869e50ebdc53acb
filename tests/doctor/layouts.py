"""Handwritten networks with arrays in a wrong layout, by rows or by columns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from ..unit.planted import ACTS, NETS, SLOPES, Arrays, Net, numbers
from .cases import Case

SQUARE = Net((6, 6, 6, 4), ("tanh", "sigmoid", "softmax"), "crossentropy")
LINE = Net((5, 4, 1), ("tanh", ""), "mse")
DEEP = {**NETS, "square": SQUARE, "line": LINE}


def forward(net: Net, given: Arrays, wrong: str):
    a, z = {0: given["x"]}, {}
    for i in range(1, net.depth + 1):
        w, b, at = given[f"dense{i}.W"], given[f"dense{i}.b"], a[i - 1]
        if wrong == f"transpose forward {i}":
            w = w.T
        if wrong == f"global-input {i}":
            at = given["x"]
        z[i] = at @ w + (b[:, None] if wrong == f"bias-broadcast forward {i}" else b)
        if wrong == f"matrix-product forward {i}":
            z[i] = at * w + b
        a[i] = ACTS[net.acts[i - 1]](z[i])
    return z, a


def beginning(net: Net, y, t, wrong: str):
    """dy (or dz of the last layer, of a crossentropy) times the rows."""
    rows, n = y.shape
    if wrong == "class-ids-broadcast":
        return y - t.argmax(axis=1)[:, None]
    if wrong == "class-ids-broadcast one":
        return y - (t.argmax(axis=1) + 1)[:, None]
    if wrong.startswith("shuffled-labels"):
        order = {
            "roll": np.roll(np.arange(rows), 1),
            "reverse": np.arange(rows)[::-1],
            "sorted": np.argsort(t.argmax(axis=1), kind="stable"),
            "random": np.random.default_rng(3).permutation(rows),
        }[wrong.split()[1]]
        t = t[order]
    if wrong == "precedence target":
        return (y - t / rows) * rows
    residual = y - t
    if wrong.startswith("cost-broadcast"):
        full = y - t.ravel()
        residual = full if wrong.endswith("all") else full.mean(axis=1, keepdims=True)
    return 2 * residual / n if net.loss == "mse" else residual


def rows_program(net: Net, given: Arrays, wrong: str) -> Arrays:
    """Samples in rows."""
    x, t, depth = given["x"], given["target"], net.depth
    rows = len(x)
    _, a = forward(net, given, wrong)
    y, found = a[depth], {}
    if net.loss == "mse" and wrong.startswith("cost-broadcast"):
        other = t.ravel()
        found["loss"] = np.mean((y - other) ** 2)
    dz = beginning(net, y, t, wrong) / rows
    if net.loss in ("mse", "quadratic"):
        if wrong == "precedence residual":
            dz = (y - t * SLOPES[net.acts[-1]](y)) / rows
        else:
            dz = dz * SLOPES[net.acts[-1]](y)
    deltas = {depth: dz}
    for i in range(depth - 1, 0, -1):
        w, slope = given[f"dense{i + 1}.W"], SLOPES[net.acts[i - 1]](a[i])
        if wrong.startswith("cost-broadcast all"):
            break
        back = w if wrong == f"transpose back {i + 1}" else w.T
        dz = deltas[i + 1] @ back * slope
        if wrong == f"precedence slope {i}":
            dz = slope * deltas[i + 1] @ back
        if wrong == f"precedence bracket {i}":
            da = deltas[i + 1] @ back
            dz = da * a[i] * 1 - a[i] if net.acts[i - 1] == "sigmoid" else da * 1 - a[i] ** 2
        if wrong == f"matrix-product slope {i}":
            dz = np.asarray(np.matrix(deltas[i + 1] @ back) * np.matrix(slope))
        deltas[i] = dz
    for i, dz in deltas.items():
        if wrong == f"deltas-swapped {i}":
            dz = deltas[i + 1]
        at = a[i - 1]
        if wrong == f"gradient-input {i}":
            at = a[i]
        if wrong == f"matrix-product weight {i}":
            found[f"d_dense{i}.W"] = at * dz
        else:
            found[f"d_dense{i}.W"] = at.T @ dz
        found[f"d_dense{i}.b"] = dz if wrong == f"bias-broadcast {i}" else dz.sum(axis=0)
        if wrong in (f"transpose {i}", "transpose"):
            found[f"d_dense{i}.W"] = dz.T @ at
    if wrong == "deltas-swapped order":
        a, b = found["d_dense1.W"], found["d_dense2.W"]
        found["d_dense1.W"], found["d_dense2.W"] = b, a
    return found


def columns_program(net: Net, given: Arrays, wrong: str) -> Arrays:
    """Samples in columns: W x + b with b a column; turned round again at the end."""
    rows, depth = len(given["x"]), net.depth
    weights = {i: given[f"dense{i}.W"].T for i in range(1, depth + 1)}
    biases = {i: given[f"dense{i}.b"].reshape(-1, 1) for i in weights}
    a = {0: given["x"].T}
    for i, w in weights.items():
        if wrong == f"bias-broadcast forward {i}":
            biases[i] = biases[i].ravel()
        if wrong == f"transpose forward {i}":
            w = w.T
        at = a[0] if wrong == f"global-input {i}" else a[i - 1]
        z = w @ at + biases[i]
        act = net.acts[i - 1]
        a[i] = ACTS[act](z.T).T if act == "softmax" else ACTS[act](z)
    dz = beginning(net, a[depth].T, given["target"], wrong).T / rows
    if net.loss in ("mse", "quadratic"):
        dz = dz * SLOPES[net.acts[-1]](a[depth])
    found, deltas = {}, {depth: dz}
    for i in range(depth, 0, -1):
        dz = deltas[i]
        found[f"d_dense{i}.W"] = (dz @ a[i - 1].T).T
        found[f"d_dense{i}.b"] = dz.sum(axis=1)
        if i == 1:
            break
        slope = SLOPES[net.acts[i - 2]](a[i - 1])
        w = weights[i].T if wrong != f"transpose back {i}" else weights[i]
        deltas[i - 1] = w @ dz * slope
        if wrong == f"precedence slope {i - 1}":
            deltas[i - 1] = slope * w @ dz if w.shape == slope.shape else w @ (slope * dz)
        if wrong == f"matrix-product slope {i - 1}":
            deltas[i - 1] = np.asarray(np.matrix(w @ dz) * np.matrix(slope))
    if wrong == "deltas-swapped order":
        a, b = found["d_dense1.W"], found["d_dense2.W"]
        found["d_dense1.W"], found["d_dense2.W"] = b, a
    return found


PROGRAMS = {"rows": rows_program, "columns": columns_program}

MISTAKES = {
    "digits": (
        *("transpose 1", "transpose", "deltas-swapped order", "bias-broadcast 1"),
        *("bias-broadcast 2", "class-ids-broadcast", "class-ids-broadcast one"),
        *("shuffled-labels roll", "shuffled-labels reverse", "shuffled-labels sorted"),
        *("precedence target", "precedence bracket 1", "deltas-swapped 1"),
        "gradient-input 1",
    ),
    "square": (
        *("transpose 1", "transpose back 2", "transpose forward 1", "transpose forward 2"),
        *("global-input 2", "deltas-swapped 1", "deltas-swapped order", "gradient-input 2"),
        *("precedence slope 1", "precedence bracket 1", "precedence bracket 2"),
        *("class-ids-broadcast", "shuffled-labels random", "shuffled-labels roll"),
    ),
    "line": ("cost-broadcast", "cost-broadcast all", "bias-broadcast 1", "transpose 1"),
    "nielsen": ("precedence residual", "precedence bracket 2", "shuffled-labels reverse"),
    "regression": ("transpose back 2", "precedence slope 1", "shuffled-labels roll"),
}
BY_COLUMNS = {
    "digits": ("class-ids-broadcast", "shuffled-labels reverse", "precedence target"),
    "square": ("transpose back 2", "transpose forward 1", "global-input 2", "deltas-swapped order"),
    "nielsen": ("shuffled-labels roll", "transpose back 2"),
}
SQUARE_BATCH = {
    "rows": (
        *("matrix-product slope 1", "matrix-product slope 2", "matrix-product forward 1"),
        *("matrix-product weight 2", "bias-broadcast forward 1", "bias-broadcast forward 2"),
    ),
    "columns": ("matrix-product slope 1", "bias-broadcast forward 1", "bias-broadcast forward 2"),
}
"""Mistakes that NumPy only lets pass where the batch has as many rows as layers have units."""


def arrays(program: str, net: str, rows: int, wrong: str) -> Arrays:
    given = numbers(DEEP[net], rows, seed=rows + 1)
    return {**given, **PROGRAMS[program](DEEP[net], given, wrong)}


def case(program: str, net: str, rows: int, wrong: str) -> Case:
    slug, _, rest = wrong.partition(" ")
    label = f"{rest} {net} {rows} by {program}".strip()
    return Case(slug, label, DEEP[net].text, partial(arrays, program, net, rows, wrong))


def cases() -> Iterator[Case]:
    for program, mistakes in (("rows", MISTAKES), ("columns", BY_COLUMNS)):
        for net, names in mistakes.items():
            for wrong in names:
                for rows in (5, 8) if "random" not in wrong else (3, 5):
                    yield case(program, net, rows, wrong)
    for program, names in SQUARE_BATCH.items():
        for wrong in names:
            yield case(program, "square", 6, wrong)
    yield from grown()


def grown() -> Iterator[Case]:
    """Biases that grow to squares in the step: (n, 1) and (n,) meet."""
    for net in ("digits", "square"):
        for rows in (4, 7):
            text = f"{DEEP[net].text}optimizer sgd lr=0.1\n"
            for which in ("bias", "gradient"):
                words = partial(_stepped, net, rows, which)
                label = f"{which} a column {net} {rows}"
                yield Case(
                    "bias-broadcast", label, text, partial(arrays, "rows", net, rows, ""), words
                )


def _stepped(net: str, rows: int, which: str):
    made = arrays("rows", net, rows, "")
    b, db = made["dense1.b"], made["d_dense1.b"]
    after = {n: made[n] - 0.1 * made[f"d_{n}"] for n in made if f"d_{n}" in made}
    column = b.reshape(-1, 1) - 0.1 * db if which == "bias" else b - 0.1 * db.reshape(-1, 1)
    return {"after": {**after, "dense1.b": column}}


def right() -> Iterator[Case]:
    for net in (n for n, made in DEEP.items() if not made.l2):
        for program in PROGRAMS:
            for rows in (1, 4, 6, 9):
                yield case(program, net, rows, "")
