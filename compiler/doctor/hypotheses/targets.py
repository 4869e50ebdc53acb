"""Wrong targets and residuals: shifted classes, numbers in place of arrays, weights of classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..anatomy import Anatomy, Judged
from ..rewriting import Edit
from .activation import swapped
from .loss import instead_of_residual
from .registry import Hypothesis, Site, hypothesis

Make = Callable[[Edit], int]


def _site(
    anatomy: Anatomy, judged: Judged, what: str, wrong: str, make: Make, rank: int = 0
) -> Site:
    change = instead_of_residual(judged, make)
    return Site(judged.layer, (judged.delta,), what, wrong, "dz = y − t", change, rank=rank)


def _shift(anatomy: Anatomy) -> Iterator[Site]:
    for judged in anatomy.judged:
        if anatomy.values[judged.y].shape[-1] < 2:
            continue
        for by, text in ((1, "later"), (-1, "earlier")):

            def change(edit: Edit, t: int = judged.target, by: int = by) -> None:
                edit.become(t, edit.apply(t, "rolled", edit.original(t), by=by))

            users = tuple(anatomy.graph.users[judged.target])
            what = f"every target stands one class {text}: the ids begin at another number"
            wrong, right = f"t = onehot(id {'+' if by > 0 else '−'} 1)", "t = onehot(id)"
            yield Site(judged.layer, users, what, wrong, right, change)


def _as_scalar(anatomy: Anatomy) -> Iterator[Site]:
    """One number for all residuals, or one for each row."""
    for judged in anatomy.judged:
        size = anatomy.values[judged.residual].shape
        for text, wrong, axes, count in (
            ("their mean", "e = mean(y − t)", (0, 1), size[0] * size[-1]),
            ("their sum", "e = Σ (y − t)", (0, 1), 1),
            ("the mean of the row's", "e = mean(y − t, axis=1)", (1,), size[-1]),
            ("the sum of the row's", "e = Σ (y − t), axis=1", (1,), 1),
            ("the mean of the unit's", "e = mean(y − t, axis=0)", (0,), size[0]),
        ):

            def make(edit: Edit, j: Judged = judged, axes: Any = axes, count: int = count) -> int:
                like = j.residual
                summed = edit.apply(like, "sum", edit.original(like), axes=axes, keepdims=True)
                spread = edit.apply(like, "add", summed, edit.times(j.y, 0.0))
                return edit.times(spread, 1 / count)

            what = f"the residuals are taken as one number, {text}, before they go back"
            if len(size) == 2 and size != (1, 1):
                yield _site(anatomy, judged, what, wrong, make, int(count == 1))


def _times_loss(anatomy: Anatomy) -> Iterator[Site]:
    for judged in anatomy.judged:
        loss = anatomy.reference.tensors.get(f"{judged.layer}_loss")
        if loss is None:
            continue
        for alone in (False, True):

            def make(edit: Edit, j: Judged = judged, loss: int = loss, alone: bool = alone) -> int:
                base = edit.original(j.residual)
                if alone:
                    base = edit.apply(
                        j.residual, "add", edit.times(j.y, 0.0), edit.number(j.residual, 1.0)
                    )
                return edit.apply(j.residual, "mul", base, edit.original(loss))

            what = (
                "the gradient begins with the value of the loss"
                if alone
                else ("the residual is multiplied by the value of the loss")
            )
            wrong = "dz = loss" if alone else "dz = (y − t) · loss"
            yield _site(anatomy, judged, what, wrong, make, int(alone))


def _row_sum(anatomy: Anatomy) -> Iterator[Site]:
    """The Jacobian's rows add up to zero."""
    for judged in anatomy.judged:
        if anatomy.graph[judged.y].op != "softmax":
            continue

        def fitted(edit: Edit, given: Any, j: Judged = judged) -> None:
            tensors = anatomy.reference.tensors
            plain = [i for n, i in anatomy.params.items() if not anatomy.of_penalty(n)]
            own = [a for n, a in given.items() if tensors[n] in (*plain, j.delta)]
            if not any(a.any() for a in own):
                raise ValueError("exact zeros are no sum of rounded numbers")
            edit.scale(j.delta, 0.0)

        what = "the rows of the softmax's Jacobian are added up: that is zero, but for rounding"
        wrong, right = "dz = da · Σⱼ Jᵢⱼ", "dz = J da"
        yield Site(judged.layer, (judged.delta,), what, wrong, right, None, fitted=fitted)


