"""Checks of arguments against a schema: layers, activations, initialisations, losses, settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeGuard

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Fix, Label
from ...diagnostics.suggest import closest, listing
from ...kinds.arguments import SHAPELESS, ArgSpec, Ints, Option, Ranges
from ...kinds.layer import LayerKind
from ...source import Span
from .. import ast
from .constants import evaluate, lookup
from .convert import convert, convert_all
from .fixes import insert
from .keys import unknown_key
from .loose import colon_after_key, extra
from .schema import BoundArguments, Repaired, Schema, Trailing
from .scope import Env, Fault
from .values import CallConst, WordConst
from .vocabulary import DIRECTIVES


def bind(
    schema: Schema, head: Span, args: Sequence[ast.Arg], env: Env, activations: bool
) -> BoundArguments:
    """Check arguments and fill in defaults; raises Fault after reporting all errors.

    If the errors do not affect the shape, the fault is a `Repaired`. With `activations`, a word
    that names an activation is set apart instead of taken as a value."""
    return _Binder(schema, head, env, activations).bind(args)


@dataclass(slots=True)
class _Binder:
    schema: Schema
    head: Span
    env: Env
    activations: bool
    bound: BoundArguments = field(default_factory=BoundArguments)
    rest: list[ast.Arg] = field(default_factory=list)
    failed: bool = False
    doubtful: bool = False
    undecided: bool = False

    def bind(self, args: Sequence[ast.Arg]) -> BoundArguments:
        unknown = False
        for arg in self._own(args):
            try:
                if arg.key is not None:
                    self._by_key(arg.key, arg)
                elif colon_after_key(self.schema, arg.value):
                    raise extra(self.schema, arg, self.env, self.activations)
                elif not self._trailing(arg):
                    self.rest.append(arg)
            except Fault:
                self.failed = True
                self.doubtful |= arg.key is not None and self._may_shape(arg.key.id)
                unknown = unknown or (arg.key is None and isinstance(arg.value, ast.Word))
        if not unknown:  # otherwise it is uncertain which positions are taken
            self._by_place()
        self._defaults()
        if self.failed:
            raise self._fault()
        self.bound.args = {s.name: self.bound.args[s.name] for s in self.schema.args}
        return self.bound

    def _fault(self) -> Fault:
        """Return the exception to raise after all errors were reported."""
        args = self.bound.args
        shaping = [spec for spec in self.schema.args if spec.name not in SHAPELESS]
        sure = all(spec.name in self.bound.given for spec in shaping) or not self.doubtful
        if (
            self.undecided
            or not sure
            or any(spec.required and spec.name not in args for spec in self.schema.args)
        ):
            return Fault()
        absent = {s.name: None if s.required else s.absent for s in self.schema.args}
        self.bound.args = {name: args.get(name, value) for name, value in absent.items()}
        self.bound.repaired = True
        return Repaired(self.bound)

    def _may_shape(self, key: str) -> bool:
        """Return whether a key, known or misspelt, may affect the shape."""
        names = [spec.name for spec in self.schema.args]
        meant = key if key in names else closest(key, names)
        return meant not in SHAPELESS and not self.env.state.kinds.activation(key)

    def _own(self, args: Sequence[ast.Arg]) -> Iterator[ast.Arg]:
        """Yield the arguments before a statement that was begun on the same line by mistake."""
        for arg in args:
            if self.activations and arg.key is None and self._is_statement(arg.value):
                self.failed = True
                self._run_on(arg.value)
                return
            yield arg

    def _is_statement(self, value: ast.Value) -> TypeGuard[ast.Word]:
        return isinstance(value, ast.Word) and value.id in DIRECTIVES

    def _run_on(self, word: ast.Word) -> None:
        self.env.fault(
            codes.EXTRA_ARGUMENT,
            word.span,
            f"`{word.id}` is a statement of its own",
            fixes=[Fix("begin it on a new line, or put `;` before it", (insert(word.span, "; "),))],
        )

    def _by_key(self, key: ast.Word, arg: ast.Arg) -> None:
        spec = self.schema.spec(key.id)
        if spec is None:
            raise unknown_key(self.schema, key, arg, self.env)
        if spec.name in self.bound.given:
            raise self._twice(spec, arg)
        self.bound.given[spec.name] = arg.value.span
        self.bound.args[spec.name] = convert(spec, self.schema.name, arg.value, self.env)

    def _twice(self, spec: ArgSpec, arg: ast.Arg) -> Fault:
        self.undecided |= spec.name not in SHAPELESS
        first = self.bound.given[spec.name]
        return self.env.fault(
            codes.REPEATED_ARGUMENT,
            arg.span,
            f"`{spec.name}` is given twice",
            labels=[Label(first, "given here first")],
        )

    def _trailing(self, arg: ast.Arg) -> bool:
        if not self.activations:
            return False
        wanted = self._next_positional()
        if isinstance(arg.value, ast.Word) and wanted and _takes_word(wanted, arg.value.id):
            return False
        found = activation(arg.value, self.env)
        if found is not None:
            self.bound.trailing.append(found)
        return found is not None

    def _next_positional(self) -> ArgSpec | None:
        given = self.bound.given
        free = (s for s in self.schema.args if s.positional and s.name not in given)
        return next(islice(free, len(self.rest), None), None)

    def _by_place(self) -> None:
        rest = self.rest
        if not rest:
            return
        positionals = self.schema.positionals
        keyed = [s for s in positionals if s.name in self.bound.given]
        free = [s for s in positionals if s.name not in self.bound.given]
        while rest and free:
            spec = free.pop(0)
            many = isinstance(spec.type, Ints | Ranges)
            taken, rest = (rest, []) if many else (rest[:1], rest[1:])
            self.bound.given[spec.name] = taken[0].value.span.to(taken[-1].value.span)
            try:
                values = [arg.value for arg in taken]
                name = self.schema.name
                self.bound.args[spec.name] = (
                    convert_all(spec, name, values, self.env)
                    if many
                    else convert(spec, name, values[0], self.env)
                )
            except Fault:
                self.failed = True
                self.doubtful |= spec.name not in SHAPELESS
        if rest:
            self.failed = True
            self._too_many(rest, keyed)

    def _too_many(self, rest: Sequence[ast.Arg], keyed: Sequence[ArgSpec]) -> None:
        """Report the first value without a position, and in a stage each word up to a value."""
        known = self.env.state.kinds
        for i, arg in enumerate(rest):
            word = arg.value.id if isinstance(arg.value, ast.Word) else ""
            slip = bool(word and self.activations)
            if i and not slip:
                return
            self._extra(arg, keyed)
            self.undecided |= not word
            self.doubtful |= not slip or closest(word, known.activations()) is None
            if not slip or known.find(word) or word in self.env.state.blocks:
                return

    def _extra(self, arg: ast.Arg, keyed: Sequence[ArgSpec]) -> None:
        """Report an extra positional argument; where a key was given too, it is a duplicate."""
        if keyed and not isinstance(arg.value, ast.Word | ast.DimName | ast.CallValue):
            self._twice(keyed[0], arg)
        else:
            extra(self.schema, arg, self.env, self.activations)

    def _defaults(self) -> None:
        missing = []
        for spec in self.schema.args:
            if spec.name in self.bound.given:
                continue
            if spec.required:
                missing.append(spec)
            else:
                self.bound.args[spec.name] = spec.absent
        if missing and not self.failed:
            self.failed = True
            self._missing(missing)

    def _taken_as_activation(self, spec: ArgSpec, trailing: Trailing) -> None:
        """Report a parameter whose value is an activation where another value was expected."""
        name = trailing.span.text
        self.env.state.blamed.add((name, self.env.calls))
        self.env.fault(
            codes.WRONG_VALUE,
            trailing.span,
            f"`{spec.name}` of `{self.schema.name}` is needed; `{name}` is `{trailing.kind.word}`",
        )

    def _missing(self, missing: Sequence[ArgSpec]) -> None:
        for trailing in self.bound.trailing:
            if trailing.span.text in self.env.params:
                self._taken_as_activation(missing[0], trailing)
                return
        names = listing(s.name for s in missing)
        self.env.fault(
            codes.MISSING_ARGUMENT,
            self.head,
            f"`{self.schema.name}` needs {names}: {'; '.join(s.doc for s in missing)}",
            help=_example(self.schema),
        )


def _example(schema: Schema) -> str:
    """Return the stage of that kind in the example spec."""
    found = re.search(rf"\b{schema.name}\b[^;)\]\n]*?(?= *(?:->|;|\)|\]|,|$))", schema.example)
    return f"for example `{found[0]}`" if found else ""


def _takes_word(spec: ArgSpec, word: str) -> bool:
    return isinstance(spec.type, Option) and word.lower() in spec.type.words


def activation(value: ast.Value, env: Env) -> Trailing | None:
    """Return the activation that a value names, with checked arguments, or None."""
    name, args, seen = _word_and_arguments(value, env)
    if name is None:
        return None
    if name in env.state.fns:
        from .fn_kinds import activation_kind

        kind: LayerKind | None = activation_kind(ast.Word(name, _head(value)), env)
    else:
        kind = env.state.kinds.activation(name)
    if kind is None:
        return None
    schema = Schema(kind.word, kind.args_as(name), kind.example)
    bound = bind(schema, value.span, args, seen, activations=False)
    return Trailing(kind, bound.args, bound.given, value.span)


def _head(value: ast.Value) -> Span:
    """Return the span of the word that an activation begins with."""
    return value.name.span if isinstance(value, ast.CallValue) else value.span


def _word_and_arguments(value: ast.Value, env: Env) -> tuple[str | None, tuple[ast.Arg, ...], Env]:
    """Resolve a value through lets and parameters to a word, and its arguments if it is a call."""
    if isinstance(value, ast.Word):
        match lookup(value.id, env):
            case None:
                return value.id, (), env
            case WordConst(id):
                return id, (), env
            case CallConst(call, seen):
                return call.name.id, call.args, seen
    if isinstance(value, ast.CallValue):
        const = evaluate(value.name, env)
        return (const.id if isinstance(const, WordConst) else None), value.args, env
    return None, (), env


def schema_span(args: Iterable[ast.Arg]) -> Span:
    """Return the span of the first of several arguments, which must exist."""
    return next(iter(args)).span
