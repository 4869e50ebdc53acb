"""Python's and NumPy's rules of arithmetic, misjudged; rows that no longer belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from ...ir.op_graph import Role
from ..anatomy import Activation, Anatomy, Judged
from ..rewriting import Edit
from .activation import SLOPES, right
from .loss import begun, other_target
from .registry import Change, Fitted, Hypothesis, Site, hypothesis


def _sloped(anatomy: Anatomy) -> Iterator[tuple[Activation, Callable[[Edit], int]]]:
    """The activations whose slope is a formula in their value, and that slope as a node."""
    for active in anatomy.activations:
        if active.op in SLOPES:
            yield active, _slope(active)


def _slope(active: Activation) -> Callable[[Edit], int]:
    slope = SLOPES[active.op][1]
    return lambda edit: slope(edit, active.dz, active.a)


def _site(active: Activation, what: str, wrong: str, change: Change, rank: int = 0) -> Site:
    return Site(active.layer, (active.dz,), what, wrong, right(active), change, rank=rank)


def _precedence(anatomy: Anatomy) -> Iterator[Site]:
    for active, slope in _sloped(anatomy):
        forms = {"sigmoid": "da · a · 1 − a", "tanh": "da · 1 − a²"}
        if active.op in forms:
            what = f"brackets are missing round the slope of {active.op} in {active.layer}"
            yield _site(active, what, f"dz = {forms[active.op]}", _unbracketed(active))
        for before, after in pairwise(anatomy.activations):
            if before.dz == active.dz:
                yield from _slope_first(anatomy, active, slope, after.dz)
        for judged in anatomy.judged:
            yield from _slope_first(anatomy, active, slope, judged.delta)
            if judged.y == active.a:
                yield _target_only(active, slope, judged)
    for judged in anatomy.judged:
        what = "only the target is divided by the number of rows, not the difference"
        wrong, fine = "dz = y − t / B", "dz = (y − t) / B"
        change = _target_divided(judged, anatomy.rows)
        yield Site(judged.layer, (judged.delta,), what, wrong, fine, change)


def _unbracketed(active: Activation) -> Change:
    """da·a·1 − a, or da·1 − a²."""

    def change(edit: Edit) -> None:
        da, a, like = active.da, active.a, active.dz
        sigmoid = active.op == "sigmoid"
        first = edit.emit(like, "mul", da, a) if sigmoid else da
        last = a if sigmoid else edit.emit(like, "square", a)
        edit.become(like, edit.emit(like, "sub", first, last))

    return change


def _slope_first(
    anatomy: Anatomy, active: Activation, slope: Callable[[Edit], int], later: int
) -> Iterator[Site]:
    """(slope · dz) Wᵀ in place of slope · (dz Wᵀ), where widths are equal."""
    back = anatomy.graph[active.da]
    wide = anatomy.graph[later].type == anatomy.graph[active.a].type
    if back.op != "matmul" or back.inputs[0] != later or not wide:
        return

    def change(edit: Edit) -> None:
        first = edit.emit(active.dz, "mul", slope(edit), later)
        edit.become(active.dz, edit.emit(active.dz, "matmul", first, back.inputs[1]))

    what = f"* and @ bind alike, from left to right: the slope of {active.layer} is in the product"
    yield _site(active, what, "dz = slope * dz_next @ W.T", change)


def _target_only(active: Activation, slope: Callable[[Edit], int], judged: Judged) -> Site:
    """y − t·slope in place of (y − t)·slope."""

    def change(edit: Edit) -> None:
        target = edit.emit(judged.residual, "mul", judged.target, slope(edit))
        other = edit.emit(judged.residual, "sub", judged.y, target)
        edit.become(active.dz, edit.clone(active.da, {judged.residual: other}))

    what = "brackets are missing round y − t: only the target is multiplied by the slope"
    return _site(active, what, "dz = y − t · a′", change)


def _target_divided(judged: Judged, rows: int) -> Change:
    def change(edit: Edit) -> None:
        times = edit.times(judged.y, float(rows))
        other = edit.emit(judged.residual, "sub", times, judged.target)
        edit.redirect(judged.residual, other, Role.BACKWARD)

    return change


# --- * and @ ------------------------------------------------------------------------------


def _matrix_product(anatomy: Anatomy) -> Iterator[Site]:
    for active, slope in _sloped(anatomy):
        for turned in (False, True):

            def change(
                edit: Edit, a: Activation = active, s: Any = slope, turned: bool = turned
            ) -> None:
                pair = (s(edit), a.da) if turned else (a.da, s(edit))
                edit.become(a.dz, edit.apply(a.dz, "matmul", *pair))

            what = f"the slope of {active.layer} is multiplied as a matrix, not entry by entry"
            wrong = "dz = slope @ da" if turned else "dz = da @ slope"
            yield _site(active, what, wrong, change)
        yield from _as_matrices(anatomy, active)
    for product in (p for p in anatomy.products if p.a >= 0):
        layer, node = product.param.rpartition(".")[0], product.node
        what = f"d_{product.param} is a product entry by entry where a matrix product belongs"
        for text, summed in (("dW = x * dz", False), ("dW = Σ x * dz", True)):
            by_entry = _by_entry(node, product.a, product.dz, summed)
            yield Site(layer, (node,), what, text, "dW = xᵀ @ dz", by_entry, rank=int(summed))
    for name in anatomy.weights & set(anatomy.params):
        leaf = anatomy.reference.tensors[name]
        for use in (anatomy.graph[i] for i in anatomy.graph.users[leaf]):
            if use.op == "matmul" and use.inputs[1] == leaf:
                what = f"x * {name} is a product entry by entry where a matrix product belongs"
                entries = _by_entry(use.id, use.inputs[0], leaf, False)
                layer = use.origin.layer
                yield Site(layer, (use.id,), what, "z = x * W + b", "z = x @ W + b", entries)


def _as_matrices(anatomy: Anatomy, active: Activation) -> Iterator[Site]:
    """* of np.matrix in the slope itself, where a batch has as many rows as the layer has units."""
    if len(set(anatomy.values[active.a].shape)) != 1 or active.op not in ("sigmoid", "tanh"):
        return
    what = (
        f"the slope of {active.layer} is a product of matrices where entries should be multiplied"
    )
    for wrong, order in _ORDERS[active.op]:

        def change(edit: Edit, order: str = order) -> None:
            edit.become(active.dz, _chain(edit, active, order))

        yield _site(active, what, wrong, change)


_ORDERS = {
    "sigmoid": (
        ("dz = da ∘ (a @ (1 − a))", "d.ar"),
        ("dz = da ∘ ((1 − a) @ a)", "d.ra"),
        ("dz = da @ a @ (1 − a)", "dar"),
        ("dz = (1 − a) @ a @ da", "rad"),
    ),
    "tanh": (("dz = da ∘ (1 − a @ a)", "d.-aa"),),
}
"""Slopes in which matrices are multiplied: d is da, r is 1 − a, − is 1 − what follows."""


def _chain(edit: Edit, active: Activation, order: str) -> int:
    """A product as _ORDERS writes it."""
    like, head, _, tail = active.dz, *order.partition(".")
    if tail:
        slope = _chain(edit, active, tail.removeprefix("-"))
        one = edit.number(like, 1.0)
        slope = edit.apply(like, "sub", one, slope) if tail.startswith("-") else slope
        return edit.apply(like, "mul", active.da, slope)
    factors = {"a": active.a, "d": active.da}
    if "r" in head:
        factors["r"] = edit.emit(like, "sub", edit.number(like, 1.0), active.a)
    found = factors[head[0]]
    for letter in head[1:]:
        found = edit.apply(like, "matmul", found, factors[letter])
    return found


def _by_entry(node: int, a: int, b: int, summed: bool) -> Change:
    def change(edit: Edit) -> None:
        made = edit.apply(node, "mul", a, b)
        made = edit.apply(node, "sum", made, axes=(0,), keepdims=False) if summed else made
        edit.become(node, made)

    return change


# --- rows ---------------------------------------------------------------------------------


def _orders(anatomy: Anatomy, judged: Judged) -> Iterator[tuple[str, tuple[int, ...]]]:
    rows = list(range(anatomy.rows))
    yield "moved by one row", (*rows[1:], 0)
    yield "moved back by one row", (rows[-1], *rows[:-1])
    yield "in reverse order", tuple(rows[::-1])
    values = anatomy.values[judged.target]
    ids = values.argmax(axis=-1) if values.shape[-1] > 1 else values[..., 0]
    if ids.ndim == 1:
        yield "sorted by class", tuple(int(i) for i in np.argsort(ids, kind="stable"))


def _shuffled(anatomy: Anatomy) -> Iterator[Site]:
    wrong, fine = "x[order], t", "x[order], t[order]"
    for judged in anatomy.judged:
        nodes = begun(anatomy, judged)
        for text, rows in _orders(anatomy, judged):
            for where, change in other_target(judged, _in_order(rows)):
                what = f"the targets are {text} beside the inputs{where}"
                yield Site(judged.layer, nodes, what, wrong, fine, change, rank=1)
        what = "the targets belong to other rows than the inputs: one of the two was shuffled"
        for at, where in enumerate(("", " for the gradient")):
            fitted = _read_off(anatomy, judged, at)
            yield Site(judged.layer, nodes, what + where, wrong, fine, None, fitted=fitted)


def _in_order(rows: tuple[int, ...]) -> Callable[[Edit, int], int]:
    return lambda edit, target: edit.apply(target, "rows_at", target, rows=rows)


def _read_off(anatomy: Anatomy, judged: Judged, at: int) -> Fitted:
    """The order of the targets, read off the first gradient, or off the last layer's weights'.

    It is that of the loss as well (at 0), or that of the gradient alone (at 1).
    """

    def fitted(edit: Edit, given: Any) -> None:
        delta = _delta(anatomy, judged, given)
        residual, known = anatomy.values[judged.residual], anatomy.values[judged.delta]
        with np.errstate(divide="ignore", invalid="ignore"):
            target = anatomy.values[judged.y] - delta * np.where(known, residual / known, np.nan)
        right = anatomy.values[judged.target]
        apart = np.abs(target[:, None] - right[None]).max(axis=-1)
        rows = _matched(apart)
        other_target(judged, _in_order(rows))[at][1](edit)

    return fitted


def _matched(apart: Any) -> tuple[int, ...]:
    """Rows that are used once each, and nearest; raises ValueError where there are none."""
    free, rows = set(range(len(apart))), []
    for row in apart:
        fit = [i for i in sorted(free) if row[i] < 1e-4]
        if not fit:
            raise ValueError("the targets' rows are not those of another order")
        rows.append(fit[0])
        free.discard(fit[0])
    return tuple(rows)


def _delta(anatomy: Anatomy, judged: Judged, given: Any) -> Any:
    """dz as it is given, or solved for from dW = aᵀ dz, where a has more columns than rows."""
    name = anatomy.name_of(judged.delta)
    names = [n for n, i in anatomy.reference.tensors.items() if i == judged.delta and n in given]
    if names and given[names[0]].shape == anatomy.values[judged.delta].shape:
        return np.asarray(given[names[0]], np.float64)
    for product in anatomy.products:
        made = given.get(f"d_{product.param}")
        if product.dz == judged.delta and product.a >= 0 and made is not None:
            a = anatomy.values[product.a]
            if made.shape == anatomy.values[anatomy.params[product.param]].shape:
                return solved(a, np.asarray(made, np.float64))
    raise ValueError(f"{name} cannot be read off")


def solved(a: Any, made: Any) -> Any:
    """dz from dW = aᵀ dz; raises ValueError where it is not determined."""
    if (
        made.shape[0] != a.shape[-1]
        or np.linalg.matrix_rank(a) < len(a)
        or not np.isfinite(made).all()
    ):
        raise ValueError("there are more rows than the layer has inputs")
    return np.linalg.lstsq(a.T, made, rcond=None)[0]


hypothesis(
    Hypothesis(
        slug="precedence",
        title="Python computes in another order than the formula",
        page="* and / and @ bind alike, from left to right, and tighter than −. So a * 1 - a is zero, "
        "y - t / m divides the target alone, and slope * dZ @ W.T multiplies dZ by the slope before "
        "it goes back through W. Put brackets where the formula has them.",
        wrong="dZ1 = dA1 * A1 * 1 - A1",
        right="dZ1 = dA1 * A1 * (1 - A1)",
        sites=_precedence,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="matrix-product",
        title="* and @ are mixed up",
        page="For arrays * multiplies entry by entry and @ is the matrix product; for np.matrix "
        "* is the matrix product as well. Where shapes happen to fit, nothing complains. Use "
        "np.array, @ for products, and * for slopes and masks.",
        wrong="dZ = np.matrix(dA) * slope",
        right="dZ = np.asarray(dA) * slope",
        sites=_matrix_product,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="shuffled-labels",
        title="inputs and targets are in different orders",
        page="Row i of the targets must belong to row i of the inputs. Shuffle both by the same "
        "order, x[order] and t[order], and never one of the two alone.",
        wrong="np.random.shuffle(X)",
        right="order = np.random.permutation(len(X));  X, T = X[order], T[order]",
        sites=_shuffled,
        rank=2,
    )
)
