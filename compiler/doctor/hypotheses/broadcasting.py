"""Arrays that NumPy broadcasts against one another where that is not meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ...ir.op_graph import Role
from ..anatomy import Anatomy, Judged
from ..rewriting import Edit
from .layout import becomes, rerouted_turned
from .registry import Change, Hypothesis, Site, hypothesis


def _bias(anatomy: Anatomy) -> Iterator[Site]:
    for product in (p for p in anatomy.products if p.a < 0):
        layer, id = product.param.rpartition(".")[0], product.node
        what = f"d_{product.param} has a row for every row of the batch: they are not added up"
        change = becomes(id, "copied", product.dz)
        yield Site(layer, (id,), what, "db = dz", "db = Σ dz, over the rows", change)
        yield from _grown(anatomy, product.param)
    for node, bias in anatomy.added_biases:
        what = f"{bias.word('name')} is added along the rows: one of its entries to every row"
        change = rerouted_turned(node.id, bias.id)
        wrong, right = "z = x W + b[:, None]", "z = x W + b"
        yield Site(node.origin.layer, (node.id,), what, wrong, right, change)


def _grown(anatomy: Anatomy, name: str) -> Iterator[Site]:
    """(n,) against (n, 1) in the step gives (n, n)."""
    if anatomy.step is None:
        return
    leaf, gradient, after = (
        anatomy.reference.tensors[name],
        anatomy.params[name],
        anatomy.after[name],
    )
    made = anatomy.graph[after]
    forms = (("b[:, None] − lr·db", leaf), ("b − lr·db[:, None]", gradient))
    for wrong, column in forms:

        def change(edit: Edit, column: int = column) -> None:
            turned = edit.apply(after, "turned", column)
            kept = {leaf: leaf, gradient: gradient}
            edit.become(after, edit.clone(edit.original(after), {**kept, column: turned}))

        what = f"{name} grows to a square in the step: a column meets a row"
        yield Site(made.origin.layer, (after,), what, wrong, "b − lr·db, both (n,)", change)


def _cost(anatomy: Anatomy) -> Iterator[Site]:
    for judged in anatomy.judged:
        if anatomy.values[judged.y].shape[1:] != (1,):
            continue
        loss = anatomy.reference.tensors.get(f"{judged.layer}_loss")
        for text, make, rank in _spreads(judged, anatomy.rows):
            for value in (None, loss) if loss is not None else (None,):
                what = f"(B, 1) minus (B,) is (B, B): every output meets every target, {text} used"
                nodes = (judged.delta, *([value] if value is not None else []))
                formulas = ("y (B, 1) − t (B,)", "y − t, both (B, 1)")
                change = _cost_change(anatomy, judged.residual, make, judged.target, value)
                yield Site(judged.layer, nodes, what, *formulas, change, rank=rank)


def _spreads(judged: Judged, rows: int) -> Iterator[tuple[str, Callable[[Edit], int], int]]:
    """What becomes of y − t where t lies along the other axis."""
    like = judged.residual

    def spread(edit: Edit) -> int:
        return edit.apply(like, "sub", judged.y, edit.apply(like, "turned", judged.target))

    def added(edit: Edit, share: float) -> int:
        summed = edit.apply(like, "sum", spread(edit), axes=(1,), keepdims=True)
        return edit.times(summed, share)

    yield "their mean by rows is", lambda edit: added(edit, 1 / rows), 0
    yield "their sum by rows is", lambda edit: added(edit, 1.0), 0
    yield "all of them are", spread, 1


def _cost_change(
    anatomy: Anatomy, residual: int, make: Callable[[Edit], int], target: int, loss: int | None
) -> Change:
    """The gradient begins with something else, and the loss is the mean over (B, B)."""

    def change(edit: Edit) -> None:
        if loss is not None:
            turned = edit.apply(target, "turned", target)
            spread = edit.clone(edit.original(loss), {target: turned})
            edit.become(loss, edit.times(spread, 1 / anatomy.rows))
        edit.redirect(residual, make(edit), Role.BACKWARD)

    return change


def _class_ids(anatomy: Anatomy) -> Iterator[Site]:
    for judged in anatomy.judged:
        if anatomy.values[judged.y].shape[-1] < 2:
            continue
        for first, turned in ((0, False), (1, False), (0, True)):

            def change(
                edit: Edit, j: Any = judged, first: int = first, turned: bool = turned
            ) -> None:
                ids = edit.apply(j.residual, "class_ids", j.target, first=first)
                ids = edit.apply(j.residual, "turned", ids) if turned else ids
                other = edit.apply(j.residual, "sub", j.y, ids)
                edit.redirect(j.residual, other, Role.BACKWARD)

            text = "a row of all ids" if turned else "the row's id"
            what = f"{text} is subtracted from the outputs where one-hot targets should be"
            wrong, right = "dz = y − ids", "dz = y − onehot(ids)"
            yield Site(judged.layer, (judged.delta,), what, wrong, right, change, rank=first)


hypothesis(
    Hypothesis(
        slug="bias-broadcast",
        title="a bias is broadcast the wrong way",
        page="NumPy lets (n,) and (n, 1) meet: the result is (n, n). A bias of the shape (n,) needs a "
        "gradient of the shape (n,), added up over the rows of the batch. Print b.shape after a "
        "step: it must be what it was.",
        wrong="b = b - lr * dZ",
        right="b = b - lr * dZ.sum(axis=0)",
        sites=_bias,
        rank=1,
    )
)
hypothesis(
    Hypothesis(
        slug="cost-broadcast",
        title="the cost is taken between all outputs and all targets",
        page="An output of the shape (B, 1) minus a target of the shape (B,) is a matrix (B, B): "
        "every output meets every target, so the network learns the mean of all targets. Give both "
        "the same shape.",
        wrong="loss = np.mean((Y - t) ** 2)   # (B, 1) - (B,)",
        right="loss = np.mean((Y - t[:, None]) ** 2)",
        sites=_cost,
        rank=1,
    )
)
hypothesis(
    Hypothesis(
        slug="class-ids-broadcast",
        title="class numbers stand where one-hot rows belong",
        page="The gradient y − t wants a row with a single 1 for every sample. A column of class "
        "numbers broadcasts against y without complaint, and class 7 pulls every output towards 7.",
        wrong="dZ = Y - labels[:, None]",
        right="dZ = Y - np.eye(10)[labels]",
        sites=_class_ids,
        rank=1,
    )
)
