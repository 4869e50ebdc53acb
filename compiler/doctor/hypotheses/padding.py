"""Padding that is counted as data: in a loss over steps, in a mean over steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...ir.op_graph import Node
from ..anatomy import Anatomy
from ..rewriting import Edit
from .parts_of_loss import Instead, changes, losses, nodes_of
from .registry import Hypothesis, Site, hypothesis


def _padding(anatomy: Anatomy) -> Iterator[Site]:
    for layer in losses(anatomy):
        masks, counts = nodes_of(anatomy, layer, "mask_steps"), nodes_of(
            anatomy, layer, "count_steps"
        )
        for text, wrong, instead in _forms(anatomy, masks, counts):
            for where, nodes, change in changes(anatomy, layer, instead):
                right = "Σ l over data / Σ lengths"
                yield Site(layer, nodes, f"{text} {where}", wrong, right, change)
    for layer in dict.fromkeys(n.origin.layer for n in anatomy.graph if n.op == "as_real"):
        yield from _mean(anatomy, layer)


def _forms(
    anatomy: Anatomy, masks: list[Node], counts: list[Node]
) -> Iterator[tuple[str, str, Instead]]:
    """Padding among what is added up, among what it is divided by, or both."""
    if masks and counts:
        unmasked, all_ = _unmasked(masks), _counted(anatomy, counts)
        both: Instead = lambda edit: {**unmasked(edit), **all_(edit)}  # noqa: E731
        yield "padded steps count like data", "Σ l over all steps / (B·T)", both
        yield "the mean is divided by padded steps, too,", "Σ l over data / (B·T)", all_
        yield "padded steps are added up", "Σ l over all steps / Σ lengths", unmasked


def _unmasked(masks: list[Node]) -> Instead:
    return lambda edit: {mask.id: mask.inputs[0] for mask in masks}


def _counted(anatomy: Anatomy, counts: list[Node]) -> Instead:
    """All steps of the batch for those that hold data."""

    def instead(edit: Edit) -> Mapping[int, int]:
        return {n.id: edit.number(n.id, _steps(anatomy, n) * anatomy.rows) for n in counts}

    return instead


def _steps(anatomy: Anatomy, node: Node) -> float:
    """How many steps the padded rows have: the second axis of what has lengths."""
    for user in anatomy.graph:
        if user.op == "mask_steps" and user.inputs[1] in (node.id, *node.inputs):
            return float(anatomy.values[user.id].shape[user.whole("axis")])
    raise ValueError("nothing has these lengths")


def _mean(anatomy: Anatomy, layer: str) -> Iterator[Site]:
    """A mean over the steps of each row, on both ways."""
    masks = nodes_of(anatomy, layer, "mask_steps")
    lengths = [n for n in nodes_of(anatomy, layer, "as_real") if _is_lengths(anatomy, n)]
    if not masks or not lengths:
        return
    for text, wrong, unmasked, counted in (
        ("padded steps count like data", "x.mean(axis=1)", True, True),
        ("the sum over the steps is divided by padded ones, too,", "Σ x / T", False, True),
        ("padded steps are added up", "Σ x over all steps / length", True, False),
    ):

        def change(edit: Edit, unmasked: bool = unmasked, counted: bool = counted) -> None:
            for mask in masks if unmasked else ():
                edit.become(mask.id, mask.inputs[0])
            for node in lengths if counted else ():
                none, steps = edit.times(edit.original(node.id), 0.0), _steps(anatomy, node)
                edit.become(node.id, edit.emit(node.id, "add", none, edit.number(node.id, steps)))

        nodes = tuple(n.id for n in (*masks, *lengths))
        yield Site(layer, nodes, f"{text} in {layer}", wrong, "Σ x over data / length", change)


def _is_lengths(anatomy: Anatomy, node: Node) -> bool:
    return anatomy.graph[node.inputs[0]].op == "lengths"


hypothesis(
    Hypothesis(
        slug="padding-counted",
        title="padding is counted as if it were data",
        page="Sequences of different lengths are filled up to the longest one. What is filled in must "
        "not be in the loss, nor in a mean over the steps, nor in what that is divided by: short "
        "sequences would count less, and the network would learn the padding.",
        wrong="loss = np.mean(losses)   # (B, T), padding and all",
        right="mask = np.arange(T) < lengths[:, None];  loss = (losses * mask).sum() / mask.sum()",
        sites=_padding,
        rank=2,
    )
)
