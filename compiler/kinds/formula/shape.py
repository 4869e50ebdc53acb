"""The shape rule of formulas: sizes on every feature axis are equal or 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...diagnostics.codes import shapes as codes
from ...ir.dims import Shape, shape_text
from ...ir.formula import Apply, Formula
from ..shapes.context import ShapeFault
from .walk import Walk

REDUCTIONS = ("sum", "mean", "min", "max", "softmax")


def formula_shape(
    formula: Formula,
    shapes: Sequence[Shape],
    numbers: Mapping[str, float],
    ragged_axes: frozenset[int] = frozenset(),
) -> Shape:
    """Return the shape of a formula's value without the batch axis; raises ShapeFault.

    `ragged_axes` are the feature axes along which rows are padded; none may be reduced.
    """

    def step(term: Apply, operands: Sequence[float | Shape]) -> Shape:
        known = [(i, x) for i, x in enumerate(operands) if not isinstance(x, float)]
        if term.op in REDUCTIONS and len(operands) == 1:
            if not known:
                raise _of_number(term)
            return _reduced(term, known[0][1], ragged_axes)
        shape = known[0][1]
        for i, other in known[1:]:
            shape = _common(term, known[0][0], shape, i, other)
        return shape

    found = Walk(step).formula(formula, shapes, numbers)
    if isinstance(found, float):
        raise ShapeFault(
            codes.FORMULA_SHAPES,
            f"`{formula.name}` is the number {found:g}, whatever comes in",
            also=((formula.span, "does not depend on a value"),),
        )
    return found


def _common(term: Apply, first: int, one: Shape, second: int, other: Shape) -> Shape:
    fits = len(one) == len(other) and all(
        a == b or 1 in (a, b) for a, b in zip(one, other, strict=True)
    )
    if fits:
        return tuple(b if a == 1 else a for a, b in zip(one, other, strict=True))
    left, right = shape_text(one), shape_text(other)
    raise ShapeFault(
        codes.FORMULA_SHAPES,
        f"`{_short(term.span.text)}` has values of unlike shapes, {left} and {right}",
        also=(
            (term.operands[first].span, f"is {left}"),
            (term.operands[second].span, f"is {right}"),
        ),
        help="values of a formula have equal sizes, or 1, on every feature axis",
    )


def _reduced(term: Apply, shape: Shape, ragged_axes: frozenset[int]) -> Shape:
    if len(shape) - 1 in ragged_axes:
        raise ShapeFault(
            codes.RAGGED_MIXED,
            f"`{term.op}` runs over the last axis, along which rows have different lengths",
            also=((term.span, "takes the last axis"),),
            help="give every position features of its own, as in `input Tx8 ragged`",
        )
    return shape if term.op == "softmax" else (*shape[:-1], 1)


def _of_number(term: Apply) -> ShapeFault:
    return ShapeFault(
        codes.FORMULA_SHAPES,
        f"`{term.op}` of a number: it runs over the last axis of a value",
        also=((term.operands[0].span, "is a number"),),
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:37]}…"