def _of_softmax(anatomy: Anatomy) -> Iterator[Site]:
    for judged in anatomy.judged:
        if anatomy.graph[judged.y].op != "softmax":
            continue

        def again(edit: Edit, j: Judged = judged) -> int:
            twice = edit.emit(j.delta, "softmax", j.y)
            return edit.emit(j.delta, "sub", twice, j.target)

        def slope(edit: Edit, j: Judged = judged) -> int:
            twice = edit.emit(j.delta, "softmax", j.y)
            other = edit.emit(j.delta, "sub", edit.number(j.delta, 1.0), twice)
            diagonal = edit.emit(j.delta, "mul", twice, other)
            return edit.emit(j.delta, "mul", edit.original(j.residual), diagonal)

        def whole(edit: Edit, j: Judged = judged) -> int:
            twice, g = edit.emit(j.delta, "softmax", j.y), edit.original(j.residual)
            along = edit.apply(j.delta, "mul", g, twice)
            along = edit.apply(j.delta, "sum", along, axes=(1,), keepdims=True)
            return edit.apply(j.delta, "mul", twice, edit.apply(j.delta, "sub", g, along))

        for wrong, make in (
            ("dz = softmax(y) − t", again),
            ("dz = (y − t) · s (1 − s), s = softmax(y)", slope),
            ("dz = J(s) (y − t), s = softmax(y)", whole),
        ):
            what = "the softmax is applied to its own output: a, not z, is put in"
            yield _site(anatomy, judged, what, wrong, make)


def _weights(anatomy: Anatomy) -> Iterator[Site]:
    """Weights of classes that the spec has not."""
    for judged in anatomy.judged:
        target = anatomy.values[judged.target]
        onehot = bool(np.isin(target, (0, 1)).all()) and bool((target.sum(axis=-1) == 1).all())
        if target.ndim != 2 or target.shape[-1] < 2 or not onehot:
            continue
        counts = target.sum(axis=0)
        with np.errstate(divide="ignore"):
            balanced = np.where(counts > 0, len(target) / (len(counts) * counts), 0.0)
        weights = target @ balanced
        for text, rows in (
            ("the rarer, the larger", weights),
            ("the rarer, the larger, divided by their sum", weights / weights.mean()),
        ):

            def make(edit: Edit, j: Judged = judged, rows: Any = rows) -> int:
                column = edit.emit(j.delta, "const", value=tuple(rows.tolist()), shape=(len(rows),))
                column = edit.apply(j.residual, "turned", column)
                return edit.apply(j.residual, "mul", edit.original(j.residual), column)

            what = f"rows are weighted by their class, {text}, but the spec has no weights"
            yield _site(anatomy, judged, what, "dz = w[class] · (y − t)", make)


# --- rectifiers and values of other rows --------------------------------------------------


def _relu_gate(anatomy: Anatomy) -> Iterator[Site]:
    for active in (a for a in anatomy.activations if a.op in ("relu", "leaky_relu")):
        for wrong, source, sign in (
            ("dz = da where da > 0", active.da, 1.0),
            ("dz = da where z < 0", active.z, -1.0),
            ("dz = da where da > 0 and z > 0", -1, 1.0),
        ):

            def change(
                edit: Edit, a: Any = active, source: int = source, sign: float = sign
            ) -> None:
                like = a.dz
                start = edit.original(like) if source < 0 else a.da
                value = edit.times(a.da if source < 0 else source, sign)
                above = edit.emit(like, "greater", value, edit.number(like, 0.0))
                edit.become(like, edit.emit(like, "mul", start, edit.emit(like, "as_real", above)))

            what = (
                f"the gradient passes {active.layer} where it should not: its gate is another one"
            )
            right = "dz = da where z > 0, else 0"
            yield Site(active.layer, (active.dz,), what, wrong, right, change)


