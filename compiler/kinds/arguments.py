"""Argument schemas of layers, losses, optimizers and schedules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..ir.layer_graph import ArgValue, Call
from ..source import NOWHERE


@dataclass(frozen=True, slots=True)
class Int:
    """A whole number within bounds (inclusive).

    With `sizes` a symbolic size of an input may stand in its place; the value is then its name.
    """

    low: int | None = None
    high: int | None = None
    sizes: bool = False


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

    `rank` fixes the number of components, `low` is the lower bound of each; one of `words` may
    replace the size.
    """

    rank: int | None = None
    low: int = 1
    words: tuple[str, ...] = ()
    sides: bool = False


@dataclass(frozen=True, slots=True)
class Numbers:
    """One number, or a list of numbers (the value is a float or a tuple of floats).

    Without `single` it must be a list; one of `words` may replace it. `low` is the lower bound of
    the numbers; `whole` numbers are ints.
    """

    nonzero: bool = False
    low: float | None = None
    single: bool = True
    words: tuple[str, ...] = ()
    whole: bool = False


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
class ValueName:
    """The name of a stage whose value is one more input; the value is the name of its layer."""


@dataclass(frozen=True, slots=True)
class Init:
    """An initialisation: a word, or a word with arguments; the value is a `Call`."""


ArgType = (
    Int | Num | Flag | Option | SizeOf | Numbers | Ints | Ranges | LayerName | ValueName | Init
)


class Required(Enum):
    """The placeholder for the default of a required argument."""

    REQUIRED = "required"


REQUIRED = Required.REQUIRED


@dataclass(frozen=True, slots=True)
class ArgSpec:
    """One argument of a kind; positional ones are given in the order of the schema."""

    name: str
    type: ArgType
    doc: str
    default: ArgValue | Required = REQUIRED
    positional: bool = False

    @property
    def required(self) -> bool:
        """Whether the argument has no default."""
        return self.default is REQUIRED

    @property
    def absent(self) -> ArgValue:
        """The default; raises TypeError if the argument is required."""
        if self.default is REQUIRED:
            raise TypeError(f"{self.name} is required")
        return self.default


def positional(
    name: str, type: ArgType, doc: str, default: ArgValue | Required = REQUIRED
) -> ArgSpec:
    """Return an argument that may be given by position or by key."""
    return ArgSpec(name, type, doc, default, positional=True)


def option(name: str, type: ArgType, doc: str, default: ArgValue | Required = None) -> ArgSpec:
    """Return an argument that can only be given by key."""
    return ArgSpec(name, type, doc, default)


IN_ARG = option("in", Int(low=1), "asserts the size of the input's last feature axis")


INIT_ARG = option(
    "init",
    Init(),
    "initialisation of weights; default: he before relu and relatives, lecun before selu, else xavier",
)


BIAS_INIT_ARG = option("bias_init", Init(), "initialisation of biases", Call("zeros", {}, NOWHERE))


BIAS_ARG = option("bias", Flag(), "whether a bias is added", True)


FROZEN_ARG = option("frozen", Flag(), "whether its parameters are excluded from training")


SHAPELESS = frozenset(
    {
        "in",
        "frozen",
        "bias",
        "init",
        "bias_init",
        "tie",
        "layers",
        "dropout",
        "reverse",
        "start",
        "normalize",
        "eps",
    }
    | {"momentum", "groups", "causal", "learned", "max", "a", "beta", "approx"}
)
"""Arguments that do not affect the shape of the output."""
