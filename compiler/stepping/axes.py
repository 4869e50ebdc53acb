"""The axis of each input along which a step reads one position at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..diagnostics.codes import shapes as codes
from ..diagnostics.model import Diagnostic, Label
from ..ir.dims import symbols
from ..ir.layer_graph import Layer, TypedGraph
from ..ir.types import DType, TensorType

Times = Mapping[int, int | None]
"""The axis of the positions of every input, by its layer; None where it has none."""


class CannotStep(ValueError):
    """A network that has no step; `diagnostic` says why, and where."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def possible_times(typed: TypedGraph) -> list[Times]:
    """Return the possible axes of the positions, likely ones first; raises CannotStep if none.

    Where a size is known only at run time, its axis has the positions. Where all sizes are fixed,
    it may be the first axis (TxD) or the last (CxL).
    """
    inputs = [n for n in typed.graph.layers if n.kind == "input"]
    open_axes = {n.id: _open_axis(typed.types[n.id]) for n in inputs}
    if any(axis is not None for axis in open_axes.values()):
        _refuse_two_lengths(typed, inputs)
        return [open_axes]
    ways: list[Times] = []
    for choose in (_first, _last):
        way = {n.id: choose(typed.types[n.id]) for n in inputs}
        if way not in ways and any(axis is not None for axis in way.values()):
            ways.append(way)
    if not ways:
        raise CannotStep(_no_positions(inputs[0]))
    return ways


Choice = Callable[[TensorType], int | None]


def _first(type: TensorType) -> int | None:
    return 0 if type.rank > 1 or type.dtype is DType.INT else None


def _last(type: TensorType) -> int | None:
    return type.rank - 1 if type.rank > 1 or type.dtype is DType.INT else None


def _open_axis(type: TensorType) -> int | None:
    return next((i for i, n in enumerate(type.shape) if symbols(n)), None)


def _refuse_two_lengths(typed: TypedGraph, inputs: list[Layer]) -> None:
    """Refuse sequences of two different symbolic lengths."""
    lengths: dict[str, Layer] = {}
    for layer in inputs:
        axis = _open_axis(typed.types[layer.id])
        if axis is not None:
            lengths.setdefault(str(typed.types[layer.id].shape[axis]), layer)
    if len(lengths) > 1:
        (one, first), (two, second), *_ = lengths.items()
        raise CannotStep(
            codes.LOOKS_AHEAD.at(
                second.span,
                f"a step reads one position of every input, but there are two lengths, {one} and {two}",
                here=f"{two} positions",
                labels=[Label(first.span, f"{one} positions")],
                help="put the part behind each length into a spec of its own",
            )
        )


def _no_positions(layer: Layer) -> Diagnostic:
    return codes.LOOKS_AHEAD.at(
        layer.span,
        "no input has positions that could be read one at a time",
        here="one vector for each row",
        help="declare a sequence, such as `input Tx8` or `input T int`",
    )
