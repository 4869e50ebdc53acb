"""The shape rules of layers with a list of constants, one for each feature or channel."""

from __future__ import annotations

from ...diagnostics.codes import shapes as codes
from ...ir.dims import Dim
from .context import ShapeContext, ShapeFault


def check_list(c: ShapeContext, name: str, axis: int) -> None:
    """Check that a list has one number for each entry of a feature axis."""
    numbers, size = c.arg(name), c.input.shape[axis]
    if not isinstance(numbers, tuple) or len(numbers) == size:
        return
    what = "channel" if axis == 0 and c.input.rank > 1 else "feature"
    raise ShapeFault(
        codes.LIST_LENGTH,
        f"{counted(len(numbers), 'number')} for {counted(size, what)}",
        at=name,
        here=f"has {counted(len(numbers), 'number')}, the input is {c.input}",
        help=_fitting_list(c, len(numbers), axis),
        result=c.input,
    )


def _fitting_list(c: ShapeContext, given: int, axis: int) -> str:
    """Return advice; with two axes the list may have been intended for the other one."""
    size = c.input.shape[axis]
    if c.input.rank == 2 and c.input.shape[1 - axis] == given:
        if axis == 0:
            return f"{c.kind} counts channels, the first axis; for features use `shift` and `scale`"
        return f"{c.kind} counts features, the last axis; for channels use `normalize`"
    if size == 1 or not isinstance(size, int):
        return "give a single number"
    return f"give one number for all, or a list of {size}"


def counted(number: Dim, what: str) -> str:
    """`1 channel`, `3 channels`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def last_or_channel_axis(rank: int) -> int:
    """Return the axis of a list: the last of D and TxD, the channels of CxHxW."""
    return 0 if rank > 2 else rank - 1
