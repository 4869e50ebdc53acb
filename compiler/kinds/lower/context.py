"""What a layer's lowering sees: values in, parameters by suffix, and the ops to emit."""

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
    """One layer (or trailing activation) about to be lowered.

    `inputs` are the incoming values with the batch axis in front; `result` is the type the
    shape rule promised, without it. `name` is the layer's own name, `owner` the one its
    parameters go by (another one under `use`), `fetch` finds the value of a parameter, `held`
    that of an array of state, by full name. `lengths` are the true lengths of padded rows where
    the (first ragged) input is ragged. `activation` is the one that trails the layer. `types` are
    the inputs' types as the layer graph has them, without the batch axis. `frozen` says that the
    layer has parameters, and that none of them is trained. `sources` are the names of the layers
    that the inputs come from; `followers` the kinds of those that begin with this layer's last
    state, which it leaves under its name in `ends`. `each_lengths` are the lengths of the rows of each input,
    `each_keys` those along its last axis, where that is padded as well.
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
        """The only input of a layer that has one."""
        return self.inputs[0]

    def arg(self, name: str) -> Any:
        """A checked argument, as the kind's schema types it."""
        return self.args[name]

    def param(self, suffix: str) -> Value:
        """The layer's own parameter of that suffix."""
        return self.fetch(f"{self.owner}.{suffix}")

    def tied(self, suffix: str) -> Value:
        """The parameter of that suffix of the layer that `tie=` names."""
        return self.fetch(f"{self.args['tie']}.{suffix}")

    def state(self, suffix: str) -> Value:
        """The layer's array of state of that suffix, as it was before this step."""
        return self.held(f"{self.owner}.{suffix}")

    def masked(self, x: Value, axis: int) -> Value:
        """x with zeros beyond each row's length, along an axis of the whole shape."""
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
        """Say which formula a value follows; it becomes the comment beside the statement."""
        return self.build.describe(value, formula=formula)
