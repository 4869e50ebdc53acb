"""What was decided about a kernel's code, as plain data: values, statements, loops, parts.

templates/numba/kernels.jinja and views.jinja have the text of each; see text.py.
"""

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
    """An array seen in another way: `form` names a macro of views.jinja, `args` are its arguments."""

    form: str
    of: Value
    args: tuple[object, ...] = ()


class Form(Enum):
    """The macros that an op is written by: of one entry, of a view, of the NumPy target."""

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
    """One entry of an array: an index along each of its axes."""

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
    """What a sum or a maximum begins with; a real zero keeps a variable from holding whole numbers."""

    ZERO = "zero"
    REAL_ZERO = "real_zero"
    LOWEST = "lowest"


@dataclass(frozen=True, slots=True)
class Times:
    """Factors multiplied."""

    factors: tuple[Value, ...]


Value = Var | View | Applied | Entry | Real | Number | Start | Times


@dataclass(frozen=True, slots=True)
class Room:
    """What an array is declared as: a part of a flat array in a shape."""

    flat: str
    start: Dim
    shape: Shape
    by_columns: bool = False

    @property
    def stop(self) -> Dim:
        """Where the part ends."""
        return self.start + product(self.shape)


@dataclass(frozen=True, slots=True)
class Empty:
    """What an array is declared as: an array of its own."""

    shape: Shape


class How(Enum):
    """What an assignment does to its target: set it, fill all its entries, add, keep the larger."""

    SET = "set"
    FILL = "fill"
    ADD = "add"
    LARGEST = "largest"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line: a target, a value, and what the line says of them."""

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
    """What is done in a row: for all its entries if there is a loop, else once.

    `before` and `after` are accumulators' first lines and the stores of what they hold.
    """

    before: tuple[Assignment, ...]
    loop: Loop | None
    body: tuple[Assignment, ...]
    after: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class LoopNest:
    """Loops over the rows, the outermost first, and the steps done in each row.

    `before` are scalars and views that get variables, and what sums over all rows begin with.
    """

    before: tuple[Assignment, ...]
    rows: tuple[Loop, ...]
    steps: tuple[LoopStep, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """An array and its order in memory: C by rows, F by columns, A neither."""

    array: Value
    order: str

    @property
    def turned(self) -> Matrix:
        """The same entries as the transposed matrix."""
        order = {"C": "F", "F": "C", "A": "A"}[self.order]
        return Matrix(turned(self.array), order)

    @property
    def in_rows(self) -> Matrix:
        """The same matrix, copied if it does not lie by rows without gaps."""
        return self if self.order == "C" else Matrix(View("by_rows", self.array), "C")


def turned(array: Value) -> Value:
    """The transposed array; twice transposed it is itself."""
    if isinstance(array, View) and array.form == "turned":
        return array.of
    return View("turned", array)


@dataclass(frozen=True, slots=True)
class Product:
    """A product of matrices written into an array."""

    function: str
    left: Value
    right: Value
    out: Value
    note: str = ""


@dataclass(frozen=True, slots=True)
class WholeOp:
    """An op on whole arrays by a macro of scalars.jinja, which `form` names."""

    form: str
    call: Applied
    out: Value
    note: str


@dataclass(frozen=True, slots=True)
class HelperCall:
    """A call of a helper function that stays Python's."""

    call: Applied
    out: Value
    note: str


Statement = Heading | Note | Assignment | LoopNest | Product | WholeOp | HelperCall


@dataclass(slots=True)
class Part:
    """A run of a kernel's statements: compiled, or calls of functions that stay Python's."""

    compiled: bool
    statements: list[Statement]
