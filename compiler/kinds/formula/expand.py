"""A formula as one expression: the formulas that it calls in it, and stable forms by name.

    log(1 + exp(z))                    softplus(z)
    log(sigmoid(z))                    −softplus(−z)
    log(sum(exp(z)))                   logsumexp(z)
    exp(z) / sum(exp(z))               softmax(z)

These are the forms that are computed otherwise than they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...ir.formula import Apply, Constant, Formula, Invoke, Named, Term
from .algebra import (
    ONE,
    Expr,
    call,
    choice,
    name,
    negative,
    number,
    power,
    product,
    quotient,
    total,
)


def expanded(formula: Formula) -> Expr:
    """The body with the formulas that it calls; raises TooLong."""
    return expression(formula.body, names_of(formula))


def names_of(formula: Formula) -> dict[str, Expr]:
    """The parameters of a formula by their names."""
    return {n: name(n) for n in (*formula.values, *(n for n, _ in formula.numbers))}


def expression(term: Term, known: Mapping[str, Expr]) -> Expr:
    """A part of a formula as an expression of what is known by name; raises TooLong."""
    match term:
        case Constant(value):
            return number(value)
        case Named(id):
            return known[id]
        case Apply(op, operands):
            return applied(op, *(expression(x, known) for x in operands))
        case Invoke(inner, values, numbers):
            given = [expression(x, known) for x in (*values, *numbers)]
            names = (*inner.values, *(n for n, _ in inner.numbers))
            return expression(inner.body, dict(zip(names, given, strict=True)))


def applied(op: str, *args: Expr) -> Expr:
    """An operator or function of formulas applied to expressions."""
    rule = _RULES.get((op, len(args)))
    return rule(*args) if rule is not None else call(op, *args)


def _log(x: Expr) -> Expr:
    if x.op == "sigmoid":
        return negative(call("softplus", negative(x.args[0])))
    if x.op == "sum" and x.args[0].op == "exp":
        return call("logsumexp", *x.args[0].args)
    if x.op == "softmax":
        return call("log_softmax", *x.args)
    if x.op == "sum of" and x.value == 1 and len(x.args) == 1:
        (inner,) = x.args
        if inner.op == "exp":
            return call("softplus", *inner.args)
        if negative(inner).op == "sigmoid":
            return negative(call("softplus", *negative(inner).args))
    return call("log", x)


def _divided(a: Expr, b: Expr) -> Expr:
    """exp(z), alone or as a factor, over its sum is a softmax."""
    if b.op == "sum" and b.args[0].op == "exp":
        exponential = b.args[0]
        factors = a.args[: a.above] if a.op == "ratio" else (a,)
        if exponential in factors:
            return product(quotient(a, exponential), call("softmax", *exponential.args))
    return quotient(a, b)


_RULES: Mapping[tuple[str, int], Callable[..., Expr]] = {
    ("+", 2): total,
    ("-", 2): lambda a, b: total(a, negative(b)),
    ("*", 2): product,
    ("/", 2): _divided,
    ("**", 2): power,
    ("neg", 1): negative,
    ("where", 3): choice,
    ("log", 1): _log,
    ("exp", 1): lambda x: ONE if x == number(0) else call("exp", x),
}
