"""The layer graph: the spec, expanded to single layers with unique names.

Blocks, groups, repeats, lets and forks are expanded; every layer has its inputs, its position in
the spec and the block calls it was expanded from. `to_networkx` converts it to a networkx graph;
networkx is imported only then, because `nnc lint` of a correct spec does not need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

from ..record import record
from ..source import Span
from .dims import Dim, Shape
from .types import TensorType

if TYPE_CHECKING:
    import networkx as nx

    from .formula import Formula

ArgValue: TypeAlias = (
    "int | float | str | Call | InputLayer | NamedValue | Formula | tuple[ArgValue, ...] | None"
)
"""A checked argument: int, float, bool, str (a word), a tuple of numbers, a `Call`, or None."""

UNKNOWN = -1
"""In a graph with errors, the input of a layer after a faulty stage."""


@record(frozen=True, slots=True)
class Call:
    """A word with arguments as a value: `normal(0.01)`, `leaky_relu(0.2)`."""

    name: str
    args: Mapping[str, ArgValue]
    span: Span


@record(frozen=True, slots=True)
class NamedValue:
    """A named stage whose value is one more input of a layer; the layer keeps the name alone."""

    name: str
    layer: int


@record(frozen=True, slots=True)
class Activation:
    """The trailing activation of a stage; `name` is the prefix of its parameters if it has any."""

    kind: str
    args: Mapping[str, ArgValue]
    span: Span
    name: str


@record(frozen=True, slots=True)
class Layer:
    """A node of the layer graph.

    `name` is unique in the graph and the prefix of the layer's parameters (`enc.dense1`). If
    `shares` is set, the parameters (and state) are those of the layer of that name, which is
    earlier in the graph. `args` are checked against the kind's schema, including defaults;
    `given` has the spans of the written ones. `inputs` from the arrow come first, then those that
    arguments name (`start=`). `span` covers the stage as written, `head` its first word; `calls`
    are the block calls it was expanded from, outermost first. A `repaired` layer lacks faulty
    arguments that do not affect its shape. `branches` are the texts of the branches that a merge
    takes. The parameters of a `frozen` layer, and of its activation, are not trained.
    """

    id: int
    name: str
    kind: str
    args: Mapping[str, ArgValue]
    given: Mapping[str, Span]
    inputs: tuple[int, ...]
    span: Span
    head: Span
    calls: tuple[Span, ...] = ()
    activation: Activation | None = None
    shares: str | None = None
    repaired: bool = False
    branches: tuple[Span, ...] = ()
    frozen: bool = False

    @property
    def word(self) -> str:
        """The word of its kind in specs; kinds of merges and formulas may have further words."""
        return self.kind.partition(" ")[0]

    @property
    def owner(self) -> str:
        """The prefix of the layer's parameters."""
        return self.shares or self.name


@record(frozen=True, slots=True)
class InputLayer:
    """The declaration of an `input` stage, under args["type"] of its layer of kind `input`."""

    type: TensorType


@record(frozen=True, slots=True)
class Setting:
    """The content of a directive: `optimizer sgd lr=0.1` is kind sgd with checked arguments."""

    kind: str
    args: Mapping[str, ArgValue]
    given: Mapping[str, Span]
    span: Span
    head: Span

    @property
    def word(self) -> str:
        """The word of its kind in specs; the kind of a formula has a further word."""
        return self.kind.partition(" ")[0]

    def real(self, name: str) -> float:
        """Return a numeric argument; raises TypeError for one of another type."""
        value = self.args[name]
        if isinstance(value, int | float):
            return float(value)
        raise TypeError(f"{self.kind}: argument {name} is {value!r}")


@record(frozen=True, slots=True)
class Loss:
    """One `loss` statement: its kind, its layer (`on`: the layer's name), its weight.

    `more` are the other layers of a formula of several values.
    """

    name: str
    setting: Setting
    layer: int
    weight: float
    on: str = ""
    more: tuple[int, ...] = ()

    @property
    def layers(self) -> tuple[int, ...]:
        """All layers of the loss, in the order of the formula's values."""
        return (self.layer, *self.more)

    @property
    def compares(self) -> bool:
        """Whether it has a target, as all built-in losses have."""
        from .formula import FORMULA, Formula

        formula = self.setting.args.get(FORMULA)
        return not isinstance(formula, Formula) or formula.has_target


@record(frozen=True, slots=True)
class Output:
    """A declared or implied output: its name in the module, and its layer."""

    name: str
    layer: int
    span: Span


@record(frozen=True, slots=True)
class Training:
    """The training settings of the spec; None if absent."""

    optimizer: Setting | None = None
    schedule: Setting | None = None
    clip: Setting | None = None
    train: Mapping[str, ArgValue] = field(default_factory=dict)
    metrics: tuple[Setting, ...] = ()

    @property
    def weighs_rows(self) -> bool:
        """Whether the loss takes a weight for each row."""
        return self.train.get("weights") == "rows"


@record(frozen=True, slots=True)
class LayerGraph:
    """All layers in source order (so every layer follows its inputs), and the directives."""

    layers: tuple[Layer, ...]
    outputs: tuple[Output, ...]
    losses: tuple[Loss, ...]
    regularize: Setting | None
    training: Training
    dtype: str
    model: str | None

    def by_name(self) -> dict[str, Layer]:
        """The layers by their unique names."""
        return {layer.name: layer for layer in self.layers}


@record(frozen=True, slots=True)
class Parameter:
    """One parameter array: `dense1.W`.

    `role` is weight, bias, gain or table (an embedding): penalties apply to weights only.
    `init` is the initialisation with its arguments; `fan_in` and `fan_out` are for its standard
    formulas. A `frozen` one has no gradient, and no step changes it.
    """

    name: str
    shape: tuple[int, ...]
    role: str
    init: Call
    fan_in: int
    fan_out: int
    span: Span
    frozen: bool = False


@record(frozen=True, slots=True)
class State:
    """One state array: `batchnorm1.running_mean`, with the initial value `start`."""

    name: str
    shape: tuple[int, ...]
    start: float
    span: Span


@record(frozen=True, slots=True)
class TypedGraph:
    """The layer graph with the type of every value, and all parameters and state in order.

    `conditions` are dimensions that must be at least 1 at run time, besides those of the types.
    """

    graph: LayerGraph
    types: Mapping[int, TensorType]
    params: tuple[Parameter, ...]
    states: tuple[State, ...] = ()
    conditions: tuple[Dim, ...] = ()

    @property
    def trained(self) -> tuple[Parameter, ...]:
        """The parameters that are not frozen."""
        return tuple(p for p in self.params if not p.frozen)

    @property
    def frozen_layers(self) -> frozenset[str]:
        """The layers all of whose parameters are frozen, by the parameters' prefix."""
        owners = {p.name.rpartition(".")[0] for p in self.params}
        return frozenset(owners - {p.name.rpartition(".")[0] for p in self.trained})

    def shape_of(self, layer: int) -> Shape:
        """Return the shape of a layer's value, without the batch axis."""
        return self.types[layer].shape

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """Convert to a networkx graph; see `networkx_graph.to_networkx` for its attributes."""
        from .networkx_graph import to_networkx

        return to_networkx(self)
