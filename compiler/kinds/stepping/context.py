"""The input and result of a layer's step rule, and its refusal of a layer that looks ahead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...ir.layer_graph import ArgValue, Layer
from ...ir.types import TensorType
from ...ops.build import Value
from ..lower.context import LowerContext
from .memory import Memory

StepLower = Callable[[LowerContext, Memory], Value]
"""The lowering of a layer at one position; its values have no axis of positions."""


class LooksAhead(Exception):
    """A step rule's refusal: `why`, and in `help` what to do.

    `at` names the argument at fault, which `replace` would repair. `misread` says that the layer has
    its positions along another axis, so that they may have been looked for along the wrong one.
    """

    def __init__(
        self, why: str, *, help: str, at: str = "", replace: str = "", misread: bool = False
    ) -> None:
        super().__init__(why)
        self.why, self.help, self.at, self.replace = why, help, at, replace
        self.misread = misread


@dataclass(frozen=True, slots=True)
class StepContext:
    """One layer (or trailing activation) for which a step is requested; its input has positions.

    `types` and `result` are the types of the whole sequence, without the batch axis. `time` is the
    axis of the positions in all that comes in. `named` is the kind at work.
    """

    layer: Layer
    args: Mapping[str, ArgValue]
    types: tuple[TensorType, ...]
    result: TensorType
    time: int
    named: str

    @property
    def kind(self) -> str:
        """Return the name of the layer kind or activation for messages."""
        return self.named.partition(" ")[0]

    @property
    def input(self) -> TensorType:
        """Return the (first) input type."""
        return self.types[0]

    @property
    def is_last(self) -> bool:
        """Return whether the positions are along the last axis, which many layers read as features."""
        return self.time == self.input.rank - 1

    def arg(self, name: str) -> Any:
        """Return a checked argument, as the kind's schema types it."""
        return self.args[name]


@dataclass(frozen=True, slots=True)
class Stepped:
    """How a layer is computed at one position.

    `time` is the axis of the positions in its value; None where the value is one for the whole
    sequence, such as a last state: a step then gives it as if the sequence ended here. `args` replace
    the arguments where axes are counted, `lower` the lowering where the layer remembers something.
    `most` is the number of positions that it can tell apart.
    """

    time: int | None
    args: Mapping[str, ArgValue] | None = None
    lower: StepLower | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class StepRule:
    """A function from a layer to its step, which raises LooksAhead; `text` is for the reference."""

    text: str
    rule: Callable[[StepContext], Stepped]

    def __call__(self, c: StepContext) -> Stepped:
        """Return the step of a layer."""
        return self.rule(c)


def step_rule(text: str) -> Callable[[Callable[[StepContext], Stepped]], StepRule]:
    """Return a decorator that makes a function a step rule with this text for the reference."""

    def enter(rule: Callable[[StepContext], Stepped]) -> StepRule:
        return StepRule(text, rule)

    return enter
