"""NN354: formulas (`fn`) that write out a function in a way that overflows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...diagnostics.codes import lints as codes
from ...diagnostics.model import Diagnostic, Edit, Fix
from ...ir.formula import FORMULA, Apply, Constant, Formula, Invoke, Named, Term
from ...ir.layer_graph import ArgValue
from ...kinds.formula.algebra import TooLong, text
from ...kinds.formula.expand import expression, names_of
from ...kinds.formula.forms import written_out
from ...kinds.formula.hazards import hazards
from ...kinds.formula.ranges import ANY
from ...source import Span
from ..network import Network


@dataclass(frozen=True, slots=True)
class _Form:
    """What is written out, where, and what says the same.

    It is `literal` if all of it stands in this place: no let and no other formula would be lost."""

    what: str
    span: Span
    better: str
    literal: bool


def functions_written_out(network: Network) -> Iterator[Diagnostic]:
    """Propose `sigmoid(z)` for `1 / (1 + exp(-z))`, and others like it."""
    seen = set[int]()
    for formula in _formulas(network):
        if id(formula) not in seen:
            seen.add(id(formula))
            yield from map(_finding, _forms(formula))


def _formulas(network: Network) -> Iterator[Formula]:
    found: list[ArgValue] = []
    for layer in network.graph.layers:
        found.append(layer.args.get(FORMULA))
        if layer.activation is not None:
            found.append(layer.activation.args.get(FORMULA))
    found += [loss.setting.args.get(FORMULA) for loss in network.graph.losses]
    yield from (x for x in found if isinstance(x, Formula))


def _forms(formula: Formula) -> Iterator[_Form]:
    """All that a formula writes out, the outermost first, and those of the formulas it calls."""
    todo: list[tuple[Term, Formula]] = [(formula.body, formula)]
    seen = {id(formula)}
    while todo:
        term, inside = todo.pop()
        if isinstance(term, Invoke):
            todo += [(x, inside) for x in (*term.values, *term.numbers)]
            if id(term.formula) not in seen:
                seen.add(id(term.formula))
                todo.append((term.formula.body, term.formula))
        elif isinstance(term, Apply):
            found = _form(term, inside)
            if found is not None:
                yield found
            else:
                todo += [(x, inside) for x in term.operands]


def _form(term: Apply, inside: Formula) -> _Form | None:
    if term.op not in ("/", "log"):
        return None
    try:
        better = written_out(term, expression(term, names_of(inside)))
    except TooLong:
        return None
    if better is None or (term.op == "/" and not _overflows(term.operands[1], inside)):
        return None
    said = text(better)
    what = "log(softmax)" if term.op == "log" else "tanh" if "tanh(" in said else "sigmoid"
    return _Form(what, term.span, said, _is_literal(term))


def _overflows(divisor: Term, inside: Formula) -> bool:
    """Whether it has an exponential without an upper end, whatever comes in."""
    part = replace(inside, body=divisor)
    found, _ = hazards(part, [ANY] * len(part.values), dict(part.numbers), loss=False)
    return any(hazard.what == "exp" for hazard in found)


def _is_literal(term: Term) -> bool:
    match term:
        case Constant(_, span):
            return not span.text[:1].isalpha()
        case Apply(_, operands):
            return all(map(_is_literal, operands))
    return isinstance(term, Named)


def _finding(form: _Form) -> Diagnostic:
    title = f"write `{form.better}`"
    fix = Fix(title, (Edit(form.span, _bracketed(form)),), safe=True)
    return codes.WRITTEN_OUT.at(
        form.span,
        f"{form.what} is written out in a way that overflows",
        here="inf or NaN for large values, in its gradient or itself",
        notes=["both are equal; what is proposed is computed without overflow"],
        help=title,
        fixes=[fix] if form.literal else [],
    )


def _bracketed(form: _Form) -> str:
    """A product or a difference in brackets, because of what may stand around it."""
    single = re.fullmatch(r"\w+\([^()]*\)", form.better)
    return form.better if single else f"({form.better})"
