"""What a layer kind is: schema, shape rule, parameters, lowering, cost and documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from ..ir.dims import Dim
from ..ir.layer_graph import ArgValue, Call
from ..ir.types import TensorType
from ..ops.build import Value
from .arguments import ArgSpec
from .lower.context import LowerContext
from .shapes.context import ShapeContext


class Family(Enum):
    """How the reference groups the kinds, and what a stage of the kind may stand after."""

    INPUT = "input"
    WEIGHTS = "layers with weights"
    ACTIVATION = "activations"
    SHAPE = "shape layers"
    NORM = "normalisation"
    FIXED = "fixed arithmetic"
    NOISE = "regularisation"
    MERGE = "merges"
    POOLING = "pooling"
    REDUCTION = "reductions"


class Trailing(Enum):
    """What a trailing activation word means."""

    NO = "refused"
    YES = "applied to the layer's value"
    OWN = "the cell's own nonlinearity, which the layer's rules apply"


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """A parameter a layer needs: `suffix` W makes `dense1.W`.

    `role` is weight, bias, gain or table; `init` the default, used where the spec says nothing
    (None stands for the default of weights: he, lecun or xavier by the activation).
    """

    suffix: str
    shape: tuple[Dim, ...]
    role: str
    init: Call | None
    fan_in: Dim = 1
    fan_out: Dim = 1


@dataclass(frozen=True, slots=True)
class StateSpec:
    """An array that training keeps beside the parameters: running statistics.

    `start` is what every entry is at first.
    """

    suffix: str
    shape: tuple[Dim, ...]
    start: float


def no_states(_: ShapeContext) -> tuple[StateSpec, ...]:
    """The state of a layer without any."""
    return ()


def same_lengths(c: LowerContext) -> Value | None:
    """The lengths of padded rows behind a layer that keeps every position."""
    return c.lengths


def always(_: tuple[TensorType, ...]) -> bool:
    """Of a layer each of whose inputs has lengths of its own, whatever they are."""
    return True


def same_keys(c: LowerContext) -> Value | None:
    """The lengths along the last axis behind a layer that keeps every position."""
    return c.keys if c.result.keys else None


def no_conditions(_: ShapeContext) -> tuple[Dim, ...]:
    """What a layer without conditions asks of sizes known at run time."""
    return ()


def no_params(_: ShapeContext) -> tuple[ParamSpec, ...]:
    """The parameters of a layer without any."""
    return ()


def no_flops(_: ShapeContext) -> Dim:
    """The cost of a layer that only moves or renames data."""
    return 0


@dataclass(frozen=True, slots=True)
class LayerKind:
    """A registry entry; see the module's docstring.

    `shape` computes the type of the value or raises `ShapeFault`; `flops` counts floating
    point operations of one row's forward pass (a multiply-add is two), `kept` the entries of a
    row that it needs besides its value where those are many (attention's scores). `states` are
    arrays that training updates besides the parameters. `lengths` gives the lengths of rows behind the
    layer, where its value is ragged. `conditions` are dimensions that must be 1 or more once
    sizes are known, besides those of the layers' values. `feeding_init` names the
    default initialisation of weights whose layer an activation of this kind follows. `implied` has
    the arguments that an alias stands for (`relu6` is a relu with max=6). `summary`,
    `formula`, `example`, `torch` and `keras` make the reference. The value of a view (`is_view`)
    is the memory of its input under another shape. Where `own_lengths` says so of the inputs'
    types, the rows of each input have lengths of their own; those of the first are the layer's. `takes_keys` says that it may stand
    behind a value with padding along two axes, as activations may; `keys` gives the lengths along the last of them.
    """

    name: str
    family: Family
    summary: str
    formula: str
    example: str
    shape: Callable[[ShapeContext], TensorType]
    lower: Callable[[LowerContext], Value]
    args: tuple[ArgSpec, ...] = ()
    params: Callable[[ShapeContext], tuple[ParamSpec, ...]] = no_params
    flops: Callable[[ShapeContext], Dim] = no_flops
    kept: Callable[[ShapeContext], Dim] = no_flops
    states: Callable[[ShapeContext], tuple[StateSpec, ...]] = no_states
    lengths: Callable[[LowerContext], Value | None] = same_lengths
    conditions: Callable[[ShapeContext], tuple[Dim, ...]] = no_conditions
    aliases: tuple[str, ...] = ()
    implied: Mapping[str, Mapping[str, ArgValue]] = field(default_factory=dict)
    trailing: Trailing = Trailing.YES
    feeding_init: str = "xavier"
    torch: str = ""
    keras: str = ""
    notes: str = ""
    is_view: bool = False
    own_lengths: Callable[[tuple[TensorType, ...]], bool] = lambda _: False
    keys: Callable[[LowerContext], Value | None] = same_keys
    takes_keys: bool = False

    @property
    def word(self) -> str:
        """What specs call it: `mean` is the word for the merge and for the reduction `mean axis`."""
        return self.name.partition(" ")[0]

    def args_as(self, word: str) -> tuple[ArgSpec, ...]:
        """The arguments of the kind under one of its names, which may stand for some of them."""
        implied = self.implied.get(word)
        if not implied:
            return self.args
        return tuple(replace(s, default=implied.get(s.name, s.default)) for s in self.args)

    @property
    def is_activation(self) -> bool:
        """Whether the kind's name may trail another stage."""
        return self.family is Family.ACTIVATION

    @property
    def knows_keys(self) -> bool:
        """Whether the kind may stand behind a value whose padding lies along two axes."""
        return self.takes_keys or self.is_activation

    @property
    def is_merge(self) -> bool:
        """Whether the kind takes the branches of a fork."""
        return self.family is Family.MERGE
