"""Arguments against a schema: layers, activations, initialisations, losses and settings alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeGuard

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix, Label
from ...diagnostics.suggest import closest, listing
from ...ir.layer_graph import ArgValue
from ...kinds.arguments import SHAPELESS, ArgSpec, Ints, Option, Ranges
from ...kinds.layer import LayerKind
from ...losses import LOSSES
from ...source import Span
from .. import ast
from ..elsewhere import argument
from .activations import bounded, no_activation, unknown_activation
from .constants import evaluate, lookup
from .convert import convert, convert_all, needs
from .fixes import insert, own_stage, unquoted
from .keys import unknown_key
from .scope import Env, Fault
from .values import CallConst, WordConst
from .vocabulary import DIRECTIVES


@dataclass(frozen=True, slots=True)
class Schema:
    """What arguments are checked against; `name` and `example` are for the messages."""

    name: str
    args: tuple[ArgSpec, ...]
    example: str = ""

    def spec(self, key: str) -> ArgSpec | None:
        """The argument of that name."""
        return next((spec for spec in self.args if spec.name == key), None)

    @property
    def positionals(self) -> tuple[ArgSpec, ...]:
        """The arguments that may be given by place, in order."""
        return tuple(spec for spec in self.args if spec.positional)


@dataclass(frozen=True, slots=True)
class Trailing:
    """An activation written among a stage's arguments."""

    kind: LayerKind
    args: dict[str, ArgValue]
    given: dict[str, Span]
    span: Span


@dataclass(slots=True)
class Bound:
    """Checked arguments, the places of those that were written, and activations beside them.

    `repaired` tells that some were faulty and left out.
    """

    args: dict[str, ArgValue] = field(default_factory=dict)
    given: dict[str, Span] = field(default_factory=dict)
    trailing: list[Trailing] = field(default_factory=list)
    repaired: bool = False


class Repaired(Fault):
    """Faulty arguments that leave no doubt of the shape: those that are right, and defaults."""

    def __init__(self, bound: Bound) -> None:
        super().__init__()
        self.bound = bound


def bind(schema: Schema, head: Span, args: Sequence[ast.Arg], env: Env, activations: bool) -> Bound:
    """Check arguments and fill in defaults; raises Fault after reporting everything wrong.

    Where the shape is in no doubt for all that, the fault is a `Repaired`.
    With `activations` a word that names one is set apart instead of taken as a value.
    """
    return _Binder(schema, head, env, activations).bind(args)


