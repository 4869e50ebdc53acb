"""What a word takes, and what its arguments were found to be."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.layer_graph import ArgValue
from ...kinds.arguments import ArgSpec
from ...kinds.layer import LayerKind
from ...source import Span
from .scope import Fault


@dataclass(frozen=True, slots=True)
class Schema:
    """What arguments are checked against; `name` and `example` are for the messages."""

    name: str
    args: tuple[ArgSpec, ...]
    example: str = ""

    def spec(self, key: str) -> ArgSpec | None:
        """The argument of that name."""
        return next((spec for spec in self.args if spec.name == key), None)

    @property
    def positionals(self) -> tuple[ArgSpec, ...]:
        """The arguments that may be given by place, in order."""
        return tuple(spec for spec in self.args if spec.positional)


@dataclass(frozen=True, slots=True)
class Trailing:
    """An activation written among a stage's arguments."""

    kind: LayerKind
    args: dict[str, ArgValue]
    given: dict[str, Span]
    span: Span


@dataclass(slots=True)
class BoundArguments:
    """Checked arguments, the places of those that were written, and activations beside them.

    `repaired` tells that some were faulty and left out.
    """

    args: dict[str, ArgValue] = field(default_factory=dict)
    given: dict[str, Span] = field(default_factory=dict)
    trailing: list[Trailing] = field(default_factory=list)
    repaired: bool = False


class Repaired(Fault):
    """Faulty arguments that leave no doubt of the shape: those that are right, and defaults."""

    def __init__(self, bound: BoundArguments) -> None:
        super().__init__()
        self.bound = bound
