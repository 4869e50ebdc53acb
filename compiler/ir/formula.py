"""Formulas of a spec (`fn`), with all names resolved.

    fn swish(z, q=1) = z * sigmoid(q * z)

is the formula `swish` of the value z and the number q.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..record import record
from ..source import Span

FORMULA = ".fn"
"""The argument of a layer or loss with its formula; no name in a spec begins with a dot."""

TARGET = "t"
"""The name of a loss's target."""

FUNCTIONS = {
    **dict.fromkeys(("exp", "log", "sqrt", "abs", "sigmoid", "tanh", "relu", "softplus"), (1, 1)),
    **dict.fromkeys(("erf", "sin", "cos", "softmax", "sum", "mean", "stop"), (1, 1)),
    **dict.fromkeys(("min", "max"), (1, 2)),
    "where": (3, 3),
}
"""The functions of formulas, with the minimum and maximum number of values of each."""

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


@record(frozen=True, slots=True)
class Constant:
    """A number, or a let with a number."""

    value: float
    span: Span


@record(frozen=True, slots=True)
class Named:
    """A parameter of the formula: a value or a number."""

    id: str
    span: Span


@record(frozen=True, slots=True)
class Apply:
    """An operator (`neg` is a sign) or function with its operands."""

    op: str
    operands: tuple[Term, ...]
    span: Span


@record(frozen=True, slots=True)
class Invoke:
    """A call of another formula, with values and numbers in the order of its parameters."""

    formula: Formula
    values: tuple[Term, ...]
    numbers: tuple[Term, ...]
    span: Span


Term = Constant | Named | Apply | Invoke


@record(frozen=True, slots=True)
class Formula:
    """`fn NAME(values, number=default) = body`; `text` is the text after `=`."""

    name: str
    values: tuple[str, ...]
    numbers: tuple[tuple[str, float], ...]
    body: Term
    text: str
    span: Span

    @property
    def judged(self) -> tuple[str, ...]:
        """The values of a loss other than its target."""
        return tuple(name for name in self.values if name != TARGET)

    @property
    def has_target(self) -> bool:
        """Whether it is a loss with a target."""
        return TARGET in self.values

    @property
    def kind(self) -> str:
        """The kind of layers and losses that compute it; built-in kinds contain no blank."""
        return f"{self.name} fn" if len(self.values) == 1 else f"{self.name} fn merge"


def formula_in(args: Mapping[str, object]) -> Formula:
    """Return the formula among checked arguments; raises TypeError if there is none."""
    found = args.get(FORMULA)
    if isinstance(found, Formula):
        return found
    raise TypeError(f"not a formula: {found!r}")
