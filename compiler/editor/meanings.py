"""The words of values and arguments, and what each means; see `names` and `walking`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..frontend import ast
from ..frontend.resolve.settings import DTYPES
from ..frontend.resolve.vocabulary import Kinds
from ..ir.formula import FUNCTIONS
from ..kinds.arguments import ArgSpec, Init, LayerName, Option, ValueName
from ..kinds.layer import LayerKind
from ..source import Span
from .names import Definition, Mention, Role
from .vocabulary import GROUP, Entry, entries, layer

NO_ARGS: tuple[ArgSpec, ...] = ()

_FIXED = frozenset(("true", "false", "int", "ragged", *DTYPES))
"""Words with one meaning wherever they may stand."""


@dataclass(slots=True)
class Scope:
    """The stage names of a file, a block, or a named or repeated group."""

    range: Span | None
    parent: Scope | None = None
    stages: dict[str, Definition] = field(default_factory=dict)
    params: Mapping[str, Definition] = field(default_factory=dict)

    def stage(self, name: str) -> Definition | None:
        """Return the stage of that name here or around."""
        found = self.stages.get(name)
        return found or (self.parent.stage(name) if self.parent else None)

    def param(self, name: str) -> Definition | None:
        """Return the parameter of that name here or around."""
        found = self.params.get(name)
        return found or (self.parent.param(name) if self.parent else None)


@dataclass(slots=True)
class ValueWalker:
    """The mentions and definitions found so far, and the walk through values."""

    mentions: list[Mention] = field(default_factory=list)
    definitions: dict[tuple[str, int], Definition] = field(default_factory=dict)
    shared: dict[str, Definition] = field(default_factory=dict)
    lost: dict[str, Definition] = field(default_factory=dict)
    sizes: dict[str, Definition] = field(default_factory=dict)
    kinds: Kinds = field(default_factory=Kinds.current)

    def stages_in(self, chain: ast.Chain, scope: Scope) -> None:
        """Walk through stages that are the argument of a block."""
        raise NotImplementedError

    def define(
        self, role: Role, name: ast.Word, whole: Span, scope: Span | None, node: object
    ) -> Definition:
        """Note a definition, and return it."""
        made = Definition(role, name.id, name.span, whole, scope, node)
        return self.definitions.setdefault(made.key, made)

    # --- arguments ------------------------------------------------------------------------

    def defining(self, name: ast.Word, role: Role) -> None:
        """Note the mention of a name that is its definition."""
        key = (name.span.source.name, name.span.start)
        self.add(name.span, role, self.definitions.get(key), defines=True)

    def stage(self, scope: Scope, name: str) -> Definition | None:
        """Return the stage of a name; one in a statement that cannot be read is known everywhere."""
        return scope.stage(name) or self.lost.get(name)

    def named(self, scope: Scope, name: str) -> Definition | None:
        """Return the parameter, let, block or formula of a name."""
        found = scope.param(name) or self.shared.get(name) or self.lost.get(name)
        return found if found and found.role is not Role.STAGE else None

    def args(
        self,
        args: Sequence[ast.Arg],
        owner: Entry,
        scope: Scope,
        activations: bool = True,
        called: Definition | None = None,
    ) -> None:
        """Walk through the arguments of an entry; with `activations`, one may be among them.

        Keys may be parameters of the formula `called`."""
        free = iter(owner.positionals)
        for arg in args:
            spec: ArgSpec | None = None
            if arg.key is not None:
                spec = owner.spec(arg.key.id)
                made = self._param(called, arg.key)
                role = Role.PARAMETER if made else Role.KEY
                self.add(arg.key.span, role, made, spec=spec, owner=owner.name)
            elif not (activations and self._is_activation(arg.value, scope)):
                spec = next(free, None)
            self.value(arg.value, spec, scope, owner.name)

    def _is_activation(self, value: ast.Value, scope: Scope) -> bool:
        word = value.name if isinstance(value, ast.CallValue) else value
        if not isinstance(word, ast.Word) or scope.param(word.id):
            return False
        own = self.shared.get(word.id)
        return own.role is Role.FN if own else self.kinds.activation(word.id) is not None

    def value(self, value: ast.Value, spec: ArgSpec | None, scope: Scope, owner: str = "") -> None:
        """Walk through a value; `spec` is the argument that takes it."""
        match value:
            case ast.Word():
                self._word(value, spec, scope, owner)
            case ast.DimName(id, span):
                if spec is not None and id.lower() in _options(spec):
                    self.add(span, Role.OPTION, spec=spec, owner=owner)
                else:
                    self._size(value)
            case ast.CallValue(name, args):
                self._called(name, args, spec, scope, owner)
            case ast.StagesValue(chain):
                self.stages_in(chain, scope)
            case ast.Text() | ast.Number():
                pass
            case _:
                for inner in _inner(value):
                    self.value(inner, spec, scope, owner)

    def _word(self, word: ast.Word, spec: ArgSpec | None, scope: Scope, owner: str) -> None:
        type = spec.type if spec else None
        if isinstance(type, LayerName | ValueName):
            self.add(word.span, Role.STAGE, self.stage(scope, word.id))
            return
        found = self.named(scope, word.id)
        kind = self.kinds.find(word.id)
        if found is not None:
            self.add(word.span, found.role, found)
        elif spec is not None and word.id.lower() in _options(spec):
            self.add(word.span, Role.OPTION, spec=spec, owner=owner)
        elif isinstance(type, Init) and word.id in entries("init"):
            self.add(word.span, Role.OPTION, entry=entries("init")[word.id])
        elif kind is not None:
            self.add(word.span, _role(kind), entry=layer(self.kinds.proper(word.id)))
        elif word.id in _FIXED:
            self.add(word.span, Role.OPTION, spec=spec, owner=owner)
        else:
            entry = entries("statement").get(word.id) if word.id == "on" else None
            self.add(word.span, Role.WORD, entry=entry)

    def _called(
        self,
        name: ast.Word,
        args: Sequence[ast.Arg],
        spec: ArgSpec | None,
        scope: Scope,
        owner: str,
    ) -> None:
        found = self.named(scope, name.id)
        if found is not None and found.role in (Role.BLOCK, Role.FN):
            self.add(name.span, found.role, found)
            self.call(args, found, scope)
            return
        self._word(name, spec, scope, owner)
        entry = layer(self.kinds.proper(name.id))
        if spec is not None and isinstance(spec.type, Init):
            entry = entries("init").get(name.id)
        self.args(args, entry or Entry(name.id, "", NO_ARGS), scope)

    def _size(self, name: ast.DimName) -> None:
        made = self.sizes.get(name.id)
        if made is None:
            word = ast.Word(name.id, name.span)
            made = self.define(Role.DIMENSION, word, name.span, None, name)
            self.sizes[name.id] = made
        self.add(name.span, Role.DIMENSION, made, defines=made.span == name.span)

    def formula(self, term: ast.Value, scope: Scope) -> None:
        """Walk through a term of a formula."""
        match term:
            case ast.Word(id, span):
                found = self.named(scope, id)
                self.add(span, found.role if found else Role.WORD, found)
            case ast.CallValue(name, args):
                own = None if name.id in FUNCTIONS else self.shared.get(name.id)
                role = own.role if own else Role.FUNCTION
                self.add(name.span, role, own)
                for arg in args:
                    if arg.key is not None:
                        self.add(arg.key.span, Role.PARAMETER, self._param(own, arg.key))
                    self.formula(arg.value, scope)
            case _:
                for inner in _inner(term):
                    self.formula(inner, scope)

    def call(self, args: Sequence[ast.Arg], called: Definition, scope: Scope) -> None:
        """Walk through the arguments of a block or formula, whose keys are its parameters."""
        for arg in args:
            if arg.key is not None:
                made = self._param(called, arg.key)
                role, spec = (Role.PARAMETER, None) if made else (Role.KEY, GROUP.spec(arg.key.id))
                self.add(arg.key.span, role, made, spec=spec)
            self.value(arg.value, None, scope)

    def _param(self, called: Definition | None, key: ast.Word) -> Definition | None:
        """Return the parameter of a block or formula that a key names."""
        own = _params_of(called).get(key.id) if called else None
        return self.definitions.get((own.span.source.name, own.span.start)) if own else None

    def add(
        self,
        span: Span,
        role: Role,
        definition: Definition | None = None,
        *,
        defines: bool = False,
        entry: Entry | None = None,
        spec: ArgSpec | None = None,
        owner: str = "",
    ) -> None:
        """Note a mention."""
        self.mentions.append(Mention(span, role, definition, defines, entry, spec, owner))


def _role(kind: LayerKind) -> Role:
    return Role.ACTIVATION if kind.is_activation else Role.KIND


def _options(spec: ArgSpec) -> tuple[str, ...]:
    """Return the words that an argument takes besides numbers and names."""
    if isinstance(spec.type, Option):
        return spec.type.words
    words: tuple[str, ...] = getattr(spec.type, "words", ())
    return words


def _params_of(definition: Definition) -> dict[str, ast.Word]:
    node = definition.node
    params = node.params if isinstance(node, ast.Block | ast.Fn) else ()
    return {param.name.id: param.name for param in params}


def _inner(value: ast.Value) -> Iterator[ast.Value]:
    match value:
        case ast.Size(parts):
            yield from parts
        case ast.Range(start, stop):
            yield from (start, stop)
        case ast.Negate(operand=operand):
            yield operand
        case ast.Binary(left=left, right=right):
            yield from (left, right)
        case ast.ListValue(items):
            yield from items
