"""Formulas as expressions that are simplified while they are built, and their text.

    product(q, z, q)            q * z * q
    total(z, z, 1)              2 * z + 1
    quotient(z * q, z)          q

Expressions have no places in the spec and compare by what they say, so that equal parts are found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ...record import record


@record(frozen=True, slots=True)
class Expr:
    """An operator or function with its operands, a name or a number.

    `sum of` has terms and `ratio` has factors, the number `value` in both among them: added to the
    terms, or multiplied with the factors, the first `above` of which are above the line.
    """

    op: str
    args: tuple[Expr, ...] = ()
    value: float = 0.0
    name: str = ""
    above: int = 0
    size: int = 1


LARGEST = 300
"""Operators, functions, names and numbers of an expression; nobody would read a larger one."""


class TooLong(Exception):
    """An expression would be larger."""


def _expr(op: str, args: tuple[Expr, ...], value: float = 0.0, above: int = 0) -> Expr:
    """An expression of others; raises TooLong."""
    size = 1 + sum(x.size for x in args)
    if size > LARGEST:
        raise TooLong
    return Expr(op, args, value, "", above, size)


def number(value: float) -> Expr:
    """A number."""
    return Expr("number", value=float(value))


def name(text: str) -> Expr:
    """A value or number of the formula, or a gradient."""
    return Expr("name", name=text)


def call(op: str, *args: Expr) -> Expr:
    """A function or a comparison."""
    return _expr(op, args)


ZERO, ONE = number(0), number(1)

# --- sums ---------------------------------------------------------------------------------


def total(*terms: Expr) -> Expr:
    """The sum; equal terms become one."""
    constant, factors = 0.0, dict[Expr, float]()
    for term in _terms(terms):
        if term.op == "number":
            constant += term.value
            continue
        coefficient, rest = _apart(term)
        factors[rest] = factors.get(rest, 0.0) + coefficient
    found = tuple(_times(c, rest) for rest, c in factors.items() if c)
    if not found:
        return number(constant)
    if len(found) == 1 and not constant:
        return found[0]
    return _expr("sum of", found, constant)


def _terms(terms: Iterable[Expr]) -> Iterable[Expr]:
    for term in terms:
        if term.op == "sum of":
            yield from term.args
            yield number(term.value)
        else:
            yield term


def _apart(term: Expr) -> tuple[float, Expr]:
    """The number in front of a term, and the term without it."""
    if term.op != "ratio":
        return 1.0, term
    return term.value, _ratio(1.0, term.args[: term.above], term.args[term.above :])


def _times(coefficient: float, rest: Expr) -> Expr:
    return product(number(coefficient), rest)


# --- products -----------------------------------------------------------------------------


def product(*factors: Expr) -> Expr:
    """The product."""
    value, above, below = 1.0, list[Expr](), list[Expr]()
    for factor in factors:
        if factor.op == "number":
            value *= factor.value
        elif factor.op == "ratio":
            value *= factor.value
            above += factor.args[: factor.above]
            below += factor.args[factor.above :]
        else:
            above.append(factor)
    return _ratio(value, above, below)


def quotient(one: Expr, other: Expr) -> Expr:
    """The quotient; what stands above and below is left out."""
    if other.op == "number" and other.value:
        return product(number(1 / other.value), one)
    if other.op == "ratio" and other.value:
        above, below = other.args[: other.above], other.args[other.above :]
        inverse = _ratio(1 / other.value, below, above)
    else:
        inverse = _expr("ratio", (other,), 1.0)
    return product(one, inverse)


def _ratio(value: float, above: Sequence[Expr], below: Sequence[Expr]) -> Expr:
    above, below = list(above), list(below)
    for factor in list(below):
        if factor in above:
            above.remove(factor)
            below.remove(factor)
    if not value or not (above or below):
        return number(value)
    if len(above) == 1 and not below and (value == 1 or (value == -1 and above[0].op == "sum of")):
        return above[0] if value == 1 else negative(above[0])
    return _expr("ratio", (*above, *below), value, len(above))


def negative(x: Expr) -> Expr:
    """The expression with the other sign."""
    if x.op == "sum of":
        return _expr("sum of", tuple(map(negative, x.args)), -x.value)
    return product(number(-1), x)


def power(base: Expr, exponent: Expr) -> Expr:
    """The power, by 1 and 0 simplified."""
    if exponent in (ONE, ZERO):
        return base if exponent == ONE else ONE
    return _expr("**", (base, exponent))


def choice(condition: Expr, yes: Expr, no: Expr) -> Expr:
    """`where`; a comparison itself for 1 and 0."""
    if yes == no:
        return yes
    if (yes, no) == (ONE, ZERO):
        return condition
    return _expr("where", (condition, yes, no))


def factored(x: Expr) -> Expr:
    """Every sum whose terms have factors above the line in common as these times a sum."""
    if x.op == "ratio":
        above = [factored(factor) for factor in x.args[: x.above]]
        return product(_ratio(x.value, (), x.args[x.above :]), *above)
    if x.op != "sum of" or x.value:
        return x
    parts = [(t.args[: t.above] if t.op == "ratio" else (t,)) for t in x.args]
    common = list[Expr]()
    for factor in parts[0]:
        wanted = common.count(factor) + 1
        if all(part.count(factor) >= wanted for part in parts):
            common.append(factor)
    if not common:
        return x
    shared = product(*common)
    return product(shared, total(*(quotient(term, shared) for term in x.args)))


# --- text ---------------------------------------------------------------------------------

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(1, 6)
_COMPARED = 0
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def text(x: Expr) -> str:
    """The expression as formulas are written."""
    return _written(x)[0]


def _written(x: Expr) -> tuple[str, int]:
    """The text, and how tightly its outermost operator binds."""
    rule = _WRITERS.get(x.op)
    if rule is not None:
        return rule(x)
    if x.op in COMPARISONS:
        return f"{_within(x.args[0], _SUM)} {x.op} {_within(x.args[1], _SUM)}", _COMPARED
    return f"{x.op}({', '.join(map(text, x.args))})", _ATOM


def _within(x: Expr, least: int) -> str:
    found, binding = _written(x)
    return found if binding >= least else f"({found})"


def _digits(value: float) -> str:
    return f"{value:.10g}".replace("e-0", "e-")


def _number(x: Expr) -> tuple[str, int]:
    return _digits(x.value), _ATOM if x.value >= 0 else _SIGN


def _sum(x: Expr) -> tuple[str, int]:
    """A term that is added comes first, before others a number."""
    terms = [*x.args, number(x.value)] if x.value < 0 else [number(x.value), *x.args]
    if not x.value:
        terms.remove(number(0))
    plus = next((i for i, t in enumerate(terms) if _sign(t) > 0), 0)
    terms.insert(0, terms.pop(plus))
    found = _within(terms[0], _SUM)
    for term in terms[1:]:
        if _sign(term) < 0:
            found += f" - {_within(negative(term), _PRODUCT)}"
        else:
            found += f" + {_within(term, _PRODUCT)}"
    return found, _SUM


def _sign(x: Expr) -> float:
    return x.value if x.op in ("number", "ratio") else 1.0


def _product(x: Expr) -> tuple[str, int]:
    x = _turned(x)
    above, below = x.args[: x.above], x.args[x.above :]
    size = abs(x.value)
    words = [_digits(size)] if size != 1 or not above else []
    found = " * ".join([*words, *_factors(above)])
    if below:
        words = _factors(below)
        found += f" / {words[0]}" if len(words) == 1 else f" / ({' * '.join(words)})"
    return (f"-{found}" if x.value < 0 else found), _PRODUCT


def _turned(x: Expr) -> Expr:
    """0.5 * (z - 1) for -0.5 * (1 - z)."""
    for i, factor in enumerate(x.args[: x.above] if x.value < 0 else ()):
        if factor.op == "sum of" and min(factor.value, *map(_sign, factor.args)) < 0:
            args = (*x.args[:i], negative(factor), *x.args[i + 1 :])
            return _expr("ratio", args, -x.value, x.above)
    return x


def _factors(factors: Sequence[Expr]) -> list[str]:
    """The factors, equal ones as a power."""
    found = []
    for factor in dict.fromkeys(factors):
        times = factors.count(factor)
        if times > 1:
            factor = _expr("**", (factor, number(times)))
        found.append(_within(factor, _POWER))
    return found


def _raised(x: Expr) -> tuple[str, int]:
    return f"{_within(x.args[0], _ATOM)}**{_within(x.args[1], _POWER)}", _POWER


_WRITERS: Mapping[str, Callable[[Expr], tuple[str, int]]] = {
    "number": _number,
    "name": lambda x: (x.name, _ATOM),
    "sum of": _sum,
    "ratio": _product,
    "**": _raised,
}
