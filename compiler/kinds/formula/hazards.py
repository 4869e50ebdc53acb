"""Where a formula may give inf or NaN: found by the ranges of all its parts.

    log(z)              z may be 0 or negative
    a / b               b may be 0
    sqrt(z), z**0.5     z may be negative, or 0, where the slope is infinite
    exp(z)              z has no upper end; of a loss only where it divides

Forms that are computed stably (expand.py) are none, and neither is what depends on targets alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...ir.formula import COMPARISONS, TARGET, Apply, Formula, Term
from ...source import Span
from ..shapes.context import ShapeFault
from . import ranges
from .algebra import Expr, TooLong, name, number, total
from .algebra import call as called
from .expand import applied
from .forms import written_out
from .ranges import Range
from .walk import Walk


@dataclass(frozen=True, slots=True)
class Hazard:
    """What may go wrong (`log`, `/`, `sqrt`, `exp`), at which operation, by which operand."""

    what: str
    span: Span
    operand: Span
    range: Range
    branch: bool = False
    """Whether it is in a branch of `where`, of which both are computed."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a formula: as an expression unless it is too long, its range, what it is made of.

    `judged` says that it depends on something besides the target; `exps` are exponentials in it
    that may overflow, `sides` what a comparison compares.
    """

    expr: Expr | None
    range: Range
    judged: bool = True
    exps: tuple[Hazard, ...] = ()
    sides: tuple[_Part, ...] = ()


def hazards(
    formula: Formula, given: Sequence[Range], numbers: Mapping[str, float], *, loss: bool
) -> tuple[list[Hazard], Range]:
    """The hazards of a formula whose values have these ranges, and the range of its own value.

    None are found in a formula without a result, which is an error elsewhere.
    """
    search = _Search(loss)
    values = [
        _Part(name(n), r, judged=n != TARGET) for n, r in zip(formula.values, given, strict=True)
    ]
    try:
        found = Walk(search.step).formula(formula, values, numbers)
    except ShapeFault:
        return [], ranges.ANY
    if isinstance(found, float):
        return [], ranges.only(found)
    if not loss:
        search.found += found.exps
    unique = dict.fromkeys(search.found)
    inside = [(s.source, s.start, s.stop) for s in search.branches]
    return [
        replace(h, branch=any(_within(h.span, *place) for place in inside)) for h in unique
    ], found.range


def _within(span: Span, source: object, start: int, stop: int) -> bool:
    return span.source is source and start <= span.start and span.stop <= stop


def _part(x: float | _Part) -> _Part:
    return _Part(number(x), ranges.only(x), judged=False) if isinstance(x, float) else x


@dataclass(slots=True)
class _Search:
    """One walk through a formula, those that it calls included."""

    loss: bool
    found: list[Hazard] = field(default_factory=list)
    branches: list[Span] = field(default_factory=list)

    def step(self, term: Apply, operands: Sequence[float | _Part]) -> _Part:
        """The part that an operation makes of its operands; hazards are kept."""
        parts = [_part(x) for x in operands]
        expr = _expression(term.op, parts)
        if term.op in COMPARISONS:
            judged = any(p.judged for p in parts)
            return _Part(expr, Range(0.0, 1.0), judged, sides=tuple(parts))
        if term.op == "where":
            return self._where(term, expr, parts)
        exps = self._exps(term, expr, parts)
        self._look(term, parts)
        judged = any(p.judged for p in parts)
        return _Part(expr, _range(term.op, expr, parts), judged, exps)

    def _where(self, term: Apply, expr: Expr | None, parts: list[_Part]) -> _Part:
        condition, yes, no = parts
        self.branches += [x.span for x in term.operands[1:]]
        both = ranges.union((_chosen(yes, condition, True), _chosen(no, condition, False)))
        return _Part(expr, both, yes.judged or no.judged, yes.exps + no.exps)

    def _exps(self, term: Apply, expr: Expr | None, parts: list[_Part]) -> tuple[Hazard, ...]:
        """The exponentials that may still overflow behind an operation."""
        if expr is not None and (_is_stable(term.op, expr) or written_out(term, expr)):
            return ()
        exps = tuple(h for p in parts for h in p.exps)
        if term.op == "exp" and parts[0].judged and parts[0].range.high == float("inf"):
            exps += (_hazard("exp", term, 0, parts),)
        if term.op == "/" and self.loss:
            self.found += parts[1].exps
        return exps

    def _look(self, term: Apply, parts: list[_Part]) -> None:
        last = parts[-1]
        at = len(parts) - 1
        match term.op:
            case "log" if not last.range.positive:
                self._keep("log", term, at, parts)
            case "/" if last.range.has_zero and not self._is_root(term.operands[at]):
                self._keep("/", term, at, parts)
            case "sqrt" if not last.range.positive:
                self._keep("sqrt", term, at, parts)
            case "**":
                self._look_at_power(term, parts)

    def _is_root(self, term: Term) -> bool:
        """Whether it has been found already, as a root of what may be 0."""
        return any(h.what == "sqrt" and h.span == term.span for h in self.found)

    def _look_at_power(self, term: Apply, parts: list[_Part]) -> None:
        base, exponent = parts
        if exponent.range.low != exponent.range.high:
            if not base.range.positive:
                self._keep("log", term, 0, parts)
            return
        value = exponent.range.low
        if value != int(value) and (base.range.low < 0 or (value < 1 and not base.range.positive)):
            self._keep("sqrt", term, 0, parts)
        elif value < 0 and base.range.has_zero:
            self._keep("/", term, 0, parts)

    def _keep(self, what: str, term: Apply, at: int, parts: list[_Part]) -> None:
        if parts[at].judged:
            self.found.append(_hazard(what, term, at, parts))


def _hazard(what: str, term: Apply, at: int, parts: Sequence[_Part]) -> Hazard:
    operand: Term = term.operands[at]
    return Hazard(what, term.span, operand.span, parts[at].range)


def _expression(op: str, parts: Sequence[_Part]) -> Expr | None:
    try:
        return (
            applied(op, *(p.expr for p in parts if p.expr is not None))
            if all(p.expr is not None for p in parts)
            else None
        )
    except TooLong:
        return None


def _is_stable(op: str, expr: Expr) -> bool:
    """Whether it is one of the forms that are computed without their exponentials."""
    last = expr.args[: expr.above] if expr.op == "ratio" else (expr,)
    if op == "log":
        return any(x.op in ("softplus", "logsumexp", "log_softmax") for x in last)
    return op == "/" and any(x.op == "softmax" for x in last)


def _chosen(part: _Part, condition: _Part, holds: bool) -> Range:
    """The range of a branch that is one of the sides of the comparison."""
    if condition.expr is None or len(condition.sides) != 2 or part.expr is None:
        return part.range
    sign, (a, b) = condition.expr.op, condition.sides
    sign = sign if holds else _OPPOSITE[sign]
    if part.expr == a.expr:
        return ranges.bounded(part.range, sign, b.range)
    if part.expr == b.expr:
        return ranges.bounded(part.range, _TURNED[sign], a.range)
    return part.range


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def _range(op: str, expr: Expr | None, parts: Sequence[_Part]) -> Range:
    first, last = parts[0].range, parts[-1].range
    one = len(parts) == 1
    match op:
        case "neg":
            return -first
        case "+":
            return ranges.added(first, last)
        case "-":
            return _difference(parts)
        case "*" if parts[0].expr is not None and parts[0].expr == parts[1].expr:
            return ranges.raised(first, 2.0)
        case "*":
            return ranges.multiplied(first, last)
        case "/":
            return (
                ranges.SHARE
                if expr is not None and expr.op == "softmax"
                else ranges.divided(first, last)
            )
        case "**" if last.low == last.high:
            return ranges.raised(first, last.low)
        case "**":
            return ranges.POSITIVE if first.positive else ranges.ANY
        case "sum":
            return ranges.summed(first)
        case "max" | "min" if not one:
            return (ranges.greatest if op == "max" else ranges.least)(first, last)
    return ranges.applied(op, first)


def _difference(parts: Sequence[_Part]) -> Range:
    """a − b; of a value and the largest of its entries, what is not positive."""
    a, b = parts
    if a.expr is not None and b.expr == called("max", a.expr):
        return Range(high=0.0)
    if b.expr is not None and a.expr == called("max", b.expr):
        return ranges.NOT_NEGATIVE
    if a.expr is not None and b.expr is not None and total(a.expr) == total(b.expr):
        return ranges.only(0.0)
    return ranges.added(a.range, -b.range)
