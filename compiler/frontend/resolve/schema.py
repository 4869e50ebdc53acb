"""Schemas of arguments, and checked arguments."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.layer_graph import ArgValue
from ...kinds.arguments import ArgSpec
from ...kinds.layer import LayerKind
from ...source import Span
from .scope import Fault


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema for a word's arguments; `name` and `example` are for messages."""

    name: str
    args: tuple[ArgSpec, ...]
    example: str = ""

    def spec(self, key: str) -> ArgSpec | None:
        """Return the argument of that name."""
        return next((spec for spec in self.args if spec.name == key), None)

    @property
    def positionals(self) -> tuple[ArgSpec, ...]:
        """The arguments that may be given by position, in order."""
        return tuple(spec for spec in self.args if spec.positional)


@dataclass(frozen=True, slots=True)
class Trailing:
    """An activation among a stage's arguments."""

    kind: LayerKind
    args: dict[str, ArgValue]
    given: dict[str, Span]
    span: Span


@dataclass(slots=True)
class BoundArguments:
    """Checked arguments, the spans of the written ones, and activations beside them.

    `repaired`: faulty ones were left out."""

    args: dict[str, ArgValue] = field(default_factory=dict)
    given: dict[str, Span] = field(default_factory=dict)
    trailing: list[Trailing] = field(default_factory=list)
    repaired: bool = False


class Repaired(Fault):
    """Faulty arguments that do not affect the shape: holds the correct ones, and defaults."""

    def __init__(self, bound: BoundArguments) -> None:
        super().__init__()
        self.bound = bound
