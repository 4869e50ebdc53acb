"""Functions of formulas that a formula writes out, in a way that overflows.

    1 / (1 + exp(-z)), exp(z) / (1 + exp(z))                     sigmoid(z)
    z / (1 + exp(-q * z))                                        z * sigmoid(q * z)
    (exp(z) - exp(-z)) / (exp(z) + exp(-z))                      tanh(z)
    log(softmax(z))                                              z - log(sum(exp(z)))

What is computed stably as it stands (expand.py) is not among them.
"""

from __future__ import annotations

from ...ir.formula import Apply
from .algebra import ONE, Expr, call, negative, product, quotient, total


def written_out(term: Apply, expr: Expr) -> Expr | None:
    """What the term says in more words, if it does; `expr` is the term as an expression."""
    if term.op == "log":
        (inner,) = term.operands
        if expr.op == "log_softmax" and isinstance(inner, Apply) and inner.op == "softmax":
            return total(*expr.args, negative(call("log", call("sum", call("exp", *expr.args)))))
        return None
    if term.op != "/" or expr.op != "ratio":
        return None
    for divisor in expr.args[expr.above :]:
        better = _below(divisor, product(expr, divisor))
        if better is not None:
            return better
    return None


def _below(divisor: Expr, above: Expr) -> Expr | None:
    """What is over that divisor, if it is one of a sigmoid or of a tanh."""
    powers = [x for x in divisor.args if x.op == "exp"] if divisor.op == "sum of" else []
    for power in powers:
        (z,) = power.args
        if divisor == total(ONE, power):
            rest = _without(above, power)
            if rest is not None:
                return product(rest, call("sigmoid", z))
            return product(above, call("sigmoid", negative(z)))
        inverse = call("exp", negative(z))
        if _same(divisor, total(power, inverse)):
            rest = _without(above, total(power, negative(inverse)))
            if rest is not None:
                return product(rest, call("tanh", z))
    return None


def _without(above: Expr, wanted: Expr) -> Expr | None:
    """A product without one of its factors, if it has it."""
    factors = above.args[: above.above] if above.op == "ratio" else (above,)
    found = next((factor for factor in factors if _same(factor, wanted)), None)
    return None if found is None else quotient(above, found)


def _same(a: Expr, b: Expr) -> bool:
    """Whether they are equal, sums in any order."""
    return a == b or (
        a.op == b.op == "sum of" and a.value == b.value and set(a.args) == set(b.args)
    )
