"""The gradients of a formula by each of its values, in the names of the spec, for comments.

    fn swish(z, q=1) = z * sigmoid(q * z)
    dz = dswish * (sigmoid(q * z) + q * z * sigmoid(q * z) * (1 - sigmoid(q * z)))

The module does not compute by these texts: its gradients are derived op by op. Where nothing is
reduced, dz is the gradient of the formula's value times its derivative. A reduction over the last
axis (`sum(z)`) is a value of its own, whose gradient is found first. Where the greater or the least
of equal values is taken, the text names one of them, and the module shares the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ...ir.dims import Shape
from ...ir.formula import Formula
from .algebra import (
    COMPARISONS,
    ONE,
    ZERO,
    Expr,
    TooLong,
    call,
    choice,
    factored,
    name,
    negative,
    number,
    power,
    product,
    quotient,
    text,
    total,
)
from .expand import expanded

LONGEST = 180
"""Characters of a formula that a comment still shows; a longer one is left out."""

_WHOLE = ("sum", "mean", "softmax", "log_softmax", "logsumexp")
"""Functions that run over the last axis; `min` and `max` of one value do as well."""


def slopes(
    formula: Formula, shapes: Sequence[Shape], result: Shape, *, loss: bool = False
) -> dict[str, str]:
    """By the name of each value its gradient's formula, `dz = …`; those too long are left out.

    `result` is the shape of the formula's value, the batch axis left out as in `shapes`. Of a loss
    it is the gradient of one entry, without what the reduction divides by.
    """
    if any(shape[:-1] != result[:-1] for shape in shapes):
        return {}  # where other axes are broadcast, the text would need sums over these
    widths = {n: s[-1] for n, s in zip(formula.values, shapes, strict=True)}
    size = result[-1]
    outer = ONE if loss else name(f"d{formula.name}")
    try:
        found = _Gradients(expanded(formula), outer, widths, size)
        texts = {n: text(factored(found.by(name(n)))) for n in formula.values}
    except TooLong:
        return {}
    return {n: f"d{n} = {value}" for n, value in texts.items() if len(value) <= LONGEST}


class _Gradients:
    """Gradients within one formula: of its reductions, the outermost first, then of its values."""

    def __init__(self, body: Expr, outer: Expr, widths: Mapping[str, object], size: object) -> None:
        self.body = body
        self.widths, self.size, self.outer = dict(widths), size, outer
        self.reductions: dict[Expr, Expr] = {}
        for reduction in dict.fromkeys(_outermost_first(body)):
            self.reductions[reduction] = self.by(reduction)

    def by(self, x: Expr) -> Expr:
        """The gradient by a value or a reduction: what comes from the body and from reductions."""
        width = self._width(x)
        parts = [self._summed(product(self.outer, _slope(self.body, x)), self.size, width)]
        for reduction, gradient in self.reductions.items():
            inside = reduction.args[0]
            slope = _slope(inside, x)
            if slope != ZERO and gradient != ZERO:
                arriving = _through(reduction, gradient, self._length(inside))
                parts.append(self._summed(product(arriving, slope), self._width(inside), width))
        return total(*parts)

    def _summed(self, part: Expr, wide: object, width: object) -> Expr:
        """A gradient of that width as one of a value that may have only one column."""
        if wide == width or part == ZERO:
            return part
        outside, inside = self._parted(part)
        if inside == ONE:
            return product(_count(wide), outside)
        return product(outside, call("sum", inside))

    def _parted(self, part: Expr) -> tuple[Expr, Expr]:
        """The factors of one column, and the others."""
        if self._width(part) == 1:
            return part, ONE
        if part.op != "ratio":
            return ONE, part
        outside, inside = [number(part.value)], list[Expr]()
        for i, factor in enumerate(part.args):
            kept = inside if self._width(factor) != 1 else outside
            kept.append(factor if i < part.above else quotient(ONE, factor))
        return product(*outside), product(*inside)

    def _length(self, inside: Expr) -> Expr:
        return _count(self._width(inside))

    def _width(self, x: Expr) -> object:
        """The size of the last axis."""
        if x.op == "name":
            return self.size if x == self.outer else self.widths.get(x.name, 1)
        if x.op in ("sum", "mean", "logsumexp") or (x.op in ("min", "max") and len(x.args) == 1):
            return 1
        return next((w for w in map(self._width, x.args) if w != 1), 1)


def _count(width: object) -> Expr:
    return number(width) if isinstance(width, int) else name(str(width))


def _outermost_first(x: Expr) -> Iterator[Expr]:
    """The reductions in an expression, each after all that contain it."""
    found: list[Expr] = []
    _collect(x, found)
    return reversed(found)


def _collect(x: Expr, found: list[Expr]) -> None:
    for inner in x.args:
        _collect(inner, found)
    if _is_reduction(x) and x not in found:
        found.append(x)


def _is_reduction(x: Expr) -> bool:
    return x.op in _WHOLE or (x.op in ("min", "max") and len(x.args) == 1)


def _through(reduction: Expr, gradient: Expr, length: Expr) -> Expr:
    """The gradient of what a reduction runs over."""
    (inside,) = reduction.args
    match reduction.op:
        case "sum":
            return gradient
        case "mean":
            return quotient(gradient, length)
        case "logsumexp":
            return product(gradient, call("softmax", inside))
        case "softmax":
            mixed = call("sum", product(gradient, reduction))
            return product(reduction, total(gradient, negative(mixed)))
        case "log_softmax":
            shares = product(call("softmax", inside), call("sum", gradient))
            return total(gradient, negative(shares))
    return product(gradient, call("==", inside, reduction))


# --- entry by entry -----------------------------------------------------------------------


def _slope(x: Expr, by: Expr) -> Expr:
    """The derivative of an entry of x by the same entry of a value or of a reduction."""
    if x == by:
        return ONE
    if x.op in ("number", "name", "stop", *COMPARISONS) or _is_reduction(x):
        return ZERO
    inner = [_slope(a, by) for a in x.args]
    if all(slope == ZERO for slope in inner):
        return ZERO
    if x.op == "sum of":
        return total(*inner)
    if x.op == "ratio":
        return _of_ratio(x, inner)
    if x.op == "**":
        return _of_power(x, inner)
    if x.op == "where":
        return choice(x.args[0], inner[1], inner[2])
    if x.op in ("max", "min"):
        return choice(call(">" if x.op == "max" else "<", *x.args), *inner)
    return product(inner[0], _OUTER[x.op](x.args[0], x))


def _of_ratio(x: Expr, inner: Sequence[Expr]) -> Expr:
    """The product rule; a factor below the line has the derivative −1/v² of its inverse."""
    parts = []
    for i, (factor, slope) in enumerate(zip(x.args, inner, strict=True)):
        if slope == ZERO:
            continue
        if i < x.above:
            parts.append(product(quotient(x, factor), slope))
        else:
            parts.append(negative(product(quotient(x, factor), slope)))
    return total(*parts)


def _of_power(x: Expr, inner: Sequence[Expr]) -> Expr:
    base, exponent = x.args
    parts = []
    if inner[0] != ZERO:
        less = total(exponent, number(-1))
        if exponent.op == "number":
            less = number(exponent.value - 1)
        parts.append(product(exponent, power(base, less), inner[0]))
    if inner[1] != ZERO:
        parts.append(product(x, call("log", base), inner[1]))
    return total(*parts)


def _bell(x: Expr, _: Expr) -> Expr:
    exponential = call("exp", negative(power(x, number(2))))
    return product(number(2), quotient(exponential, call("sqrt", name("π"))))


_OUTER: Mapping[str, Callable[[Expr, Expr], Expr]] = {
    "exp": lambda x, y: y,
    "log": lambda x, y: quotient(ONE, x),
    "sqrt": lambda x, y: quotient(ONE, product(number(2), y)),
    "abs": lambda x, y: call("sign", x),
    "sigmoid": lambda x, y: product(y, total(ONE, negative(y))),
    "tanh": lambda x, y: total(ONE, negative(power(y, number(2)))),
    "relu": lambda x, y: call(">", x, ZERO),
    "softplus": lambda x, y: call("sigmoid", x),
    "erf": _bell,
    "sin": lambda x, y: call("cos", x),
    "cos": lambda x, y: negative(call("sin", x)),
}
"""The derivative of a function at x, whose value is y."""
