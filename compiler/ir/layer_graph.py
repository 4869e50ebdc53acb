"""The layer graph: what the user wrote, expanded to single layers with unique names.

Blocks, groups, repeats, lets and forks are gone; every layer knows the layers that feed it,
where it stands in the spec and through which block calls it came to be. `to_networkx` gives it
as a networkx graph; networkx is imported only then, because a clean `nnc lint` does not need it.
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
"""In a graph with errors, the input of a layer behind a stage that could not be made."""


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

    `name` is unique in the graph and the prefix of the layer's parameters (`enc.dense1`);
    where `shares` is set the parameters (and state) are those of the layer so named, which
    comes earlier in the graph. `args` are checked against the kind's schema, defaults filled
    in; `given` holds the spans of those that were written. `span` covers the stage as
    written, `head` its first word, `calls` the block calls it was expanded from, outermost
    first. Of a `repaired` layer faulty arguments were left out that have no say in its shape.
    `branches` are what was written of each branch of the fork that a merge takes. Behind the inputs
    from the arrow are those that arguments name (`start=`). The parameters
    of a `frozen` layer, and of its activation, are not trained.
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
    def owner(self) -> str:
        """Name under which the layer's parameters are found."""
        return self.shares or self.name


@record(frozen=True, slots=True)
class InputLayer:
    """What an `input` stage declares; its layer has kind `input` and this under args["type"]."""

    type: TensorType


@record(frozen=True, slots=True)
class Setting:
    """A directive's choice: `optimizer sgd lr=0.1` is kind sgd with its checked arguments."""

    kind: str
    args: Mapping[str, ArgValue]
    given: Mapping[str, Span]
    span: Span
    head: Span


@record(frozen=True, slots=True)
class Loss:
    """One `loss` statement: its kind, the layer it judges (`on`: its name), its weight.

    `more` are the further layers that a formula of several values judges.
    """

    name: str
    setting: Setting
    layer: int
    weight: float
    on: str = ""
    more: tuple[int, ...] = ()

    @property
    def layers(self) -> tuple[int, ...]:
        """All layers that it judges, in the order of the formula's values."""
        return (self.layer, *self.more)

    @property
    def compares(self) -> bool:
        """Whether it compares with a target, as all losses of the language do."""
        from .formula import FORMULA, Formula

        formula = self.setting.args.get(FORMULA)
        return not isinstance(formula, Formula) or formula.has_target


@record(frozen=True, slots=True)
class Output:
    """A declared or implied output: the name the module gives it and its layer."""

    name: str
    layer: int
    span: Span


@record(frozen=True, slots=True)
class Training:
    """What the spec says of training, each part as written or None."""

    optimizer: Setting | None = None
    schedule: Setting | None = None
    clip: Setting | None = None
    train: Mapping[str, ArgValue] = field(default_factory=dict)
    metrics: tuple[Setting, ...] = ()

    @property
    def weighs_rows(self) -> bool:
        """Whether the loss takes a weight of each row."""
        return self.train.get("weights") == "rows"


@record(frozen=True, slots=True)
class LayerGraph:
    """All layers in source order (so every layer follows its inputs), and what the rest says."""

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
    `init` names the initialisation with its arguments; `fan_in` and `fan_out` are what the
    standard formulas ask for. One that is `frozen` has no gradient, and no step changes it.
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
    """One array of state: `batchnorm1.running_mean`, every entry `start` at first."""

    name: str
    shape: tuple[int, ...]
    start: float
    span: Span


@record(frozen=True, slots=True)
class TypedGraph:
    """The layer graph with the type of every layer's value, all parameters and state in order.

    `conditions` are dimensions that must be 1 or more at run time, besides those of the types.
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
        """The layers that have parameters, none of which is trained, by the parameters' prefix."""
        owners = {p.name.rpartition(".")[0] for p in self.params}
        return frozenset(owners - {p.name.rpartition(".")[0] for p in self.trained})

    def shape_of(self, layer: int) -> Shape:
        """Shape of a layer's value, without the batch axis."""
        return self.types[layer].shape

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """The same as a networkx graph; see `networkx_graph.to_networkx` for its attributes."""
        from .networkx_graph import to_networkx

        return to_networkx(self)