@dataclass(slots=True)
class _Binder:
    schema: Schema
    head: Span
    env: Env
    activations: bool
    bound: Bound = field(default_factory=Bound)
    rest: list[ast.Arg] = field(default_factory=list)
    failed: bool = False
    doubtful: bool = False
    undecided: bool = False

    def bind(self, args: Sequence[ast.Arg]) -> Bound:
        unknown = False
        for arg in self._own(args):
            try:
                if arg.key is not None:
                    self._by_key(arg.key, arg)
                elif _colon_after_key(self.schema, arg.value):
                    raise extra(self.schema, arg, self.env, self.activations)
                elif not self._trailing(arg):
                    self.rest.append(arg)
            except Fault:
                self.failed = True
                self.doubtful |= arg.key is not None and self._may_shape(arg.key.id)
                unknown = unknown or (arg.key is None and isinstance(arg.value, ast.Word))
        if not unknown:  # or else nobody knows which places are taken
            self._by_place()
        self._defaults()
        if self.failed:
            raise self._fault()
        self.bound.args = {s.name: self.bound.args[s.name] for s in self.schema.args}
        return self.bound

    def _fault(self) -> Fault:
        """What is raised when all has been reported."""
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
        """Whether a key, known or misspelt, may have a say in the shape."""
        names = [spec.name for spec in self.schema.args]
        meant = key if key in names else closest(key, names)
        return meant not in SHAPELESS and not self.env.program.kinds.activation(key)

    def _own(self, args: Sequence[ast.Arg]) -> Iterator[ast.Arg]:
        """The arguments up to a statement that was begun on the same line by mistake."""
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
        """The first value without a place is a fault, and of a stage each word up to another."""
        known = self.env.program.kinds
        for i, arg in enumerate(rest):
            word = arg.value.id if isinstance(arg.value, ast.Word) else ""
            slip = bool(word and self.activations)
            if i and not slip:
                return
            self._extra(arg, keyed)
            self.undecided |= not word
            self.doubtful |= not slip or closest(word, known.activations()) is None
            if not slip or known.find(word) or word in self.env.program.blocks:
                return

    def _extra(self, arg: ast.Arg, keyed: Sequence[ArgSpec]) -> None:
        """A positional without a place; where one was given by key, it is the second of two."""
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
        """An activation came in as a parameter where a value was expected."""
        name = trailing.span.text
        self.env.program.blamed.add((name, self.env.calls))
        self.env.fault(
            codes.WRONG_VALUE,
            trailing.span,
            f"`{spec.name}` of `{self.schema.name}` is needed; `{name}` is `{trailing.kind.name}`",
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
    """The stage of that kind as the example spec writes it."""
    found = re.search(rf"\b{schema.name}\b[^;)\]\n]*?(?= *(?:->|;|\)|\]|,|$))", schema.example)
    return f"for example `{found[0]}`" if found else ""


def _takes_word(spec: ArgSpec, word: str) -> bool:
    return isinstance(spec.type, Option) and word.lower() in spec.type.words


def extra(schema: Schema, arg: ast.Arg, env: Env, activations: bool) -> Fault:
    """The fault of a positional for which there is no place."""
    value = arg.value
    if isinstance(value, ast.Word | ast.DimName):
        return _loose_word(schema, value, env, activations)
    if isinstance(value, ast.ListValue) and any(
        isinstance(item, ast.StagesValue | ast.Word) for item in value.items
    ):
        return env.fault(
            codes.EXTRA_ARGUMENT,
            value.span,
            f"a list is no argument of `{schema.name}`",
            fixes=own_stage(value.span),
        )
    if isinstance(value, ast.CallValue):
        return _loose_call(schema, value, env)
    if colon := _colon_after_key(schema, value):
        return env.fault(
            codes.EXTRA_ARGUMENT,
            value.span,
            f"a value of `{schema.name}` follows its key after `=`",
            fixes=[
                Fix(
                    f"write `{colon.replacement}{value.span.text[colon.span.stop-value.span.start:]}`",
                    (colon,),
                )
            ],
        )
    if isinstance(value, ast.Text):
        return env.fault(
            codes.EXTRA_ARGUMENT,
            value.span,
            "words and numbers are written without quotes",
            fixes=unquoted(value),
        )
    if bounds := bounded(schema.name, value):
        return env.fault(
            codes.EXTRA_ARGUMENT, value.span, f"`{schema.name}` takes no value by place", **bounds
        )
    places = len(schema.positionals)
    takes = (
        f"takes {places} value{'s' * (places != 1)} by place, this is one too many"
        if places
        else "takes no value by place"
    )
    return env.fault(
        codes.EXTRA_ARGUMENT,
        value.span,
        f"`{schema.name}` {takes}",
        help=_without_place(schema, value, env),
    )


def _colon_after_key(schema: Schema, value: ast.Value) -> Edit | None:
    """What makes `units=30` of `units: 30`, which was read as a range."""
    if not isinstance(value, ast.Range) or not isinstance(value.start, ast.Word):
        return None
    if schema.spec(value.start.id) is None:
        return None
    place = Span(value.span.source, value.start.span.start, value.stop.span.start)
    return Edit(place, f"{value.start.id}=")


def _without_place(schema: Schema, value: ast.Value, env: Env) -> str:
    """What to do with a value too many."""
    text = value.span.text
    if schema.spec("in") and schema.spec("units"):
        return f"only what comes out is said, what comes in is known: `{schema.name} {text}`"
    if env.program.kinds.activation(schema.name) and isinstance(value, ast.Number):
        return f"an activation has no units: write `dense {text} {schema.name}`"
    keys = listing(f"{s.name}=…" for s in schema.args if not s.positional)
    others = "others are" if schema.positionals else "its arguments are"
    return f"{others} given by key: {keys}" if keys else ""


def _loose_call(schema: Schema, value: ast.CallValue, env: Env) -> Fault:
    name = value.name
    known = env.program.kinds
    if known.find(name.id) or name.id in env.program.blocks:
        return _missing_arrow(value.span, name.id, env)
    return unknown_activation(name, value.span, "an activation", known.activations(), env)


def _missing_arrow(span: Span, name: str, env: Env) -> Fault:
    return env.fault(
        codes.EXTRA_ARGUMENT,
        span,
        f"`{name}` is a stage of its own",
        fixes=own_stage(span),
    )


def _loose_word(schema: Schema, word: ast.Word | ast.DimName, env: Env, activations: bool) -> Fault:
    """A word that is no value here: an option without its key, another stage, or a slip."""
    kinds = env.program.kinds
    if isinstance(word, ast.Word):
        const = lookup(word.id, env)
        if const is not None and not isinstance(const, WordConst):
            return env.fault(
                codes.EXTRA_ARGUMENT,
                word.span,
                f"`{schema.name}` takes no further value by place",
            )
        if const is None and word.id == "linear" and activations:
            return no_activation(word, env)
        if const is None and (kinds.find(word.id) or word.id in env.program.blocks):
            return _missing_arrow(word.span, word.id, env)
    named = argument(word.id, schema.name, [spec.name for spec in schema.args])
    spec = schema.spec(named.write if named else word.id)
    if spec:
        return env.fault(
            codes.EXTRA_ARGUMENT,
            word.span,
            f"`{word.id}` is the name of an argument, its value follows `=`",
            help=f"write `{spec.name}=…`",
        )
    for spec in schema.args:
        if not spec.positional and word.id.lower() in needs(spec):
            return env.fault(
                codes.EXTRA_ARGUMENT,
                word.span,
                f"`{word.id}` stands without its key",
                fixes=[
                    Fix(f"write `{spec.name}={word.id}`", (insert(word.span, f"{spec.name}="),))
                ],
            )
    candidates = [*(kinds.activations() if activations else ()), *env.constants()]
    what = "a let, a parameter or an activation" if activations else "a value"
    times = re.fullmatch("x([0-9]+)", word.id)
    advice = f"a repeat is written `( … ) * {times[1]}`" if times and activations else ""
    if schema.name in LOSSES:
        stage = word.id if env.scope.find(word.id) else "NAME"
        advice = f"a loss judges the stage that `on {stage}` names; targets come with the data"
    if not activations:
        return env.unknown(word, what, candidates, advice)
    return unknown_activation(word, word.span, what, candidates, env, advice)


def activation(value: ast.Value, env: Env) -> Trailing | None:
    """The activation a value names, with its own arguments checked, or None."""
    name, args, seen = _word_and_arguments(value, env)
    kind = env.program.kinds.activation(name) if name else None
    if kind is None:
        return None
    schema = Schema(kind.name, kind.args, kind.example)
    bound = bind(schema, value.span, args, seen, activations=False)
    return Trailing(kind, bound.args, bound.given, value.span)


def _word_and_arguments(value: ast.Value, env: Env) -> tuple[str | None, tuple[ast.Arg, ...], Env]:
    """The word a value comes down to after lets and parameters, and its arguments if a call."""
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


def only_activations(args: Iterable[ast.Arg], schema: Schema, env: Env) -> list[Trailing]:
    """The activations after a group, block call or fork; anything else is refused."""
    return bind(schema, schema_span(args), tuple(args), env, activations=True).trailing


def schema_span(args: Iterable[ast.Arg]) -> Span:
    """A place for arguments that cannot be missing: the first of them."""
    return next(iter(args)).span
