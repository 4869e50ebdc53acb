"""Dimensions: integers, or polynomials over symbols such as B (batch) and T (time).

A symbolic dimension is kept as a sum of monomials in one canonical order, so that equal
dimensions are equal values and print alike.

>>> T = symbol("T")
>>> T - 2, 3 * T + 1, T * symbol("B"), (T - 3) // 2 + 1
(T-2, 3*T+1, B*T, (T-3)//2+1)
>>> (2 * T) // 2 == T, (2 * T + 3) // 2, T - T
(True, T+1, 0)
>>> symbol("B") * (T // 3 + 1), 1 - T // 3
(B*(T//3)+B, -(T//3)+1)
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import gcd
from operator import add, floordiv, mul, sub

Monomial = tuple[str, ...]

MAX_TERMS = 1000
"""Most terms of a dimension; the terms of (A+B)(C+D)… double with every factor."""


class TooManyTerms(ArithmeticError):
    """A dimension has too many terms; the message has their number."""


_WORD = re.compile(r"[A-Z][A-Z0-9]*")

_ARITHMETIC: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.FloorDiv: floordiv,
}


@dataclass(frozen=True, slots=True)
class Sym:
    """A dimension known only at run time, made by `symbol` and arithmetic."""

    terms: tuple[tuple[Monomial, int], ...]

    def __add__(self, other: Dim) -> Dim:
        _refuse_long(len(self.terms))
        return _collect((*self.terms, *_terms(other)))

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return self * -1

    def __sub__(self, other: Dim) -> Dim:
        return self + (-1 * other)

    def __rsub__(self, other: Dim) -> Dim:
        return other + (-1 * self)

    def __mul__(self, other: Dim) -> Dim:
        right = _terms(other)
        _refuse_long(len(self.terms) * len(right))
        return _collect((tuple(sorted(a + b)), m * n) for a, m in self.terms for b, n in right)

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        if other == 1:
            return self
        if isinstance(other, int) and all(n % other == 0 for m, n in self.terms if m):
            return _collect((m, n // other) for m, n in self.terms)
        if isinstance(other, Sym):
            exact = _divide_exactly(self, other)
            if exact is not None:
                return exact
        return Sym((((f"{_atom(self)}//{_atom(other)}",), 1),))

    def __str__(self) -> str:
        text = "".join(_term_text(m, n) for m, n in self.terms)
        return text.removeprefix("+")

    __repr__ = __str__


Dim = int | Sym
Shape = tuple[Dim, ...]


def symbol(name: str) -> Sym:
    """Return the symbolic dimension of that name."""
    return Sym((((name,), 1),))


BATCH = symbol("B")


def product(dims: Iterable[Dim]) -> Dim:
    """Return the number of elements of a shape."""
    total: Dim = 1
    for dim in dims:
        total = total * dim
    return total


def fixed(dim: Dim) -> int:
    """Return a dimension that the language lets no symbol be; raises TypeError if it is one."""
    if isinstance(dim, int):
        return dim
    raise TypeError(f"a dimension is {dim}, not a number")


def symbols(dim: Dim) -> set[str]:
    """Return the plain symbols that a dimension depends on."""
    return set() if isinstance(dim, int) else set(_WORD.findall(str(dim)))


def written(dim: Dim, names: Mapping[str, str]) -> str:
    """Return the dimension as text, with each plain symbol replaced.

    >>> written(symbol("B") * symbol("T"), {"B": "len(x)", "T": "x.shape[1]"})
    'len(x)*x.shape[1]'
    """
    return _WORD.sub(lambda word: names[word[0]], str(dim))


def evaluate(dim: Dim, values: Mapping[str, int]) -> int:
    """Return the dimension as a number, given a value of each plain symbol.

    >>> evaluate((symbol("T") - 3) // 2 + 1, {"T": 10})
    4
    """
    if isinstance(dim, int):
        return dim
    return _value(ast.parse(str(dim), mode="eval").body, values)


def substitute(dim: Dim, name: str, value: int) -> Dim:
    """Return the dimension with a number for one symbol, on which no quotient may depend.

    >>> substitute(3 * symbol("B") * symbol("T") + 1, "B", 2)
    6*T+1
    """
    return _collect(
        (tuple(a for a in monomial if a != name), factor * value ** monomial.count(name))
        for monomial, factor in _terms(dim)
    )


def _value(tree: ast.expr, values: Mapping[str, int]) -> int:
    match tree:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, values)
        case ast.BinOp(left=left, op=op, right=right):
            return _ARITHMETIC[type(op)](_value(left, values), _value(right, values))
    raise ValueError(f"not a dimension: {ast.dump(tree)}")


def shape_text(shape: Shape) -> str:
    """Format a shape without its batch axis as in a spec: `3x28x28`, `192x(T-2)x1`.

    >>> shape_text((192, symbol("T") - 2, 1))
    '192x(T-2)x1'
    """
    if len(shape) == 1:
        return str(shape[0])
    return "x".join(_atom(d) for d in shape) if shape else "scalar"


def array_text(shape: Shape) -> str:
    """Format a shape as in a comment: `(B, 30)`, `(B,)`."""
    inner = ", ".join(str(d) for d in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def _terms(dim: Dim) -> tuple[tuple[Monomial, int], ...]:
    return (((), dim),) if isinstance(dim, int) else dim.terms


def total(dims: Iterable[Dim]) -> Dim:
    """Return the sum of dimensions, with any number of terms.

    >>> total([1, symbol("T"), 2])
    T+3
    """
    return _collect(term for dim in dims for term in _terms(dim))


def _refuse_long(terms: int) -> None:
    if terms > MAX_TERMS:
        raise TooManyTerms(f"more than {MAX_TERMS:,} terms")


def _collect(terms: Iterable[tuple[Monomial, int]]) -> Dim:
    sums: dict[Monomial, int] = {}
    for monomial, factor in terms:
        sums[monomial] = sums.get(monomial, 0) + factor
    kept = {m: n for m, n in sums.items() if n}
    if not kept.keys() - {()}:
        return kept.get((), 0)
    order = sorted(kept.items(), key=lambda item: (-len(item[0]), item[0]))
    return Sym(tuple(order))


def _divide_exactly(left: Sym, right: Sym) -> Dim | None:
    if len(right.terms) != 1:
        return 1 if left == right else None
    divisor, factor = right.terms[0]
    quotient: list[tuple[Monomial, int]] = []
    for monomial, n in left.terms:
        rest = list(monomial)
        for name in divisor:
            if name not in rest:
                return None
            rest.remove(name)
        if n % factor:
            return None
        quotient.append((tuple(rest), n // factor))
    return _collect(quotient)


def _atom(dim: Dim) -> str:
    text = str(dim)
    return text if text.isalnum() or text == "?" else f"({text})"


def _term_text(monomial: Monomial, factor: int) -> str:
    sign = "-" if factor < 0 else "+"
    size = abs(factor)
    alone = len(monomial) == 1 and factor == 1
    names = "*".join(f"({n})" if "//" in n and not alone else n for n in monomial)
    if not names:
        return f"{sign}{size}"
    return f"{sign}{names}" if size == 1 else f"{sign}{size}*{names}"


def common_factor(dim: Dim) -> int:
    """Return the greatest integer that divides the dimension for all values of its symbols."""
    return gcd(*(n for _, n in _terms(dim)))
