"""Reshapes and permutations: stages, or another view of the same stage."""

from __future__ import annotations

from math import prod

from onnx import NodeProto

from ..faults import Unsupported
from ..network import BATCH, Size, attributes, size, stand_in
from ..translation import Form, Translation, View, reads


@reads("Flatten", "Reshape", "Squeeze", "Unsqueeze")
def _reshape(t: Translation, node: NodeProto) -> None:
    """A reshape: omitted, a flatten, a reshape, or batch and positions merged into one axis."""
    view = t.view(node.input[0])
    if view.form is Form.CHANNELS_LAST:
        view = View(t.plain(node.input[0]))
    shape = t.net.shape(node.output[0])
    row = t.stages[view.stage].shape
    found = _same(view, row, shape)
    if found is not None:
        return t.give(node.output[0], view.stage, found)
    if view.form is not Form.PLAIN or not shape or shape[0] != BATCH:
        raise Unsupported("it mixes the batch with other axes")
    wanted = tuple(map(size, shape[1:]))
    if _count(wanted) != _count(row):
        raise Unsupported(f"it changes the number of entries of a row, from {row} to {wanted}")
    return t.give(node.output[0], t.reshaped(view.stage, wanted))


def _same(view: View, row: tuple[Size, ...], shape: tuple[int, ...]) -> Form | None:
    """Return the form in which a value of that shape holds the same stage, or None."""
    known = tuple(stand_in(dim) for dim in row)
    if view.form is Form.DIRECTIONS and len(shape) == 3:
        return Form.STEPS_FIRST
    if view.form not in (Form.PLAIN, Form.FLAT):
        return None
    if shape == (BATCH, *known):
        return Form.PLAIN
    if len(known) == 1 and len(shape) > 2 and shape[:2] == (BATCH, *known):
        return Form.PLAIN if prod(shape[2:]) == 1 else None
    if len(known) > 1 and shape == (BATCH * prod(known[:-1]), known[-1]):
        return Form.FLAT
    return None


def _count(row: tuple[Size, ...]) -> int:
    return prod(map(stand_in, row))


@reads("Transpose")
def _transpose(t: Translation, node: NodeProto) -> None:
    rank = len(t.net.shape(node.input[0]))
    perm = attributes(node).get("perm", list(range(rank))[::-1])
    view = t.view(node.input[0])
    if list(perm) == [1, 0, 2] and view.form in (Form.PLAIN, Form.STEPS_FIRST):
        turned = Form.STEPS_FIRST if view.form is Form.PLAIN else Form.PLAIN
        stage = t.plain(node.input[0]) if view.form is Form.PLAIN else view.stage
        return t.give(node.output[0], stage, turned)
    last = [0, *range(2, rank), 1]
    if list(perm) == last and view.form is Form.PLAIN and rank > 2:
        return t.give(node.output[0], t.plain(node.input[0]), Form.CHANNELS_LAST)
    if [perm[axis] for axis in last] == list(range(rank)) and view.form is Form.CHANNELS_LAST:
        return t.give(node.output[0], view.stage)
    if view.form is Form.DIRECTIONS and list(perm) == [0, 2, 1, 3]:
        return t.give(node.output[0], view.stage, view.form)
    if perm[0] != 0:
        raise Unsupported("it moves the batch to another axis")
    stage = t.plain(node.input[0])
    row = t.stages[stage].shape
    order = [axis - 1 for axis in perm[1:]]
    if order == list(range(len(order))):
        return t.give(node.output[0], stage)
    text = "transpose" if len(order) == 2 else f"permute {' '.join(map(str, order))}"
    return t.give(node.output[0], t.stage(text, [stage], tuple(row[i] for i in order)))
