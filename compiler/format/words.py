"""Words with a canonical spelling: aliases of kinds, option words, booleans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..frontend import ast
from ..frontend.resolve.vocabulary import Kinds
from ..kinds.arguments import ArgSpec, Option
from ..kinds.inits import INITS
from ..layers import LAYERS
from ..losses import LOSSES
from ..losses import aliases as loss_aliases
from ..optimizers import OPTIMIZERS
from ..optimizers import aliases as optimizer_aliases

_INITS = {alias: kind.name for kind in INITS.values() for alias in kind.aliases}
_INIT_KEYS = frozenset(("init", "bias_init"))


@dataclass(slots=True)
class Spelling:
    """Facts from the tree about single tokens, by the offset of their start."""

    words: dict[int, str] = field(default_factory=dict)
    """The canonical spelling of words written otherwise."""

    signs: list[int] = field(default_factory=list)
    """The starts of negated values, in order; blanks may precede the sign."""


def spelling(file: ast.File) -> Spelling:
    """Return the canonical spellings for a file.

    A name that the file defines is never rewritten. Blocks of an included file may have the name
    of an alias, so aliases stay unchanged in a file with includes.
    """
    includes = any(isinstance(s, ast.Directive) and s.word.id == "include" for s in file.statements)
    others = {} if includes else dict(Kinds.current().others)
    for word in [word for kind in LAYERS.values() for word in kind.implied]:
        others.pop(word, None)  # a word cannot be replaced by a word with arguments
    for name in _defined(file):
        others.pop(name, None)
    walk = _Walk(others, _option_words())
    for statement in file.statements:
        walk.statement(statement)
    walk.found.signs.sort()
    return walk.found


def _option_words() -> frozenset[str]:
    schemas: list[tuple[ArgSpec, ...]] = [kind.args for kind in LAYERS.values()]
    schemas += [kind.args for kind in LOSSES.values()]
    schemas += [kind.args for kind in OPTIMIZERS.values()]
    options = (spec.type for schema in schemas for spec in schema)
    known = {word for option in options if isinstance(option, Option) for word in option.words}
    return frozenset(
        known | {"true", "false", "float32", "float64", "same", "valid", "causal", "last", "all"}
    )


def _defined(node: object) -> Iterator[str]:
    """Yield the names of lets, blocks, parameters and stages of a file."""
    match node:
        case ast.File(statements):
            for statement in statements:
                yield from _defined(statement)
        case ast.Let(name, value):
            yield name.id
            yield from _defined(value)
        case ast.Block(name, params, body):
            yield name.id
            for param in params:
                yield param.name.id
                yield from _defined(param.default)
            yield from _defined(body)
        case ast.Fn(name, params):
            yield name.id
            yield from (param.name.id for param in params)
        case ast.Chain(stages):
            for stage in stages:
                yield from _defined(stage)
        case ast.Stage(args=args, name=name) | ast.Group(args=args, name=name):
            yield from (name.id,) if name else ()
            yield from _defined_inside(args)
            if isinstance(node, ast.Group):
                yield from _defined(node.chain)
        case ast.Fork(branches, args, _, name):
            yield from (name.id,) if name else ()
            for branch in branches:
                yield from _defined(branch)
            yield from _defined_inside(args)
        case ast.Directive(_, args) | ast.CallValue(_, args):
            yield from _defined_inside(args)
        case ast.ListValue(items):
            for item in items:
                if not isinstance(item, ast.Number):  # rare in a long list
                    yield from _defined(item)
        case ast.StagesValue(chain):
            yield from _defined(chain)


def _defined_inside(args: tuple[ast.Arg, ...]) -> Iterator[str]:
    for arg in args:
        yield from _defined(arg.value)


@dataclass(slots=True)
class _Walk:
    others: dict[str, str]
    options: frozenset[str]
    found: Spelling = field(default_factory=Spelling)

    def statement(self, statement: ast.Statement) -> None:
        match statement:
            case ast.Chain():
                self.chain(statement)
            case ast.Let(_, value):
                self.value(value)
            case ast.Block(_, params, body):
                for param in params:
                    if param.default is not None:
                        self.value(param.default)
                self.chain(body)
            case ast.Fn(_, params, body):
                for part in (*(param.default for param in params), body):
                    if part is not None:
                        self.formula(part)
            case ast.Directive():
                self.directive(statement)

    def formula(self, value: ast.Value) -> None:
        """Record only the signs: words of a formula have no aliases."""
        match value:
            case ast.Negate(_, operand):
                self.found.signs.append(value.span.start)
                self.formula(operand)
            case ast.Binary(_, left, right):
                self.formula(left)
                self.formula(right)
            case ast.CallValue(_, args):
                for arg in args:
                    self.formula(arg.value)

    def directive(self, statement: ast.Directive) -> None:
        for arg in statement.args:
            self.value(arg.value)
        kinds = {"loss": loss_aliases, "optimizer": optimizer_aliases}.get(statement.word.id)
        first = next((arg.value for arg in statement.args if arg.key is None), None)
        if kinds and isinstance(first, ast.Word | ast.CallValue):
            self.rename(first if isinstance(first, ast.Word) else first.name, dict(kinds()))

    def chain(self, chain: ast.Chain) -> None:
        for stage in chain.stages:
            match stage:
                case ast.Stage(kind, args):
                    self.rename(kind, self.others)
                    self.arguments(kind, args)
                case ast.Group(inner, args):
                    self.chain(inner)
                    self.arguments(None, args)
                case ast.Fork(branches, args):
                    for branch in branches:
                        self.chain(branch)
                    self.arguments(None, args)
            if stage.repeat is not None:
                self.value(stage.repeat)

    def arguments(self, kind: ast.Word | None, args: tuple[ast.Arg, ...]) -> None:
        is_input = kind is not None and kind.id == "input"
        for arg in args:
            dimension = is_input and arg.key is None and isinstance(arg.value, ast.DimName)
            if arg.key and arg.key.id in _INIT_KEYS:
                name = arg.value.name if isinstance(arg.value, ast.CallValue) else arg.value
                if isinstance(name, ast.Word):
                    self.rename(name, _INITS)
            elif arg.key is None and isinstance(arg.value, ast.Word):
                self.rename(arg.value, self.others)
            if not dimension:
                self.value(arg.value)

    def value(self, value: ast.Value) -> None:
        match value:
            case ast.Word(id, span) | ast.DimName(id, span):
                if id != id.lower() and id.lower() in self.options:
                    self.found.words[span.start] = id.lower()
            case ast.Negate(_, operand):
                self.found.signs.append(value.span.start)
                self.value(operand)
            case ast.Binary(_, left, right) | ast.Range(left, right):
                self.value(left)
                self.value(right)
            case ast.Size(parts):
                for part in parts:
                    if not isinstance(part, ast.DimName):
                        self.value(part)
            case ast.ListValue(items):
                for item in items:
                    if isinstance(item, ast.Number):
                        continue
                    if isinstance(item, ast.Word):
                        self.rename(item, self.others)
                    self.value(item)
            case ast.CallValue(name, args):
                self.rename(name, self.others)
                self.arguments(name, args)
            case ast.StagesValue(chain):
                self.chain(chain)

    def rename(self, word: ast.Word, names: dict[str, str]) -> None:
        if word.id in names:
            self.found.words[word.span.start] = names[word.id]
