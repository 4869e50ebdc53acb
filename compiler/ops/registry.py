"""What an op is: its type rule and its gradient rule; its text is a macro per target.

Every op states its gradient: a rule, `ZERO` where the mathematics says so (comparisons, numbers
that are drawn, values from outside), or `Undefined` where there is no rule, with the reason. A
gradient that arrives at the last is an error at compile time, never a silent zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ..ir.op_graph import Attr, Node
from ..ir.types import DType, TensorType
from .build import Value

Types = tuple[TensorType, ...]
Attrs = Mapping[str, Any]


class _Zero(Enum):
    ZERO = "zero"


class _Included(Enum):
    INCLUDED = "included"


ZERO = _Zero.ZERO
"""Of an op or one of its inputs: the derivative is zero, and a gradient that arrives ends here."""

INCLUDED = _Included.INCLUDED
"""Of an input computed from another one, whose gradient has the way through this one in it."""


@dataclass(frozen=True, slots=True)
class Undefined:
    """Of an op without a rule: a gradient that arrives is an error, which says why."""

    why: str


ADJOINT = Undefined("only gradients use it, and second derivatives have no rule for it")
FROM_PASS = Undefined("only passes put it in, after gradients exist")


@dataclass(frozen=True, slots=True)
class Gradient:
    """What a gradient rule sees: an op, its inputs and value, and the gradient of its value.

    `g` has the shape of `out`. The rule returns one gradient for each input, each of that
    input's shape, or ZERO or INCLUDED in its place.
    """

    node: Node
    inputs: tuple[Value, ...]
    out: Value
    g: Value

    @property
    def x(self) -> Value:
        """The only input of a unary op."""
        return self.inputs[0]

    def attr(self, name: str) -> Any:
        """An attribute of the op."""
        return self.node.attr(name)


Parts = Sequence[Value | _Zero | _Included]
GradientRule = Callable[[Gradient], Parts]


@dataclass(frozen=True, slots=True)
class Sample:
    """Inputs on which the gradient rule is checked numerically.

    Entries are drawn from [low, high] away from `kinks`; `attrs` are the op's attributes. By
    their indices, `rows` are rows of probabilities, and some inputs take no gradient: `ints` are
    whole numbers from 1 up to a bound, `flags` true where single and drawn where arrays, `fixed`
    plain numbers.
    """

    shapes: tuple[tuple[int, ...], ...]
    attrs: Mapping[str, Attr]
    low: float = -2.0
    high: float = 2.0
    kinks: tuple[float, ...] = ()
    rows: tuple[int, ...] = ()
    ints: Mapping[int, int] = field(default_factory=dict)
    flags: tuple[int, ...] = ()
    fixed: tuple[int, ...] = ()

    @property
    def constant(self) -> set[int]:
        """The indices of inputs that take no gradient."""
        return {*self.ints, *self.flags, *self.fixed}

    def types(self) -> Types:
        """The types of the inputs."""
        return tuple(TensorType(shape, self._dtype(i)) for i, shape in enumerate(self.shapes))

    def _dtype(self, index: int) -> DType:
        if index in self.ints:
            return DType.INT
        return DType.BOOL if index in self.flags else DType.FLOAT


def sample(*shapes: tuple[int, ...], **attrs: Attr) -> Sample:
    """A sample over the usual range, without kinks."""
    return Sample(shapes, attrs)


@dataclass(frozen=True, slots=True)
class OpDef:
    """A registry entry.

    `infer` gives the type of the value; `gradient` the rule; `elementwise` says that the op
    works entry by entry with broadcasting, so that it may write over an input; `view` that
    its value shares memory with its input. `formulas` are what a
    comment shows beside the gradient of each input, in the letters x, W, z, a of a layer.

    A `tape` is a value that holds more than what is read from it: all that a time loop will
    need on its way back. `tape` then gives the type of the gradient that its rule takes, which
    is that of what is read. `composed` emits the op together with what it works with (a tape
    and its reader) where its rule cannot be checked alone. An op for which a target has no
    macro is a call of the target's helper function of that name.
    """

    name: str
    infer: Callable[[Types, Attrs], TensorType]
    gradient: GradientRule | _Zero | Undefined
    elementwise: bool = False
    view: bool = False
    formulas: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()
    tape: Callable[[Types, Attrs], TensorType] | None = None
    composed: Callable[[tuple[Value, ...], Attrs], Value] | None = None


OPS: dict[str, OpDef] = {}
"""Every op by name."""


def op(definition: OpDef) -> OpDef:
    """Enter an op into the registry; a name is taken once."""
    if definition.name in OPS:
        raise ValueError(f"op registered twice: {definition.name}")
    OPS[definition.name] = definition
    return definition


def same_type(types: Types, _: Attrs) -> TensorType:
    """The type rule of unary ops that keep shape and kind."""
    return types[0]
