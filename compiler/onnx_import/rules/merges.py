"""Binary operators: sums, products and concatenation of values, or of a value and constants."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto

from ..faults import Unsupported
from ..network import Array, Size, attributes
from ..translation import Form, Translation, numbers_text, reads

MOST = 1000
"""Most stored numbers that a spec spells out."""


@reads("Add", "Sum", "Sub", "Max", "Mean")
def _merge(t: Translation, node: NodeProto) -> None:
    """A merge of branches of one shape, or a shift by constants."""
    names = {"Add": "add", "Sum": "add", "Sub": "sub", "Max": "max", "Mean": "mean"}
    kind = names[node.op_type]
    stored = [t.constant(name) for name in node.input]
    if all(array is None for array in stored):
        return _together(t, node, kind)
    if kind not in ("add", "sub") or len(stored) != 2:
        raise Unsupported("one of its operands is stored")
    x, other = (0, stored[1]) if stored[0] is None else (1, stored[0])
    if other is None:
        raise Unsupported("both operands are stored")
    view = t.view(node.input[x])
    stage, row = view.stage, t.stages[view.stage].shape
    values = _for_features(t, node.input[x], other)
    if kind == "sub" and x == 1:  # b − x
        stage = t.stage("scale (-1)", [stage], row)
    elif kind == "sub":
        values = -values
    return _numbers(t, node, "shift", stage, values, row, view.form)


@reads("Mul")
def product(t: Translation, node: NodeProto) -> None:
    """A merge of branches, or constant factors."""
    stored = [t.constant(name) for name in node.input]
    if all(array is None for array in stored):
        return _together(t, node, "mul")
    x, other = (0, stored[1]) if stored[0] is None else (1, stored[0])
    if other is None:
        raise Unsupported("both operands are stored")
    view = t.view(node.input[x])
    values = _for_features(t, node.input[x], other)
    row = t.stages[view.stage].shape
    return _numbers(t, node, "scale", view.stage, values, row, view.form)


def quotient(t: Translation, node: NodeProto) -> None:
    """Division by constants, as factors."""
    by = t.constant(node.input[1])
    if by is None or t.constant(node.input[0]) is not None:
        raise Unsupported(
            "it divides by a value that is computed", "write a formula: fn ratio(a, b) = a / b"
        )
    view = t.view(node.input[0])
    values = 1 / _for_features(t, node.input[0], by)
    row = t.stages[view.stage].shape
    return _numbers(t, node, "scale", view.stage, values, row, view.form)


def _numbers(
    t: Translation,
    node: NodeProto,
    kind: str,
    stage: int,
    values: Array,
    row: tuple[Size, ...],
    form: Form,
) -> None:
    """A stage with constants; omitted if it has no effect, a bias where one fits."""
    if (values == (0 if kind == "shift" else 1)).all():
        return t.give(node.output[0], stage, form)
    if kind == "shift" and _is_bias(t, node, stage, values):
        made = t.stages[stage]
        made.text = made.text.replace(" bias=false", "")
        size = made.weights["W"].shape[0 if made.text.startswith("conv") else 1]
        made.weights = {**made.weights, "b": np.broadcast_to(values, (size,))}
        return t.give(node.output[0], stage, form)
    if values.size > MOST:
        raise Unsupported(f"{values.size:,} stored numbers, which no spec should spell out")
    return t.give(node.output[0], t.stage(f"{kind} {numbers_text(values)}", [stage], row), form)


def _is_bias(t: Translation, node: NodeProto, stage: int, values: Array) -> bool:
    """Return whether the constants are the bias of the preceding layer, which has none."""
    made = t.stages[stage]
    kind = made.text.partition(" ")[0]
    sources = [name for name in node.input if name in t.views]
    alone = all(len(t.net.users[name]) == 1 and name not in t.net.outputs for name in sources)
    return kind in ("dense", "conv") and "bias=false" in made.text and not made.activation and alone


def _for_features(t: Translation, name: str, values: Array) -> Array:
    """Return the constants as one number, one per feature of D or TxD, or one per channel of CxHxW."""
    if values.size == 1 or (values == values.ravel()[0]).all():
        return values.reshape(-1)[:1]
    view = t.view(name)
    row = t.stages[view.stage].shape
    if view.form is Form.CHANNELS_LAST:
        row = (*row[1:], row[0])
    last = len(row) < 3 or view.form is Form.CHANNELS_LAST
    axis = len(row) - 1 if last else 0
    aligned = (1,) * (len(row) - values.ndim) + values.shape[max(values.ndim - len(row), 0) :]
    wanted = tuple(size if i == axis else 1 for i, size in enumerate(row))
    if aligned != wanted or values.size != row[axis]:
        raise Unsupported(f"stored numbers of shape {values.shape} for rows of {row}")
    return np.ravel(values)


def _together(t: Translation, node: NodeProto, kind: str) -> None:
    """Return branches, which must have equal shapes."""
    views = [t.view(name) for name in node.input]
    forms = {view.form for view in views}
    stages = [v.stage for v in views] if len(forms) == 1 else []
    shapes = {t.stages[s].shape for s in stages}
    if not stages or len(shapes) > 1 or forms & {Form.DIRECTIONS}:
        stages = [t.plain(name) for name in node.input]
        forms, shapes = {Form.PLAIN}, {t.stages[s].shape for s in stages}
    if len(shapes) > 1:
        told = " and ".join("x".join(map(str, shape)) for shape in sorted(shapes, key=str))
        raise Unsupported(f"its operands have the shapes {told}, and merges take equal ones")
    t.give(node.output[0], t.stage(kind, stages, shapes.pop()), forms.pop())


@reads("Concat")
def _concat(t: Translation, node: NodeProto) -> None:
    rank = len(t.net.shape(node.output[0]))
    axis = attributes(node)["axis"] % rank
    if axis == 0:
        raise Unsupported("it puts batches one after the other")
    views = [t.view(name) for name in node.input]
    if {view.form for view in views} == {Form.CHANNELS_LAST} and axis == rank - 1:
        first, *rest = t.net.row(node.output[0])[::-1]
        made = t.stage("concat axis=0", [v.stage for v in views], (first, *rest[::-1]))
        return t.give(node.output[0], made, Form.CHANNELS_LAST)
    stages = [t.plain(name) for name in node.input]
    text = "concat" if rank == 2 else f"concat axis={axis - 1}"
    return t.give(node.output[0], t.stage(text, stages, t.net.row(node.output[0])))
