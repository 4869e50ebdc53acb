"""An optimizer's step as ops on one parameter array; templates apply it to each or to all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..ir.dims import symbol
from ..ir.layer_graph import ArgValue, Setting
from ..ir.op_graph import Builder, Graph, Origin, Role, Value
from ..ir.types import TensorType
from ..ops.source import leaf
from ..optimizers import OPTIMIZERS

SIZE = symbol("N")
"""Number of entries of the array that is updated."""


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

    def number(self, name: str) -> float:
        """An argument that is a number."""
        value = self.args[name]
        assert isinstance(value, (int, float))
        return float(value)

    def store(self, slot: str, value: Value, formula: str) -> Value:
        """Keep a value for the next step."""
        self.build.outputs[f"slot:{slot}"] = value.id
        return self.build.describe(value, hint=slot, formula=formula)

    def note(self, value: Value, formula: str, hint: str = "") -> Value:
        """Say which formula a value follows, and what to call it."""
        return self.build.describe(value, formula=formula, hint=hint)


def lower_update(setting: Setting) -> Graph:
    """The graph of one optimizer step; outputs `param` and `slot:NAME`."""
    kind = OPTIMIZERS[setting.kind]
    build = Builder(Origin(setting.kind, (setting.span,), Role.UPDATE))
    array = TensorType((SIZE,))

    def named(name: str, type: TensorType) -> Value:
        return build.describe(leaf(build, "input", name, type), hint=name)

    context = UpdateContext(
        build,
        setting.args,
        named("p", array),
        named("g", array),
        named("rate", TensorType(())),
        named("step", TensorType(())),
        {slot: named(slot, array) for slot in kind.slots},
    )
    result = kind.update(context)
    build.outputs["param"] = build.describe(result, hint="p").id
    return build.graph()
