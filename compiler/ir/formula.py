"""Formulas of a spec (`fn`), every name in them known.

    fn swish(z, q=1) = z * sigmoid(q * z)

is the formula `swish` of the value z and the number q.
"""

from __future__ import annotations

from ..record import record
from ..source import Span

FORMULA = ".fn"
"""The argument of a layer or loss that holds its formula: no name in a spec begins with a dot."""

TARGET = "t"
"""What a loss calls its target."""

FUNCTIONS = {
    **dict.fromkeys(("exp", "log", "sqrt", "abs", "sigmoid", "tanh", "relu", "softplus"), (1, 1)),
    **dict.fromkeys(("erf", "sin", "cos", "softmax", "sum", "mean", "stop"), (1, 1)),
    **dict.fromkeys(("min", "max"), (1, 2)),
    "where": (3, 3),
}
"""The functions of formulas, with the least and the most values that each takes."""

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


@record(frozen=True, slots=True)
class Constant:
    """A number, or a let that is one."""

    value: float
    span: Span


@record(frozen=True, slots=True)
class Named:
    """A value or number that the formula is given."""

    id: str
    span: Span


@record(frozen=True, slots=True)
class Apply:
    """An operator (`neg` is a sign) or function with what it is applied to."""

    op: str
    operands: tuple[Term, ...]
    span: Span


@record(frozen=True, slots=True)
class Invoke:
    """Another formula, with its values and numbers in its own order."""

    formula: Formula
    values: tuple[Term, ...]
    numbers: tuple[Term, ...]
    span: Span


Term = Constant | Named | Apply | Invoke


@record(frozen=True, slots=True)
class Formula:
    """`fn NAME(values, number=default) = body`; `text` is what stands behind the sign `=`."""

    name: str
    values: tuple[str, ...]
    numbers: tuple[tuple[str, float], ...]
    body: Term
    text: str
    span: Span

    @property
    def judged(self) -> tuple[str, ...]:
        """The values that a loss judges: all but its target."""
        return tuple(name for name in self.values if name != TARGET)

    @property
    def has_target(self) -> bool:
        """Whether it is a loss that compares with a target."""
        return TARGET in self.values

    @property
    def kind(self) -> str:
        """The kind of layers and losses that compute it; kinds of the language hold no blank."""
        return f"{self.name} fn" if len(self.values) == 1 else f"{self.name} fn merge"
