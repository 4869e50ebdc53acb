"""The definition of a layer kind: schema, shape rule, parameters, lowering, cost, documentation."""

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
from .stepping.context import StepRule
from .stepping.rules import unsaid


class Family(Enum):
    """The group of a kind in the reference, and what a stage of the kind may follow."""

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
    """The meaning of a trailing activation word."""

    NO = "refused"
    YES = "applied to the layer's value"
    OWN = "the cell's own nonlinearity, which the layer's rules apply"


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """A parameter of a layer: `suffix` W makes `dense1.W`.

    `role` is weight, bias, gain or table. `init` is the default initialisation; None is the
    default of weights, he, lecun or xavier depending on the activation.
    """

    suffix: str
    shape: tuple[Dim, ...]
    role: str
    init: Call | None
    fan_in: Dim = 1
    fan_out: Dim = 1


@dataclass(frozen=True, slots=True)
class StateSpec:
    """An array that training updates besides the parameters: running statistics.

    `start` is the initial value of every entry.
    """

    suffix: str
    shape: tuple[Dim, ...]
    start: float


def no_states(_: ShapeContext) -> tuple[StateSpec, ...]:
    """Return the state of a stateless layer: none."""
    return ()


def same_lengths(c: LowerContext) -> Value | None:
    """Return the row lengths after a layer that keeps every position."""
    return c.lengths


def always(_: tuple[TensorType, ...]) -> bool:
    """Of a layer each of whose inputs has lengths of its own, whatever they are."""
    return True


def same_keys(c: LowerContext) -> Value | None:
    """The lengths along the last axis behind a layer that keeps every position."""
    return c.keys if c.result.keys else None


def no_conditions(_: ShapeContext) -> tuple[Dim, ...]:
    """Return the run-time conditions of a layer without any."""
    return ()


def no_params(_: ShapeContext) -> tuple[ParamSpec, ...]:
    """Return the parameters of a layer without any."""
    return ()


def no_flops(_: ShapeContext) -> Dim:
    """Return the cost of a layer without arithmetic: zero."""
    return 0


@dataclass(frozen=True, slots=True)
class LayerKind:
    """A registry entry; see the module's docstring.

    `shape` returns the type of the value or raises `ShapeFault`. `flops` counts the floating
    point operations of one row's forward pass (a multiply-add is two); `kept` counts large
    intermediate values per row that the backward pass needs (attention's scores). `states` are
    arrays that training updates besides the parameters. `lengths` returns the row lengths after
    the layer if its value is ragged; `own_lengths`, for the inputs' types, whether each input has
    row lengths of its own, of which the first are the layer's. `takes_keys`: an input may be padded
    along two axes; `keys` returns the lengths along the last of them. `step` says how the layer is
    computed at one position of a sequence, or that it cannot be. `conditions` are dimensions
    that must be at least 1 at run time, besides those of the layers' values. `feeding_init` is the
    default initialisation of weights followed by an activation of this kind. `implied` has the
    arguments that an alias implies (`relu6` is a relu with max=6). `summary`, `formula`, `example`,
    `torch` and `keras` are for the reference. The value of a view (`is_view`) shares the memory of
    its input.
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
    step: StepRule = unsaid
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
        """The word in specs: the merge `mean` and the reduction `mean axis` are both `mean`."""
        return self.name.partition(" ")[0]

    def args_as(self, word: str) -> tuple[ArgSpec, ...]:
        """Return the arguments of the kind under one of its names, which may imply some of them."""
        implied = self.implied.get(word)
        if not implied:
            return self.args
        return tuple(replace(s, default=implied.get(s.name, s.default)) for s in self.args)

    @property
    def is_activation(self) -> bool:
        """Whether the kind may be a trailing activation."""
        return self.family is Family.ACTIVATION

    @property
    def knows_keys(self) -> bool:
        """Whether the kind may stand behind a value whose padding lies along two axes."""
        return self.takes_keys or self.is_activation

    @property
    def is_merge(self) -> bool:
        """Whether the kind merges the branches of a fork."""
        return self.family is Family.MERGE
