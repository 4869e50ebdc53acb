"""The code of a kernel as plain data: values, statements, loops, parts.

templates/numba/kernels.jinja and views.jinja have the text of each; see text.py."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ...ir.dims import Dim, Shape, product
from ...ir.op_graph import Node
from ...program.loops import Indices
from ...program.statements import Heading, Note


@dataclass(frozen=True, slots=True)
class Var:
    """A variable: an array or a number."""

    name: str


@dataclass(frozen=True, slots=True)
class View:
    """A view of an array: `form` names a macro of views.jinja, `args` are its arguments."""

    form: str
    of: Value
    args: tuple[object, ...] = ()


class Form(Enum):
    """The macro by which an op is written: for one entry, for a view, or of the NumPy target."""

    ENTRY = "entry"
    VIEW = "view"
    NUMPY = "numpy"


@dataclass(frozen=True, slots=True)
class Applied:
    """An op on its operands, whose shapes are `shapes`."""

    node: Node
    operands: tuple[Value, ...]
    shapes: tuple[Shape, ...]
    form: Form = Form.ENTRY


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an array: an index for each of its axes."""

    array: Value
    at: Indices


@dataclass(frozen=True, slots=True)
class Real:
    """A number in the model's dtype."""

    value: Value


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: float


class Start(Enum):
    """The initial value of a sum or maximum; a real zero prevents an integer variable."""

    ZERO = "zero"
    REAL_ZERO = "real_zero"
    LOWEST = "lowest"


@dataclass(frozen=True, slots=True)
class Times:
    """A product of factors."""

    factors: tuple[Value, ...]


Value = Var | View | Applied | Entry | Real | Number | Start | Times


@dataclass(frozen=True, slots=True)
class Room:
    """The declaration of an array as part of a flat array with a shape."""

    flat: str
    start: Dim
    shape: Shape
    by_columns: bool = False

    @property
    def stop(self) -> Dim:
        """The end of the part."""
        return self.start + product(self.shape)


@dataclass(frozen=True, slots=True)
class Empty:
    """The declaration of a newly allocated array."""

    shape: Shape


class How(Enum):
    """The effect of an assignment on its target: set, fill, add, or take the maximum."""

    SET = "set"
    FILL = "fill"
    ADD = "add"
    LARGEST = "largest"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line: a target, a value, and a comment."""

    target: Value
    value: Value
    note: str = ""
    how: How = How.SET


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop along one axis of a nest."""

    axis: int
    size: Dim


@dataclass(frozen=True, slots=True)
class LoopStep:
    """The statements for each row: for all its entries if there is a loop, else once.

    `before` and `after` are the initial lines of accumulators and the stores of their values."""

    before: tuple[Assignment, ...]
    loop: Loop | None
    body: tuple[Assignment, ...]
    after: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class LoopNest:
    """Loops over the rows, outermost first, and the steps in each row.

    `before` declares variables of scalars and views, and the initial values of sums over all rows.
    """

    before: tuple[Assignment, ...]
    rows: tuple[Loop, ...]
    steps: tuple[LoopStep, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix and its memory order: C by rows, F by columns, A neither."""

    array: Value
    order: str

    @property
    def turned(self) -> Matrix:
        """The same entries as the transposed matrix."""
        order = {"C": "F", "F": "C", "A": "A"}[self.order]
        return Matrix(turned(self.array), order)

    @property
    def in_rows(self) -> Matrix:
        """The same matrix, copied if it is not contiguous by rows."""
        return self if self.order == "C" else Matrix(View("by_rows", self.array), "C")


def turned(array: Value) -> Value:
    """Return the transposed array; the transpose of a transpose is the array itself."""
    if isinstance(array, View) and array.form == "turned":
        return array.of
    return View("turned", array)


@dataclass(frozen=True, slots=True)
class Product:
    """A matrix product written into an array."""

    function: str
    left: Value
    right: Value
    out: Value
    note: str = ""


@dataclass(frozen=True, slots=True)
class WholeOp:
    """An op on whole arrays, written by the macro of scalars.jinja that `form` names."""

    form: str
    call: Applied
    out: Value
    note: str


@dataclass(frozen=True, slots=True)
class HelperCall:
    """A call of a helper function that is not compiled."""

    call: Applied
    out: Value
    note: str


Statement = Heading | Note | Assignment | LoopNest | Product | WholeOp | HelperCall


@dataclass(slots=True)
class Part:
    """A sequence of a kernel's statements: compiled, or calls of uncompiled Python functions."""

    compiled: bool
    statements: list[Statement]
