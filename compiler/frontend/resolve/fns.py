"""Resolution of the names in formulas (`fn`), used only for specs that have formulas.

A formula can use its own parameters, lets and other formulas; a parameter hides a let of its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from ...diagnostics.codes import limits
from ...diagnostics.codes import names as codes
from ...diagnostics.model import Label
from ...diagnostics.suggest import listing
from ...ir.formula import FUNCTIONS, Apply, Constant, Formula, Invoke, Named, Term
from ...kinds.formula.walk import computed, runs_over_axis, without_result
from ...kinds.shapes.context import ShapeFault
from ...losses import LOSSES
from ...losses import aliases as loss_aliases
from .. import ast
from ..elsewhere import Sort
from .constants import let_value, misplaced_symbol, not_fitting, number
from .convert import to_float
from .naming import check_block, check_constant, taken
from .scope import Env, Fault, TooLarge
from .values import Const, Number

MAX_IN_A_ROW = 50
"""Most formulas that may call each other in a row."""


def check_names(statement: ast.Fn, env: Env) -> None:
    """Check the names of a formula and of its parameters: none may hide a built-in one."""
    failed = False
    seen: dict[str, ast.Word] = {}
    for word in (statement.name, *(param.name for param in statement.params)):
        try:
            _check_name(word, word is statement.name, env)
            if word.id in seen:
                raise taken(word, seen[word.id].span, env)
        except Fault:
            failed = True
        if word is not statement.name:
            seen.setdefault(word.id, word)
    if failed:
        raise Fault


def _check_name(word: ast.Word, whole: bool, env: Env) -> None:
    hidden = "function of formulas" if word.id in FUNCTIONS else ""
    if whole and (word.id in LOSSES or word.id in loss_aliases()):
        hidden = "loss"
    if hidden:
        raise env.fault(
            codes.NAME_LIKE_KIND,
            word.span,
            f"`{word.id}` cannot be a name here",
            here=f"`{word.id}` is a {hidden}",
            help=f"choose another name, for example `my_{word.id}`",
        )
    (check_block if whole else check_constant)(word, env)


def judge_all(env: Env) -> None:
    """Report errors in formulas, including unused ones."""
    for name in env.state.fns:
        with suppress(Fault):
            formula(name, env, used=False)
    for definition in env.state.refused:
        if isinstance(definition, ast.Fn):
            with suppress(Fault):
                _Resolver(definition, env).formula()


def formula(name: str, env: Env, used: bool = True) -> Formula:
    """Return the formula of that name; raises Fault if it is faulty, which is reported once."""
    state = env.state
    if used:
        state.used.add(name)
    if name not in state.formulas:
        statement = state.fns[name]
        _refuse_recursion(statement, env)
        state.resolving[name] = statement
        state.formulas[name] = None
        try:
            state.formulas[name] = _Resolver(statement, env).formula()
        finally:
            del state.resolving[name]
    found = state.formulas[name]
    if name in state.resolving:
        _refuse_recursion(state.fns[name], env)
    if found is None:
        raise Fault
    return found


def signature(statement: ast.Fn) -> Formula:
    """Return a formula with the parameters of a faulty one, to check what it is given."""
    params, name = statement.params, statement.name
    values = tuple(p.name.id for p in params if p.default is None)
    numbers = tuple((p.name.id, 0.0) for p in params if p.default is not None)
    return Formula(name.id, values, numbers, Constant(0.0, name.span), "", name.span)


def _refuse_recursion(statement: ast.Fn, env: Env) -> None:
    resolving, name = env.state.resolving, statement.name
    if name.id in resolving:
        names = list(resolving)
        cycle = names[names.index(name.id) :]
        raise env.fault(
            codes.RECURSIVE_BLOCK,
            name.span,
            f"`{name.id}` is computed by itself: {' -> '.join([*cycle, name.id])}",
            labels=[Label(resolving[n].name.span, f"`{n}` is defined here") for n in cycle[1:]],
        )
    if len(resolving) >= MAX_IN_A_ROW:
        raise TooLarge(
            env.fault(
                limits.EXPANSION_TOO_LARGE,
                name.span,
                f"more than {MAX_IN_A_ROW} formulas call each other, one within the other",
            )
        )


# --- the names in a formula ---------------------------------------------------------------


class _Resolver:
    """Resolves one formula, which cannot see stages or parameters of blocks."""

    def __init__(self, statement: ast.Fn, env: Env) -> None:
        self.statement = statement
        self.env = Env(env.state, env.scope)
        self.values = tuple(p.name.id for p in statement.params if p.default is None)
        self.numbers: dict[str, float] = {}
        self.results: dict[int, float] = {}

    def formula(self) -> Formula:
        """Resolve the formula; reports all errors and raises Fault."""
        self._defaults()
        statement = self.statement
        body = self.term(statement.body)
        self._warn_unused(body)
        text = " ".join(statement.body.span.text.split())
        name = statement.name
        return Formula(name.id, self.values, tuple(self.numbers.items()), body, text, name.span)

    def _defaults(self) -> None:
        """Resolve the defaults of numbers, each of which can use those before it."""
        known: dict[str, Const | None] = {}
        failed = not self.values
        if failed:
            self.env.fault(
                codes.MISSING_ARGUMENT,
                self.statement.name.span,
                f"`{self.statement.name.id}` has no value to compute with",
                help="a parameter without a default is a value: `fn f(x, q=2) = …`",
            )
        for param in self.statement.params:
            if param.default is None:
                continue
            try:
                env = replace(self.env, params=dict(known))
                known[param.name.id] = found = number(param.default, env)
                self.numbers[param.name.id] = to_float(found, param.default, env)
            except Fault:
                failed = True
        if failed:
            raise Fault

    def _warn_unused(self, body: Term) -> None:
        used = set(names_in(body))
        for param in self.statement.params:
            if param.name.id not in used:
                self.env.fault(
                    codes.UNUSED_DEFINITION,
                    param.name.span,
                    f"`{self.statement.name.id}` does not use `{param.name.id}`",
                    help="remove it, or use it",
                )

    def term(self, value: ast.Value) -> Term:
        """Resolve the names in a part of the formula."""
        match value:
            case ast.Number(found, span):
                return Constant(float(found), span)
            case ast.Word():
                return self._word(value)
            case ast.DimName():
                if value.id.lower() in (*self.values, *self.numbers, *self.env.state.lets):
                    raise self._unknown(ast.Word(value.id, value.span))
                raise misplaced_symbol(value, self.env)
            case ast.Negate(sign, operand, span):
                inner = self.term(operand)
                return self._applied(Apply("neg", (inner,), span)) if sign == "-" else inner
            case ast.Binary(op, _, _, span):
                return self._applied(Apply(op, self._all((value.left, value.right)), span))
            case ast.CallValue():
                return self._call(value)
        raise AssertionError(f"not part of a formula: {value}")

    def _all(self, values: Sequence[ast.Value]) -> tuple[Term, ...]:
        """Resolve several parts, and report the errors of each."""
        found: list[Term] = []
        for value in values:
            with suppress(Fault):
                found.append(self.term(value))
        if len(found) < len(values):
            raise Fault
        return tuple(found)

    def _word(self, word: ast.Word) -> Term:
        name = word.id
        if name in self.values or name in self.numbers:
            return Named(name, word.span)
        state = self.env.state
        if name in state.lets:
            const = let_value(name, self.env)
            if isinstance(const, bool) or not isinstance(const, Number):
                raise not_fitting(const, word, self.env, "a formula computes with numbers")
            return Constant(to_float(const, word, self.env), word.span)
        if name in FUNCTIONS or name in state.fns:
            raise self.env.fault(
                codes.WRONG_VALUE,
                word.span,
                f"`{name}` is a function, which is applied to a value",
                help=f"write `{name}(…)`",
            )
        raise self._unknown(word)

    def _unknown(self, word: ast.Word) -> Fault:
        known = [*self.values, *self.numbers, *self.env.state.lets]
        own = listing([*self.values, *self.numbers])
        advice = f"a formula sees its parameters ({own}), lets and other formulas, but no stages"
        what = "a parameter of this formula or a let"
        return self.env.unknown(word, what, known, advice)

    def _call(self, call: ast.CallValue) -> Term:
        name, state = call.name, self.env.state
        if name.id in state.fns:
            return self._invoke(call, formula(name.id, self.env))
        if name.id not in FUNCTIONS:
            raise self._unknown_function(name)
        for arg in call.args:
            if arg.key is not None:
                raise self.env.fault(
                    codes.UNKNOWN_KEY, arg.key.span, f"`{name.id}` has no argument `{arg.key.id}`"
                )
        _check_count(call, *FUNCTIONS[name.id], self.env)
        operands = self._all([arg.value for arg in call.args])
        if name.id == "where" and not _is_comparison(operands[0]):
            raise self.env.fault(
                codes.WRONG_VALUE,
                operands[0].span,
                "`where` chooses by a comparison",
                help=f"compare it with something: `where({operands[0].span.text} > 0, …)`",
            )
        return self._applied(Apply(name.id, operands, call.span))

    def _applied(self, term: Apply) -> Apply:
        """Compute what depends on numbers alone, to refuse it here and not where it is used."""
        given = [self._computed(x) for x in term.operands]
        numbers = [x for x in given if x is not None]
        try:
            if len(numbers) == len(given) and not runs_over_axis(term):
                self.results[id(term)] = computed(term, numbers)
            elif term.op == "/" and given[1] == 0:
                raise without_result(term, "divides by 0")
        except ShapeFault as error:
            raise self.env.fault(error.code, term.span, error.message, here=error.here) from None
        return term

    def _computed(self, term: Term) -> float | None:
        return term.value if isinstance(term, Constant) else self.results.get(id(term))

    def _unknown_function(self, name: ast.Word) -> Fault:
        known = [*FUNCTIONS, *self.env.state.fns]
        advice = f"the functions are {listing(FUNCTIONS, 20)}, and every `fn`"
        if name.id in self.values or name.id in self.numbers:
            advice = f"a product is written with `*`: `{name.id} * (…)`"
            what = f"`{name.id}` is a parameter, which cannot be called"
            return self.env.fault(codes.UNKNOWN_NAME, name.span, what, help=advice)
        return self.env.unknown(name, "a function of formulas", known, advice, Sort.OWN)

    def _invoke(self, call: ast.CallValue, inner: Formula) -> Term:
        names = [*inner.values, *(name for name, _ in inner.numbers)]
        given: dict[str, ast.Arg] = {}
        places = iter(names)
        for arg in call.args:
            key = arg.key.id if arg.key is not None else next(places, None)
            if key not in names:
                raise self._not_taken(arg, inner, names)
            if key in given:
                raise self.env.fault(codes.REPEATED_ARGUMENT, arg.span, f"`{key}` is given twice")
            given[key] = arg
        missing = [name for name in inner.values if name not in given]
        if missing:
            raise self.env.fault(
                codes.MISSING_ARGUMENT,
                call.span,
                f"the formula `{inner.name}` needs {listing(missing)}",
                labels=[Label(inner.span, "defined here")],
            )
        values = self._all([given[name].value for name in inner.values])
        numbers = tuple(self._number(given.get(n), v, call) for n, v in inner.numbers)
        return Invoke(inner, values, numbers, call.span)

    def _not_taken(self, arg: ast.Arg, inner: Formula, names: Sequence[str]) -> Fault:
        labels = [Label(inner.span, "defined here")]
        if arg.key is not None:
            message = f"`{inner.name}` has no parameter `{arg.key.id}`"
            advice = f"it takes {listing(names)}"
            code, span = codes.UNKNOWN_KEY, arg.key.span
        else:
            message = f"`{inner.name}` takes {len(names)} argument{'s' * (len(names) != 1)}"
            advice, code, span = "", codes.EXTRA_ARGUMENT, arg.span
        return self.env.fault(code, span, message, labels=labels, help=advice)

    def _number(self, arg: ast.Arg | None, default: float, call: ast.CallValue) -> Term:
        """Return a number for another formula, which may be computed from this one's numbers."""
        if arg is None:
            return Constant(default, call.span)
        term = self.term(arg.value)
        value = next((n for n in names_in(term) if n in self.values), None)
        if value is not None:
            raise self.env.fault(
                codes.WRONG_VALUE,
                arg.span,
                f"a number is needed, and `{value}` is a value",
                help="a parameter without a default takes values",
            )
        return term


def names_in(term: Term) -> Iterator[str]:
    """Yield the parameters that a term uses, once for each use."""
    todo = [term]
    while todo:
        match todo.pop():
            case Named(id):
                yield id
            case Apply(_, operands):
                todo += operands
            case Invoke(_, values, numbers):
                todo += (*values, *numbers)


def _is_comparison(term: Term) -> bool:
    return isinstance(term, Apply) and term.op in ("<", "<=", ">", ">=", "==", "!=")


def _check_count(call: ast.CallValue, low: int, high: int, env: Env) -> None:
    count = len(call.args)
    if low <= count <= high:
        return
    takes = str(low) if low == high else f"{low} or {high}"
    raise env.fault(
        codes.MISSING_ARGUMENT if count < low else codes.EXTRA_ARGUMENT,
        call.span,
        f"`{call.name.id}` takes {takes} value{'s' * (high != 1)}, not {count}",
    )
