"""The shape rules of layers that merge the branches of a fork."""

from __future__ import annotations

from dataclasses import replace

from ...diagnostics.codes import shapes as codes
from ...ir.dims import Dim, product, shape_text
from ...ir.types import TensorType
from .context import ShapeContext, ShapeFault
from .rules import refuse_mixing, require_floats


def require_branches(c: ShapeContext, exactly: int | None = None) -> None:
    """Refuse a merge that does not follow a fork with the right number of branches."""
    require_floats(c)
    kind, count = c.kind, len(c.inputs)
    if exactly is not None and count != exactly:
        raise ShapeFault(
            codes.BRANCH_COUNT,
            f"{kind} takes {exactly} branches, not {count}",
            here=f"takes {exactly} branches, {count} come in",
            help=f"leave {exactly} branches in the fork before it",
        )
    if count < 2:
        raise ShapeFault(
            codes.BRANCH_COUNT,
            f"{kind} merges two branches or more, but the fork has one",
            here="one branch comes in",
            help=f"add a branch, such as `id` for the value itself, or leave out `{kind}`",
        )


def equal_branches(c: ShapeContext) -> TensorType:
    """Return the type of an elementwise merge; its branches must have equal shapes."""
    require_branches(c)
    return common_type(c)


def pair(c: ShapeContext) -> TensorType:
    """Return the type of a merge of two branches of equal shape."""
    require_branches(c, exactly=2)
    return common_type(c)


def common_type(c: ShapeContext) -> TensorType:
    """Return the type that all branches share; nothing is broadcast implicitly."""
    first = c.inputs[0]
    for i, other in enumerate(c.inputs):
        if other.shape != first.shape:
            raise ShapeFault(
                codes.BRANCHES_DIFFER,
                f"{c.kind} needs branches of one shape, but they are "
                f"{listed([shape_text(t.shape) for t in c.inputs])}",
                here="the branches differ in shape",
                help=f"make branch {i + 1} end in {shape_text(first.shape)}, like the first",
                blame=i,
            )
    return padded_like(c, first)


def padded_like(c: ShapeContext, type: TensorType) -> TensorType:
    """Return the type with the padding of the branches, which must be along the same axis."""
    ragged = [i for i, t in enumerate(c.inputs) if t.ragged]
    axes = [c.inputs[i].ragged_axis for i in ragged]
    if len(set(axes)) > 1:
        other = next(i for i in ragged if c.inputs[i].ragged_axis != axes[0])
        raise refuse_mixing(
            c,
            f"put positions along axis {axes[0]} and along axis {c.inputs[other].ragged_axis} together",
            "bring the positions of all branches to one axis, with `transpose` or `permute`",
            blame=other,
        )
    return replace(type, ragged=bool(axes), ragged_axis=axes[0] if axes else type.ragged_axis)


def listed(words: list[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def per_branch_entry(c: ShapeContext) -> Dim:
    """Return the cost of one operation for each entry of every branch after the first."""
    return (len(c.inputs) - 1) * product(c.input.shape)
