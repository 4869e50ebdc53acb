"""What every stage leaves: its shape, its parameters, its layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from ..frontend import ast
from ..frontend.recovery import MASK
from ..frontend.resolve import Passed
from ..ir.layer_graph import Layer, Parameter
from ..ir.types import TensorType
from ..shapes.infer import Inference
from ..shapes.unknown import is_open, shown_type
from ..source import Source

if TYPE_CHECKING:
    from .study import Study


@dataclass(frozen=True, slots=True)
class Copy:
    """One expansion of a stage: its layers, and the text of what it leaves (`?` is unknown)."""

    layers: tuple[Layer, ...]
    shape: str
    parameters: tuple[Parameter, ...]
    shares: bool

    @property
    def count(self) -> int:
        """The number of parameters, as single numbers."""
        return sum(prod(p.shape) for p in self.parameters)


@dataclass(frozen=True, slots=True)
class Fact:
    """A stage as written, from `start` up to `stop` with its name and repeat, and its copies."""

    stage: ast.AnyStage
    start: int
    stop: int
    copies: tuple[Copy, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """The stages of the text in order, and those of included files."""

    all: tuple[Fact, ...]
    source: Source

    @property
    def own(self) -> Iterator[Fact]:
        """The stages of the text itself."""
        return (f for f in self.all if f.stage.span.source is self.source)

    def at(self, source: Source, offset: int) -> Fact | None:
        """The innermost stage around an offset."""
        around = (
            f for f in self.all if f.stage.span.source is source and f.start <= offset <= f.stop
        )
        return min(around, key=lambda f: f.stop - f.start, default=None)

    def ending_at(self, offset: int) -> Fact | None:
        """The longest stage of the text that ends at an offset."""
        ends = (f for f in self.own if f.stop == offset)
        return max(ends, key=lambda f: f.stop - f.start, default=None)


def facts_of(study: Study) -> Facts:
    """Return what is known of every stage, also before and behind faults."""
    copies: dict[tuple[Source, int, int], list[Passed]] = {}
    for passed in study.traced.passed:
        span = passed.stage.span
        if not _is_mask(passed.stage):
            copies.setdefault((span.source, span.start, span.stop), []).append(passed)
    known = study.traced.inferred
    layers = study.traced.graph.layers if study.traced.graph else ()
    facts = [
        Fact(
            group[0].stage,
            group[0].stage.span.start,
            end_of(group[0].stage),
            tuple(_copy(passed, layers, known) for passed in group),
        )
        for group in copies.values()
    ]
    return Facts(tuple(sorted(facts, key=lambda f: (f.start, -f.stop))), study.source)


def _is_mask(stage: ast.AnyStage) -> bool:
    return isinstance(stage, ast.Stage) and stage.kind.id == MASK


def end_of(stage: ast.AnyStage) -> int:
    """Return where a stage ends with its repeat and name.

    The span of a repeat `(2*n)` is without its parentheses."""
    if stage.name is not None:
        return stage.name.span.stop
    if stage.repeat is None:
        return stage.span.stop
    span = stage.repeat.span
    text, stop = span.source.text, span.stop
    if "(" in text[stage.span.stop : span.start]:
        stop = text.find(")", stop) + 1 or stop
    return stop


def _copy(passed: Passed, layers: Sequence[Layer], known: Inference | None) -> Copy:
    own = tuple(layers[passed.start : passed.stop])
    if known is None:
        return Copy(own, "", (), False)
    shape = shape_text(_types(passed.ends[0], known)) if len(passed.ends) == 1 else ""
    return Copy(own, shape, tuple(_parameters(own, known)), any(la.shares for la in own))


def _parameters(layers: Iterable[Layer], known: Inference) -> Iterator[Parameter]:
    for layer in layers:
        if layer.shares is not None:
            continue
        activation = layer.activation
        owners = {layer.name: None, (activation.name if activation else layer.name): None}
        for owner in owners:
            yield from known.owned.get(owner, {}).values()


def _types(layer: int, known: Inference) -> tuple[TensorType, ...]:
    if layer in known.types:
        return (known.types[layer],)
    return known.possible.types.get(layer, ())


def _is_plain(type: TensorType) -> bool:
    """Return whether all sizes are numbers, as they nearly always are."""
    return all(isinstance(size, int) for size in type.shape)


def shape_text(types: Sequence[TensorType]) -> str:
    """Return what a value's possible types have in common: `30`, `8x?x?`, `…x10`; empty if nothing.

    Behind a fault the number of axes may be unknown while the last sizes are certain."""
    if not types:
        return ""
    if len(types) == 1:
        return str(types[0] if _is_plain(types[0]) else shown_type(types[0]))
    tail: list[str] = []
    for sizes in zip(*(reversed(type.shape) for type in types), strict=False):
        if len(set(map(str, sizes))) > 1 or is_open(sizes[0]):
            break
        tail.insert(0, str(sizes[0]))
    return "…x" + "x".join(tail) if tail else ""
