"""The context of a layer's lowering: inputs, parameters by suffix, and the builder of ops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...ir.layer_graph import Activation, ArgValue
from ...ir.types import TensorType
from ...ops.build import Builder, Value
from ...ops.ragged import mask_steps


def _no_state(name: str) -> Value:
    raise KeyError(name)


@dataclass(frozen=True, slots=True)
class LowerContext:
    """One layer (or trailing activation) to be lowered.

    `inputs` are the incoming values, including the batch axis; `result` is the type returned by
    the shape rule, without it. `name` is the layer's name, `owner` the prefix of its parameters
    (that of another layer under `use`). `fetch` returns a parameter, `held` a state array, by full
    name. `lengths` are the row lengths if an input is ragged (those of the first such input).
    `activation` is the trailing activation. `types` are the inputs' types in the layer graph,
    without the batch axis. `frozen`: the layer has parameters, and none of them is trained.
    """

    build: Builder
    args: Mapping[str, ArgValue]
    inputs: tuple[Value, ...]
    result: TensorType
    name: str
    owner: str
    fetch: Callable[[str], Value]
    held: Callable[[str], Value] = _no_state
    lengths: Value | None = None
    activation: Activation | None = None
    types: tuple[TensorType, ...] = ()
    frozen: bool = False

    @property
    def x(self) -> Value:
        """The input of a layer with a single input."""
        return self.inputs[0]

    def arg(self, name: str) -> Any:
        """Return a checked argument, typed by the kind's schema."""
        return self.args[name]

    def param(self, suffix: str) -> Value:
        """Return the layer's parameter with that suffix."""
        return self.fetch(f"{self.owner}.{suffix}")

    def tied(self, suffix: str) -> Value:
        """Return the parameter with that suffix of the layer that `tie=` names."""
        return self.fetch(f"{self.args['tie']}.{suffix}")

    def state(self, suffix: str) -> Value:
        """Return the layer's state array with that suffix, before this step's update."""
        return self.held(f"{self.owner}.{suffix}")

    def masked(self, x: Value, axis: int) -> Value:
        """Return x with zeros beyond each row's length, along an axis of the full shape."""
        if self.lengths is None:
            return x
        return mask_steps(x, self.lengths, axis)

    def lengths_along(self, axis: int) -> Value | None:
        """Return the row lengths of the input if it is padded along that feature axis."""
        padded = any(t.ragged and t.ragged_axis == axis for t in self.types)
        return self.lengths if padded else None

    def note(self, value: Value, formula: str) -> Value:
        """Attach a formula to a value; it becomes the comment beside the statement."""
        return self.build.describe(value, formula=formula)
