"""The context of a layer's lowering: inputs, parameters by suffix, and the builder of ops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...ir.layer_graph import Activation, ArgValue
from ...ir.types import TensorType
from ...ops.build import Builder, Value
from ...ops.ragged import mask_steps


@dataclass(frozen=True, slots=True)
class Ends:
    """The last states (B, H) of a recurrent layer's stacked layers, and the cells of an lstm's."""

    states: tuple[Value, ...]
    cells: tuple[Value, ...] = ()


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
    `sources` are the names of the layers that the inputs come from. `followers` are the kinds of
    layers that start with this layer's last state, which it leaves in `ends` under its name.
    `each_lengths` are the row lengths of each input, `each_keys` those along its last axis if it
    is padded along two axes.
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
    sources: tuple[str, ...] = ()
    followers: frozenset[str] = frozenset()
    ends: dict[str, Ends] = field(default_factory=dict)
    each_lengths: tuple[Value | None, ...] = ()
    each_keys: tuple[Value | None, ...] = ()

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
        """The lengths of the rows that come in, if padding lies along that feature axis."""
        if self.result.keys and axis == self.result.rank - 1:
            return self.keys
        padded = any(t.ragged and t.ragged_axis == axis for t in self.types)
        return self.lengths if padded else None

    @property
    def keys(self) -> Value | None:
        """The lengths along the last axis of the (first) input, where it is padded along two."""
        return self.each_keys[0] if self.each_keys else None

    def note(self, value: Value, formula: str) -> Value:
        """Attach a formula to a value; it becomes the comment beside the statement."""
        return self.build.describe(value, formula=formula)