def _stale(anatomy: Anatomy) -> Iterator[Site]:
    """In the way back, the activations of another sample: the last, the first, the one before."""
    rows = anatomy.rows
    orders = {
        "the last sample": (rows - 1,) * rows,
        "the first sample": (0,) * rows,
        "the sample before": (rows - 1, *range(rows - 1)),
    }
    right = "dW = xᵀ dz, each row with its own x"
    for text, order in orders.items():
        if rows < 2:
            return
        for product in (p for p in anatomy.products if p.a >= 0):

            def change(edit: Edit, p: Any = product, order: tuple[int, ...] = order) -> None:
                other = edit.apply(p.a, "rows_at", p.a, rows=order)
                kept = {p.dz: p.dz}
                edit.become(p.node, edit.clone(edit.original(p.node), {**kept, p.a: other}))

            what = f"d_{product.param} is computed from the input of {text}, kept from before"
            layer = product.param.rpartition(".")[0]
            yield Site(layer, (product.node,), what, "dW = x_oldᵀ dz", right, change, rank=1)
        for active in anatomy.activations:

            def slope(edit: Edit, a: Any = active, order: tuple[int, ...] = order) -> None:
                old = {id: edit.apply(id, "rows_at", id, rows=order) for id in (a.a, a.z)}
                swapped(a, old)(edit)

            what = f"the slope of {active.layer} is that of {text}, kept from before"
            yield Site(
                active.layer, (active.dz,), what, "dz = da · a′_old", "dz = da · a′", slope, rank=1
            )


hypothesis(
    Hypothesis(
        slug="onehot-shift",
        title="the classes are off by one",
        page="Class ids count from 0: in a row of ten, class 3 is the fourth place. Labels that "
        "count from 1 must be lowered by one; if they are not, the last class wraps round, or fails.",
        wrong="T = np.eye(10)[labels - 1]",
        right="T = np.eye(10)[labels]",
        sites=_shift,
        rank=1,
    )
)
hypothesis(
    Hypothesis(
        slug="residual-as-scalar",
        title="the residuals are reduced to a number before they go back",
        page="Every output of every row has a residual of its own, and the gradient starts with all "
        "of them. Their mean tells how wrong the network is, but not where.",
        wrong="dZ = np.mean(Y - T)",
        right="dZ = (Y - T) / len(X)",
        sites=_as_scalar,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="residual-times-scalar",
        title="the value of the loss is a factor of its gradient",
        page="The loss's value is not needed on the way back: the gradient of mean(l) is the mean of "
        "the gradients. Multiplied by the loss, steps shrink as the network learns.",
        wrong="dZ = (Y - T) * loss",
        right="dZ = Y - T",
        sites=_times_loss,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="softmax-row-sum",
        title="the rows of the softmax's Jacobian are added up",
        page="The outputs of a softmax add up to 1, so the rows of its Jacobian add up to 0. A "
        "gradient that has lost its direction that way is nothing but rounding. Multiply the "
        "Jacobian by the gradient, row by row.",
        wrong="dZ = dA * J.sum(axis=-1)",
        right="dZ = np.einsum('bij,bj->bi', J, dA)",
        sites=_row_sum,
        rank=-1,  # only of what is not exactly zero, and then it is plain
    )
)
hypothesis(
    Hypothesis(
        slug="softmax-of-softmax",
        title="the softmax is applied to its own output",
        page="A function that computes the softmax of its argument, or its derivative, wants z. "
        "Given the probabilities, it makes them almost equal, and the network seems to learn "
        "without ever being sure.",
        wrong="dZ = softmax(Y) - T",
        right="dZ = Y - T   # Y = softmax(Z)",
        sites=_of_softmax,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="class-weights",
        title="rows are weighted by their classes, or should be and are not",
        page="A loss with weights of classes has them in its gradient, row by row, and divides by the "
        "sum of the weights. The same weights must be in both.",
        wrong="dZ = w[labels][:, None] * (Y - T) / m",
        right="dZ = (Y - T) / m",
        sites=_weights,
        rank=3,
    )
)
hypothesis(
    Hypothesis(
        slug="relu-gate",
        title="a rectifier's gate looks at the wrong array",
        page="A relu lets a gradient through where its z was positive on the way forward, whatever "
        "the sign of the gradient is.",
        wrong="dZ = np.where(dA > 0, dA, 0)",
        right="dZ = np.where(Z > 0, dA, 0)",
        sites=_relu_gate,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="stale-activations",
        title="the way back uses activations of another sample",
        page="The gradient of a row is computed from the activations of that row. A loop that keeps "
        "one array for all samples, or fills it before it uses it, has those of the last one.",
        wrong="for x, t in rows: forward(x);   dW += self.a.T @ dz   # after the loop",
        right="for x, t in rows: forward(x); dW += self.a.T @ dz",
        sites=_stale,
        rank=3,
    )
)
