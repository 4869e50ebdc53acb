"""Wrong targets and residuals: shifted classes, numbers in place of arrays, weights of classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..anatomy import Anatomy, Judged
from ..rewriting import Edit
from .activation import swapped
from .loss import begun, instead_of_residual, other_target
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
            for where, change in other_target(judged, _rolled(by)):
                what = (
                    f"every target stands one class {text}{where}: the ids begin at another number"
                )
                wrong, right = f"t = onehot(id {'+' if by > 0 else '−'} 1)", "t = onehot(id)"
                yield Site(judged.layer, begun(anatomy, judged), what, wrong, right, change)


def _rolled(by: int) -> Callable[[Edit, int], int]:
    return lambda edit, target: edit.apply(target, "rolled", target, by=by)


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
    yield from _loss_alone(anatomy)


def _times_loss(anatomy: Anatomy) -> Iterator[Site]:
    for judged in anatomy.judged:
        loss = anatomy.reference.tensors.get(f"{judged.layer}_loss")
        if loss is None:
            continue

        def make(edit: Edit, j: Judged = judged, loss: int = loss) -> int:
            residual = edit.original(j.residual)
            return edit.apply(j.residual, "mul", residual, edit.original(loss))

        what = "the residual is multiplied by the value of the loss"
        yield _site(anatomy, judged, what, "dz = (y − t) · loss", make)


def _loss_alone(anatomy: Anatomy) -> Iterator[Site]:
    """The value of the loss in every place, with the factor that the residual should have or not."""
    for judged in anatomy.judged:
        loss = anatomy.reference.tensors.get(f"{judged.layer}_loss")
        if loss is None:
            continue
        for sign, text in ((1.0, ""), (-1.0, "−")):

            def value(edit: Edit, like: int, loss: int = loss, sign: float = sign) -> int:
                nothing = edit.times(edit.original(like), 0.0)
                return edit.times(edit.apply(like, "add", nothing, edit.original(loss)), sign)

            def plain(edit: Edit, j: Judged = judged, value: Any = value) -> None:
                edit.become(j.gradient, value(edit, j.gradient))

            what = "the gradient begins with the value of the loss, one number for all residuals"
            wrong, right = f"dy = {text}loss", "dy = the derivative of the loss by y"
            nodes, rank = (judged.gradient,), int(sign < 0)
            yield Site(judged.layer, nodes, what, wrong, right, plain, rank=rank)
            scaled = instead_of_residual(judged, partial(value, like=judged.residual))
            yield Site(judged.layer, nodes, what, wrong, right, scaled, rank=rank + 1)


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


# --- values of other rows ------------------------------------------------------------------


def _stale(anatomy: Anatomy) -> Iterator[Site]:
    """In the way back, the activations of another sample: the last, the first, the one before."""
    rows = anatomy.rows
    orders = {
        "the last sample": (rows - 1,) * rows,
        "the sample before": (rows - 1, *range(rows - 1)),
    }
    for text, order in orders.items():
        yield from _of_rows(anatomy, f"{text}, kept from before", order)


def _first_only(anatomy: Anatomy) -> Iterator[Site]:
    """In the way back, the activations of the first sample for all: an index that stays at 0."""
    yield from _of_rows(anatomy, "the first sample, for all samples", (0,) * anatomy.rows, "x[0]")


def _of_rows(
    anatomy: Anatomy, text: str, order: tuple[int, ...], which: str = "x_old"
) -> Iterator[Site]:
    right = "dW = xᵀ dz, each row with its own x"
    if anatomy.rows > 1:
        for product in (p for p in anatomy.products if p.a >= 0):

            def change(edit: Edit, p: Any = product, order: tuple[int, ...] = order) -> None:
                other = edit.apply(p.a, "rows_at", p.a, rows=order)
                kept = {p.dz: p.dz}
                edit.become(p.node, edit.clone(edit.original(p.node), {**kept, p.a: other}))

            what = f"d_{product.param} is computed from the input of {text}"
            layer = product.param.rpartition(".")[0]
            yield Site(layer, (product.node,), what, f"dW = {which}ᵀ dz", right, change, rank=1)
        for active in anatomy.activations:

            def slope(edit: Edit, a: Any = active, order: tuple[int, ...] = order) -> None:
                old = {id: edit.apply(id, "rows_at", id, rows=order) for id in (a.a, a.z)}
                swapped(a, old)(edit)

            what = f"the slope of {active.layer} is that of {text}"
            yield Site(
                active.layer,
                (active.dz,),
                what,
                f"dz = da · a′ at {which}",
                "dz = da · a′",
                slope,
                rank=1,
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
hypothesis(
    Hypothesis(
        slug="fixed-index",
        title="one example's values are used for all examples",
        page="In a loop over the examples every line must read example i. An index left over from "
        "trying with one example, X[0] or a[0], gives all of them the values of the first.",
        wrong="for i in range(m): dW += np.outer(X[0], dZ[i])",
        right="for i in range(m): dW += np.outer(X[i], dZ[i])",
        sites=_first_only,
        rank=3,
    )
)
