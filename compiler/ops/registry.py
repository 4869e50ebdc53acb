"""The registry of ops: type rule and gradient rule; each target has a macro with the code.

Every op declares its gradient: a rule, `ZERO` where it is mathematically zero (comparisons,
random numbers, external values), or `Undefined` with a reason where there is no rule. A gradient
that reaches an op with `Undefined` is an error at compile time, never a silent zero.
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
"""The derivative of the op, or with respect to one input, is zero: propagation stops here."""

INCLUDED = _Included.INCLUDED
"""The gradient of this input is included in that of another input, from which it is computed."""


@dataclass(frozen=True, slots=True)
class Undefined:
    """The gradient of an op without a rule: reaching it is an error, with this reason."""

    why: str


ADJOINT = Undefined("only gradients use it, and second derivatives have no rule for it")
FROM_PASS = Undefined("only passes put it in, after gradients exist")


@dataclass(frozen=True, slots=True)
class Gradient:
    """The arguments of a gradient rule: an op, its inputs and value, and the value's gradient.

    `g` has the shape of `out`. The rule returns for each input a gradient of that input's shape,
    ZERO or INCLUDED.
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

    Entries are drawn from [low, high] away from `kinks`; `attrs` are the op's attributes. The
    other fields list indices of inputs: `rows` are rows of probabilities. The following take no
    gradient: `ints` are integers from 1 to a bound, `flags` are true if scalar and random if
    arrays, `fixed` are plain numbers.
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

    `infer` returns the type of the value; `gradient` is the rule. An `elementwise` op broadcasts,
    and may overwrite an input; the value of a `view` shares memory with its input. `formulas` are
    the comments beside the gradients of the inputs, in the letters x, W, z, a of a layer.

    A `tape` is a value that holds more than is read from it: everything that the backward pass of
    a time loop needs. `tape` then returns the type of the gradient that its rule takes, which is
    the type of the part that is read. `composed` emits the op together with others (a tape and
    its reader) if its rule cannot be checked alone. An op for which a target has no macro is
    rendered as a call of the target's helper function of that name.
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
    """Register an op; names are unique."""
    if definition.name in OPS:
        raise ValueError(f"op registered twice: {definition.name}")
    OPS[definition.name] = definition
    return definition


def is_view(op: str) -> bool:
    """Return whether an op's value shares memory with its input; patterns have ops of their own."""
    found = OPS.get(op)
    return found is not None and found.view


def same_type(types: Types, _: Attrs) -> TensorType:
    """The type rule of unary ops that preserve shape and dtype."""
    return types[0]
