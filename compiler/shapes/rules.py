"""The pieces that the shape rules and cost rules of several layer kinds are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..diagnostics.codes import shapes as codes
from ..ir.dims import Dim, product, shape_text
from ..ir.types import DType, TensorType
from .context import ShapeContext, ShapeFault


def require_floats(c: ShapeContext) -> None:
    """Refuse whole numbers: arithmetic on token ids or class ids means nothing."""
    kind = c.layer.kind
    for i, type in enumerate(c.inputs):
        if type.dtype is not DType.FLOAT:
            raise ShapeFault(
                codes.INTEGER_INPUT,
                f"{kind} calculates with real numbers, but whole ones come in",
                here=f"the input is {type}",
                help="leave `int` out of the input, so that it holds real numbers",
                blame=i,
            )


def same(c: ShapeContext) -> TensorType:
    """Real numbers in, the same shape out: what every entry-by-entry layer does."""
    require_floats(c)
    return c.input


def require_features(c: ShapeContext) -> Dim:
    """The size of the feature axis of a layer that reads D or TxD; images are refused."""
    require_floats(c)
    if c.input.rank > 2:
        shape, count = shape_text(c.input.shape), product(c.input.shape)
        raise ShapeFault(
            codes.NEEDS_FEATURES,
            f"{c.layer.kind} works on features, but {shape} has {c.input.rank} axes",
            here=f"needs D or TxD, the input is {shape}",
            help=(
                f"put `flatten` before it, which makes {count} features of {shape}"
                if isinstance(count, int)
                else f"write numbers for all axes of {shape} and put `flatten` before it"
            ),
            insert="flatten" if isinstance(count, int) else "",
        )
    return c.input.shape[-1]


def check_in(c: ShapeContext, size: Dim, result: TensorType) -> None:
    """Hold the assertion `in=` against the size that comes in; `result` is the layer's type."""
    claimed = c.args.get("in")
    if claimed is None or claimed == size:
        return
    raise ShapeFault(
        codes.IN_MISMATCH,
        f"`in={claimed}`, but {size} features come in",
        at="in",
        here=f"claims {claimed}, the input is {c.input}",
        help=f"write `in={size}`, or leave `in=` out: it only checks what comes in",
        replace=str(size),
        result=result,
    )


def refuse_mixing(c: ShapeContext, what: str, help: str, *, blame: int = 0) -> ShapeFault:
    """The refusal of a layer that would mix the positions of rows of different lengths."""
    return ShapeFault(
        codes.RAGGED_MIXED,
        f"{c.layer.kind} would {what}, but rows of different lengths come in",
        here=f"the input is {c.inputs[blame]}",
        help=help,
        blame=blame,
    )


def per_entry(operations: int) -> Callable[[ShapeContext], Dim]:
    """The cost of a layer that does so many operations to every entry of its input."""

    def flops(c: ShapeContext) -> Dim:
        return operations * product(c.input.shape)

    return flops


def over_features(c: ShapeContext) -> TensorType:
    """The same shape out, but each entry depends on its whole last axis."""
    require_floats(c)
    if c.input.ragged and c.input.rank == 1:
        raise refuse_mixing(
            c,
            f"work across the {c.input.shape[0]} positions of a row",
            "give every position features of its own, as in `input Tx8 ragged`",
        )
    return c.input


# --- fixed numbers along an axis ----------------------------------------------------------


def check_list(c: ShapeContext, name: str, axis: int) -> None:
    """Hold a list of numbers, one for each entry along a feature axis, against its length."""
    numbers, size = c.arg(name), c.input.shape[axis]
    if not isinstance(numbers, tuple) or len(numbers) == size:
        return
    what = "channel" if axis == 0 and c.input.rank > 1 else "feature"
    raise ShapeFault(
        codes.LIST_LENGTH,
        f"{counted(len(numbers), 'number')} for {counted(size, what)}",
        at=name,
        here=f"has {counted(len(numbers), 'number')}, the input is {c.input}",
        help=(
            "give a single number" if size == 1 else f"give one number for all, or a list of {size}"
        ),
        result=c.input,
    )


def counted(number: Dim, what: str) -> str:
    """`1 channel`, `3 channels`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def last_or_channel_axis(rank: int) -> int:
    """The axis a list runs along in D, TxD (the last) and CxHxW (the channels)."""
    return 0 if rank > 2 else rank - 1


# --- merges -------------------------------------------------------------------------------


def require_branches(c: ShapeContext, exactly: int | None = None) -> None:
    """Refuse a merge that does not stand after a fork of the right number of branches."""
    require_floats(c)
    kind, count = c.layer.kind, len(c.inputs)
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
    """The type of a merge that takes its branches entry by entry; they must have one shape."""
    require_branches(c)
    return common_type(c)


def pair(c: ShapeContext) -> TensorType:
    """The type of a merge of two branches of one shape."""
    require_branches(c, exactly=2)
    return common_type(c)


def common_type(c: ShapeContext) -> TensorType:
    """The one shape that all branches have; nothing is broadcast in silence."""
    first = c.inputs[0]
    for i, other in enumerate(c.inputs):
        if other.shape != first.shape:
            raise ShapeFault(
                codes.BRANCHES_DIFFER,
                f"{c.layer.kind} needs branches of one shape, but they are "
                f"{listed([shape_text(t.shape) for t in c.inputs])}",
                here="the branches differ in shape",
                help=_how_to_agree(c.layer.kind, first, other, i),
                blame=i,
            )
    return replace(first, ragged=any(t.ragged for t in c.inputs))


def _how_to_agree(kind: str, first: TensorType, other: TensorType, index: int) -> str:
    """A way to give branch number `index` (from 0) the shape of the first one."""
    place, units = f"branch {index + 1}", first.shape[-1]
    if other.shape[:-1] == first.shape[:-1] and first.rank < 3 and isinstance(units, int):
        join = ", or join the branches with `concat axis=-1`" if kind in ("add", "mean") else ""
        return f"end {place} with `dense {units}`{join}"
    if product(first.shape) == product(other.shape):
        return f"end {place} with `reshape {shape_text(first.shape)}`"
    return f"make {place} end in {shape_text(first.shape)}, like the first"


def listed(words: list[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def per_branch_entry(c: ShapeContext) -> Dim:
    """The cost of a merge that does one operation to every entry of every further branch."""
    return (len(c.inputs) - 1) * product(c.input.shape)
