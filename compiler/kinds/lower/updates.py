"""The context of an optimizer's update rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...ir.layer_graph import ArgValue
from ...ir.reading import number
from ...ops.build import Builder, Value
from ...ops.elementwise import scale
from ...ops.source import const


@dataclass(frozen=True, slots=True)
class UpdateContext:
    """One step: the parameter, its gradient, the rate, the step count (1 in the first step).

    `decay` is the weight decay of each entry, where it is not the same for all."""

    build: Builder
    args: Mapping[str, ArgValue]
    param: Value
    grad: Value
    rate: Value
    step: Value
    slots: Mapping[str, Value]
    numbers: Mapping[str, Value]
    decay: Value | None = None

    def number(self, name: str) -> float:
        """Return a numeric argument."""
        return number(self.args[name])

    def times_decay(self, x: Value) -> Value:
        """λ x, with λ the weight decay."""
        if self.decay is not None:
            return self.decay * x
        return scale(x, self.number("weight_decay"))

    def one_minus(self, x: Value) -> Value:
        """1 − x."""
        return const(self.build, 1.0) - x

    def rest(self, name: str) -> Value:
        """Return 1 − β for an argument β, unevaluated: `1 - 0.9`, not `0.09999999999999998`."""
        return self.one_minus(const(self.build, self.number(name)))

    def store(self, slot: str, value: Value, formula: str) -> Value:
        """Store a value for the next step."""
        purpose = "slot" if slot in self.slots else "number"
        self.build.outputs[f"{purpose}:{slot}"] = value.id
        return self.build.describe(value, hint=slot, formula=formula)

    def note(self, value: Value, formula: str, hint: str = "") -> Value:
        """Attach a formula and a name hint to a value."""
        return self.build.describe(value, formula=formula, hint=hint)
