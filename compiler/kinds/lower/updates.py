"""What the update rule of an optimizer sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...ir.layer_graph import ArgValue
from ...ir.reading import number
from ...ops.build import Builder, Value
from ...ops.source import const


@dataclass(frozen=True, slots=True)
class UpdateContext:
    """One step: the array, its gradient, the rate, the step count (1 in the first step)."""

    build: Builder
    args: Mapping[str, ArgValue]
    param: Value
    grad: Value
    rate: Value
    step: Value
    slots: Mapping[str, Value]
    numbers: Mapping[str, Value]

    def number(self, name: str) -> float:
        """An argument that is a number."""
        return number(self.args[name])

    def one_minus(self, x: Value) -> Value:
        """1 − x."""
        return const(self.build, 1.0) - x

    def rest(self, name: str) -> Value:
        """1 − β for an argument β, written so: 1 − 0.9 reads better than 0.09999999999999998."""
        return self.one_minus(const(self.build, self.number(name)))

    def store(self, slot: str, value: Value, formula: str) -> Value:
        """Keep a value for the next step."""
        purpose = "slot" if slot in self.slots else "number"
        self.build.outputs[f"{purpose}:{slot}"] = value.id
        return self.build.describe(value, hint=slot, formula=formula)

    def note(self, value: Value, formula: str, hint: str = "") -> Value:
        """Say which formula a value follows, and what to call it."""
        return self.build.describe(value, formula=formula, hint=hint)
