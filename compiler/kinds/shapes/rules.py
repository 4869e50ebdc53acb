"""Shared shape and cost rules of layer kinds."""

from __future__ import annotations

from collections.abc import Callable

from ...diagnostics.codes import shapes as codes
from ...ir.dims import Dim, product, shape_text, symbols
from ...ir.types import DType, TensorType
from .context import ShapeContext, ShapeFault


def require_floats(c: ShapeContext, reads: str = "") -> None:
    """Refuse integers: arithmetic on token ids or class ids is meaningless.

    `reads` is the stage that converts TxD to the shape that the layer reads, if it differs.
    """
    for i, type in enumerate(c.inputs):
        if type.dtype is not DType.FLOAT:
            help, insert = _embedded(c, type, reads)
            raise ShapeFault(
                codes.INTEGER_INPUT,
                f"{c.kind} calculates with real numbers, but whole ones come in",
                here=f"the input is {type}",
                help=help,
                insert=insert,
                blame=i,
            )


IDS, SIZE = 1000, 32
"""The proposed embedding: the number of ids, and the size of the vector of each."""


def _embedded(c: ShapeContext, type: TensorType, reads: str) -> tuple[str, str]:
    """Return advice for an integer input, and the stages to insert that embed ids.

    A row of unknown length contains ids; one of known length may contain quantities.
    """
    numbers = "leave `int` out of the input, so that it holds real numbers"
    if type.rank != 1:
        return numbers, ""
    stages = " -> ".join([f"embedding {IDS} {SIZE}", *([reads] if reads else [])])
    ids = f"`{stages}` before it, where each id below {IDS} becomes {SIZE} numbers"
    if not symbols(type.shape[0]):
        return f"{numbers}; for ids put {ids}", ""
    alone = len(c.inputs) == 1 and c.named in ("", c.layer.kind)
    return f"put {ids}", stages if alone else ""


def same(c: ShapeContext) -> TensorType:
    """Return the input type, which must be real: the rule of elementwise layers."""
    require_floats(c)
    return c.input


def require_features(c: ShapeContext) -> Dim:
    """Return the size of the feature axis of D or TxD; refuse images."""
    require_floats(c)
    if c.input.rank > 2:
        shape, count = shape_text(c.input.shape), product(c.input.shape)
        raise ShapeFault(
            codes.NEEDS_FEATURES,
            f"{c.kind} works on features, but {shape} has {c.input.rank} axes",
            here=f"needs D or TxD, the input is {shape}",
            help=(
                f"put `flatten` before it, which makes {count} features of {shape}"
                if isinstance(count, int)
                else f"write numbers for all axes of {shape} and put `flatten` before it"
            ),
            insert="flatten" if isinstance(count, int) else "",
        )
    return c.input.shape[-1]


def require_positions(c: ShapeContext) -> Dim:
    """Return the size of the feature axis of TxD; refuse other shapes."""
    require_floats(c)
    if c.input.rank == 2:
        _require_positions_first(c)
        return c.input.shape[-1]
    shape, one = c.input.shape, c.input.rank == 1
    channels, pixels = shape[0], product(shape[1:])
    known = not one and isinstance(channels, int) and isinstance(pixels, int)
    stages = f"reshape {channels}x{pixels} -> transpose" if known else ""
    if known:
        help = f"put `{stages}` before it, which makes {pixels} positions of {channels} features"
    elif one:
        declared = f"Tx{channels}" if isinstance(channels, int) else f"{channels}x1"
        help = f"declare a vector of features at every position, as in `input {declared}`"
    else:
        numbers = all(isinstance(n, int) for n in shape)
        help = "join axes with `reshape` before it until two are left"
        help = help if numbers else f"write numbers for all axes of {shape_text(shape)}, and {help}"
    raise ShapeFault(
        codes.NEEDS_POSITIONS,
        f"{c.kind} works on positions, but {shape_text(shape)} has "
        + ("no axis of them" if one else f"{len(shape)} axes"),
        here=f"needs TxD, the input is {c.input}",
        help=help,
        insert=stages,
    )


def check_in(c: ShapeContext, size: Dim, result: TensorType, what: str = "features") -> None:
    """Check the assertion `in=` against the input's size; `result` is the layer's type."""
    claimed = c.args.get("in")
    if claimed is None or claimed == size:
        return
    raise ShapeFault(
        codes.IN_MISMATCH,
        f"`in={claimed}`, but {size} {what} come in",
        at="in",
        here=f"claims {claimed}, the input is {c.input}",
        help=f"write `in={size}`, or leave `in=` out: it only checks what comes in",
        replace=str(size),
        result=result,
    )


def refuse_mixing(c: ShapeContext, what: str, help: str, *, blame: int = 0) -> ShapeFault:
    """Return the fault of a layer that would mix positions of rows of different lengths."""
    return ShapeFault(
        codes.RAGGED_MIXED,
        f"{c.kind} would {what}, but rows of different lengths come in",
        here=f"the input is {c.inputs[blame]}",
        help=help,
        blame=blame,
    )


def refuse_ragged_features(c: ShapeContext) -> None:
    """Refuse a ragged last axis, whose positions the layer would read as features."""
    if c.input.ragged and c.input.ragged_axis == c.input.rank - 1:
        raise refuse_mixing(
            c,
            f"work across the {c.input.shape[-1]} positions of a row",
            (
                "give every position features of its own, as in `input Tx8 ragged`"
                if c.input.rank == 1
                else "put the positions before the last axis again, with `transpose` or `permute`"
            ),
        )


def _require_positions_first(c: ShapeContext) -> None:
    """Refuse DxT for a layer that reads TxD, where T is padded or known only at run time."""
    first, last = c.input.shape
    if c.input.ragged_axis == 0 and (isinstance(last, int) or not isinstance(first, int)):
        return
    raise ShapeFault(
        codes.NEEDS_POSITIONS,
        f"{c.kind} reads positions along the first axis, but in {c.input} the positions come last",
        here=f"needs TxD, here {first}x{last}",
        help=f"put `transpose` before it, which makes {last}x{first}",
        insert="transpose",
    )


def per_entry(operations: int) -> Callable[[ShapeContext], Dim]:
    """Return the cost rule of a layer with this many operations per entry of its input."""

    def flops(c: ShapeContext) -> Dim:
        return operations * product(c.input.shape)

    return flops
