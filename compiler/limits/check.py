"""Check that a network fits into memory, before anything is built.

The limit holds for the sum of parameters (NN404) and activations (NN405). The larger of the two
is reported; the other too if it alone exceeds the limit and is not a consequence of the first: a
wide value makes the weights of the next layer large.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

from ..diagnostics.codes import limits as codes
from ..diagnostics.model import Code, Diagnostic, Report
from ..ir.bounds import MAX_ADVISED
from ..ir.layer_graph import Layer, TypedGraph
from ..ir.sizes import open_symbols
from ..shapes.faults import Known, call_labels, chain_text, path_to
from ..source import Span
from .amounts import at_least, bytes_text, count_text, share_text
from .need import Need, need
from .remedy import Measure, largest_argument, largest_batch

SHOWN = 3
"""Number of stages listed in the note."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the two parts of the memory need, and its description."""

    code: Code
    name: str
    of: Callable[[Need], Mapping[int, int]]
    counted: Callable[[TypedGraph, Need], str]

    def total(self, needed: Need) -> int:
        """Return the total bytes of this part."""
        return sum(self.of(needed).values())


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage as written, with the layers of its expansion and their bytes."""

    layers: tuple[Layer, ...]
    bytes: int

    @property
    def name(self) -> str:
        """Its layer's name; for copies that of the first, and their number."""
        more = len(self.layers) - 1
        return self.layers[0].name + (f" and {more:,} more like it" if more else "")


@dataclass(frozen=True, slots=True)
class Excess:
    """A part that is too large, and its stages, largest first."""

    part: Part
    bytes: int
    stages: tuple[Stage, ...]


def check_memory(typed: TypedGraph, report: Report, limit: int) -> None:
    """Report parts that need more than `limit` bytes."""
    needed = need(typed)
    if needed.total <= limit:
        return
    excesses = sorted(
        (Excess(p, p.total(needed), _stages(typed, p.of(needed))) for p in PARTS),
        key=lambda excess: excess.bytes,
        reverse=True,
    )
    over = [excess for excess in excesses if excess.bytes > limit] or excesses[:1]
    if len(over) > 1:
        over = _causes(typed, *over)
    for excess in over:
        measure = excess.part.total if len(over) > 1 else _everything
        report.add(_finding(typed, needed, excess, limit, measure))


def _everything(needed: Need) -> int:
    return needed.total


def _causes(typed: TypedGraph, larger: Excess, smaller: Excess) -> list[Excess]:
    """Return both, unless one may cause the other: a wide value makes the next weights large."""
    if larger.stages[0].layers == smaller.stages[0].layers:
        return [larger]
    if _follows(typed, larger.stages[0], smaller.stages[0]):
        return [smaller]
    if _follows(typed, smaller.stages[0], larger.stages[0]):
        return [larger]
    return [larger, smaller]


def _follows(typed: TypedGraph, stage: Stage, cause: Stage) -> bool:
    """Return whether a stage depends on the value of another one."""
    behind = {layer.id for layer in cause.layers}
    for layer in typed.graph.layers:
        if behind.intersection(layer.inputs):
            behind.add(layer.id)
    return any(layer.id in behind for layer in stage.layers)


def _stages(typed: TypedGraph, bytes: Mapping[int, int]) -> tuple[Stage, ...]:
    """Return the stages by need, largest first; copies of a repeat are one stage."""
    copies: dict[Span, list[Layer]] = {}
    for layer in typed.graph.layers:
        if bytes.get(layer.id):
            copies.setdefault(layer.span, []).append(layer)
    made = [Stage(tuple(g), sum(bytes[layer.id] for layer in g)) for g in copies.values()]
    return tuple(sorted(made, key=lambda stage: stage.bytes, reverse=True))


def _finding(
    typed: TypedGraph, needed: Need, excess: Excess, limit: int, measure: Measure
) -> Diagnostic:
    part, total, first = excess.part, excess.bytes, excess.stages[0]
    layer = first.layers[0]
    rest = "" if total > limit else f" and all else {bytes_text(needed.total - total)}"
    known = Known({layer.id: layer for layer in typed.graph.layers}, dict(typed.types))
    return part.code.at(
        layer.span,
        f"the {part.name} need {bytes_text(total)}{rest}, more than the limit of "
        f"{bytes_text(limit)}",
        here=f"{first.name}: {bytes_text(first.bytes)}, {share_text(first.bytes, total)} of it",
        labels=[label for label in call_labels(layer) if label.span != layer.span],
        shapes=chain_text(path_to(known, layer)),
        notes=(_largest_text(excess), part.counted(typed, needed)),
        help=_help(typed, needed, excess, limit, measure),
    )


def _largest_text(excess: Excess) -> str:
    listed = [
        f"{stage.name} {bytes_text(stage.bytes)} ({share_text(stage.bytes, excess.bytes)})"
        for stage in excess.stages[:SHOWN]
    ]
    if len(excess.stages) > SHOWN:
        listed.append(f"{len(excess.stages) - SHOWN:,} more")
    return f"largest: {', '.join(listed)}"


def _parameters_counted(typed: TypedGraph, needed: Need) -> str:
    count = sum(prod(param.shape) for param in typed.params)
    kept = [f"{count_text(count)} parameters in {typed.graph.dtype}"]
    if needed.copies > 1:
        kept.append("as many gradients")
    slots = needed.copies - 2
    if slots > 0:
        kept.append(f"{'as many' if slots == 1 else f'{slots} times as many'} for the optimizer")
    return f"counted: {', '.join(kept)}"


def _activations_counted(typed: TypedGraph, needed: Need) -> str:
    said = "batch" in typed.graph.training.train
    batch = count_text(needed.batch) + ("" if said else ", as the spec has no `train batch=`")
    text = f"counted: the values of all layers in {typed.graph.dtype} for a batch of {batch}"
    names = open_symbols(type.shape for type in typed.types.values())
    if names:
        text += f"; {' and '.join(names)} counted as 1, so this is the least"
    return text


def _help(typed: TypedGraph, needed: Need, excess: Excess, limit: int, measure: Measure) -> str:
    """Return advice with two computed values: what would fit, and a sufficient limit."""
    ways = []
    batch = largest_batch(needed, limit)
    if excess.part.code is codes.ACTIVATIONS_TOO_LARGE and batch:
        ways.append(f"`train batch={batch}` would fit")
    else:
        argument = largest_argument(typed, excess.stages[0].layers, limit, measure)
        if argument is not None:
            ways.append(f"`{argument[0]}` of at most {argument[1]} would fit")
    if needed.total <= MAX_ADVISED:
        ways.append(f"`--max-memory {at_least(needed.total)}` allows it as it is")
    return "; ".join(ways) or "hardly any machine has as much memory: make this layer smaller"


PARTS = (
    Part(codes.PARAMETERS_TOO_LARGE, "parameters", lambda n: n.parameters, _parameters_counted),
    Part(codes.ACTIVATIONS_TOO_LARGE, "activations", lambda n: n.activations, _activations_counted),
)
