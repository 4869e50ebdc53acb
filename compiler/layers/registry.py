"""What a layer kind is: schema, shape rule, parameters, lowering, cost and documentation.

A layer is one file in this folder that makes one `LayerKind` and passes it to `layer`. Files
are found by themselves; grammar, did-you-mean, CLI help, the reference and the argument checks
are derived from here. A layer is lowered to forward ops only; its gradient follows from the
rules of the ops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ..ir.dims import Dim
from ..ir.layer_graph import ArgValue, Call
from ..ir.types import TensorType
from ..registry import Registry

if TYPE_CHECKING:
    from ..ir.op_graph import Value
    from ..lower.context import LowerContext
    from ..shapes.context import ShapeContext


# --- argument schemas ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Int:
    """A whole number within bounds (inclusive)."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Num:
    """A number; bounds are inclusive unless `open_low` / `open_high`."""

    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of a closed set of words; case does not matter."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SizeOf:
    """A size such as `3x3` (or one integer); the value is a tuple of ints.

    `rank` fixes how many components there are, `low` is the least that one may be; one of `words`
    may stand in place of the size.
    """

    rank: int | None = None
    low: int = 1
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Numbers:
    """One number, or a list of numbers (the value is a float or a tuple of floats).

    Without `single` it must be a list; one of `words` may stand in its place. `low` is the least
    that a number may be.
    """

    nonzero: bool = False
    low: float | None = None
    single: bool = True
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ints:
    """All remaining positionals as a tuple of whole numbers: `permute 2 0 1`."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """All remaining positionals as a tuple of (start, stop) pairs: `crop 1:3 0:5`."""


@dataclass(frozen=True, slots=True)
class LayerName:
    """The name of a stage; the value is the full name of that layer."""


@dataclass(frozen=True, slots=True)
class Init:
    """An initialisation: a word, or a word with arguments; the value is a `Call`."""


ArgType = Int | Num | Flag | Option | SizeOf | Numbers | Ints | Ranges | LayerName | Init


class _Required(Enum):
    REQUIRED = "required"


REQUIRED = _Required.REQUIRED


@dataclass(frozen=True, slots=True)
class ArgSpec:
    """One argument of a kind; positional ones are given in the order of the schema."""

    name: str
    type: ArgType
    doc: str
    default: ArgValue = REQUIRED
    positional: bool = False

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is REQUIRED


def positional(name: str, type: ArgType, doc: str, default: ArgValue = REQUIRED) -> ArgSpec:
    """An argument that may be given by place or by key."""
    return ArgSpec(name, type, doc, default, positional=True)


def option(name: str, type: ArgType, doc: str, default: ArgValue = None) -> ArgSpec:
    """An argument that is given by key only."""
    return ArgSpec(name, type, doc, default)


IN_ARG = option("in", Int(low=1), "asserts the size of the last feature axis that comes in")
INIT_ARG = option(
    "init",
    Init(),
    "how the weights start; else he before the relu family, lecun before selu, xavier otherwise",
)
BIAS_INIT_ARG = option("bias_init", Init(), "how the biases start", Call("zeros", {}, None))  # type: ignore[arg-type]
BIAS_ARG = option("bias", Flag(), "whether a bias is added", True)

SHAPELESS = frozenset(
    {"in", "bias", "init", "bias_init", "tie", "layers", "dropout", "reverse", "normalize", "eps"}
    | {"momentum", "groups", "causal", "learned", "max", "a", "beta", "approx"}
)
"""Arguments that have no say in the shape of what comes out."""


# --- kinds --------------------------------------------------------------------------------


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
    default initialisation of weights whose layer an activation of this kind follows. `summary`,
    `formula`, `example`, `torch` and `keras` make the reference. The value of a view (`is_view`)
    is the memory of its input under another shape.
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
    trailing: Trailing = Trailing.YES
    feeding_init: str = "xavier"
    torch: str = ""
    keras: str = ""
    notes: str = ""
    is_view: bool = False

    @property
    def word(self) -> str:
        """What specs call it: `mean` is the word for the merge and for the reduction `mean axis`."""
        return self.name.partition(" ")[0]

    @property
    def is_activation(self) -> bool:
        """Whether the kind's name may trail another stage."""
        return self.family is Family.ACTIVATION

    @property
    def is_merge(self) -> bool:
        """Whether the kind takes the branches of a fork."""
        return self.family is Family.MERGE


LAYERS: Registry[LayerKind] = Registry("layer kind")
"""Every layer kind by its own name; filled by the files of this folder."""

layer = LAYERS.enter
aliases = LAYERS.aliases
