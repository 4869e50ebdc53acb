"""Remedies: the largest batch that fits, or the largest argument of the largest layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ..diagnostics.model import Report
from ..ir.layer_graph import Layer, TypedGraph
from ..kinds.arguments import Int
from ..layers import LAYERS
from ..shapes.infer import infer
from .need import Need, need

Measure = Callable[[Need], int]
"""The part of a need that is compared with the limit."""

PATIENCE = 20_000
"""Most layers typed in the search of an argument; each attempt types the whole network."""

TRIES = 64


def largest_batch(needed: Need, limit: int) -> int:
    """Return the rows of the largest batch that fits, to two digits; 0 if a single row does not."""
    per_row = sum(needed.activations.values()) // needed.batch
    left = limit - sum(needed.parameters.values())
    return _two_digits(max(0, left // per_row)) if per_row else 0


def largest_argument(
    typed: TypedGraph, layers: Iterable[Layer], limit: int, measure: Measure
) -> tuple[str, int] | None:
    """Return a written integer argument of a stage, and its largest value, to two digits, with
    which the network fits; `layers` are the copies of the stage."""
    copies = tuple(layers)
    if len(typed.graph.layers) * TRIES > PATIENCE:
        return None
    for spec in LAYERS[copies[0].kind].args:
        now = copies[0].args.get(spec.name)
        if not isinstance(spec.type, Int) or spec.name not in copies[0].given:
            continue
        if not isinstance(now, int):
            continue
        found = _largest(spec.type.low or 1, now, _fits(typed, copies, spec.name, limit, measure))
        if found is not None:
            return spec.name, found
    return None


def _fits(
    typed: TypedGraph, copies: tuple[Layer, ...], name: str, limit: int, measure: Measure
) -> Callable[[int], bool]:
    """Return a test whether the network is correct and fits with another value of an argument."""
    ids = {layer.id for layer in copies}

    def fits(value: int) -> bool:
        changed = tuple(
            replace(layer, args={**layer.args, name: value}) if layer.id in ids else layer
            for layer in typed.graph.layers
        )
        report = Report()
        tried = infer(replace(typed.graph, layers=changed), report)
        return not report.has_errors and measure(need(tried)) <= limit

    return fits


def _largest(low: int, high: int, fits: Callable[[int], bool]) -> int | None:
    """Return the largest value in [low, high) that fits, to two digits."""
    if low >= high or not fits(low):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return _two_digits(low)


def _two_digits(number: int) -> int:
    """Return the number with all but its first two digits set to zero."""
    scale = int(10 ** max(len(str(number)) - 2, 0))
    return number // scale * scale
