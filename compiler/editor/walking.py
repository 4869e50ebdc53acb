"""The walk through syntax trees that finds out what each word means; see `names`.

It follows the resolver's rules of scopes without expanding anything, and gives up on nothing: what
cannot be resolved is a plain word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..frontend import ast
from ..frontend.recovery import MASK
from ..frontend.statements import split
from ..kinds.arguments import ArgSpec, Num, option
from ..layers import LAYERS
from ..source import Span
from .meanings import NO_ARGS, Scope, ValueWalker
from .names import Definition, Role
from .vocabulary import CHOOSING, GROUP, SETTINGS, Entry, entries, layer


@dataclass(slots=True)
class Walker(ValueWalker):
    """The walk through files, statements and stages."""

    def stages_in(self, chain: ast.Chain, scope: Scope) -> None:
        """Walk through stages that are the argument of a block; their names are of the scope."""
        self._stages_of(chain, scope)
        self.chain(chain, scope)

    # --- definitions ----------------------------------------------------------------------

    def collect(self, file: ast.File) -> None:
        """Collect the lets, blocks and formulas of a file, which are known everywhere."""
        roles = ((ast.Let, Role.LET), (ast.Block, Role.BLOCK), (ast.Fn, Role.FN))
        for statement in file.statements:
            role = next((r for type, r in roles if isinstance(statement, type)), None)
            if role is not None and isinstance(statement, ast.Let | ast.Block | ast.Fn):
                name = statement.name
                made = self.define(role, name, statement.span, None, statement)
                self.shared.setdefault(name.id, made)

    def _stages_of(self, chain: ast.Chain, scope: Scope) -> None:
        """Collect the names of stages that belong to a scope."""
        for stage in chain.stages:
            if stage.name is not None:
                whole = stage.span.to(stage.name.span)
                made = self.define(Role.STAGE, stage.name, whole, scope.range, stage)
                scope.stages.setdefault(stage.name.id, made)
            if isinstance(stage, ast.Fork):
                for branch in stage.branches:
                    self._stages_of(branch, scope)
            elif isinstance(stage, ast.Group) and not _is_private(stage):
                self._stages_of(stage.chain, scope)

    def collect_lost(self, file: ast.File) -> None:
        """Collect the names that are defined in statements which cannot be read."""
        source = file.span.source
        for statement in split(source) if file.unread else ():
            roles = {"let": Role.LET, "block": Role.BLOCK, "fn": Role.FN, "as": Role.STAGE}
            for token, name in pairwise(statement.tokens):
                role = roles.get(token.text)
                known = (source.name, name.start) in self.definitions
                if role is None or known or name.kind != "word" or not name.text.islower():
                    continue
                word = ast.Word(name.text, source.span(name.start, name.stop))
                made = self.define(role, word, statement.span, None, statement)
                self.lost.setdefault(name.text, made)
                self.defining(word, role)

    # --- statements -----------------------------------------------------------------------

    def file(self, file: ast.File) -> None:
        """Walk through all statements of a file."""
        root = Scope(None)
        for statement in file.statements:
            if isinstance(statement, ast.Chain):
                self._stages_of(statement, root)
        for statement in file.statements:
            match statement:
                case ast.Chain():
                    self.chain(statement, root)
                case ast.Let(name, value):
                    self.defining(name, Role.LET)
                    self.value(value, None, root)
                case ast.Block():
                    self._block(statement)
                case ast.Fn():
                    self._fn(statement)
                case ast.Directive():
                    self._directive(statement, root)

    def _params(self, params: Sequence[ast.BlockParam], whole: Span) -> dict[str, Definition]:
        """Define parameters; the default of each sees those before it."""
        known: dict[str, Definition] = {}
        for param in params:
            if param.default is not None:
                self.value(param.default, None, Scope(whole, params=dict(known)))
            made = self.define(Role.PARAMETER, param.name, param.span, whole, param)
            known.setdefault(param.name.id, made)
            self.defining(param.name, Role.PARAMETER)
        return known

    def _block(self, block: ast.Block) -> None:
        self.defining(block.name, Role.BLOCK)
        scope = Scope(block.span, params=self._params(block.params, block.span))
        self._stages_of(block.body, scope)
        self.chain(block.body, scope)

    def _fn(self, fn: ast.Fn) -> None:
        self.defining(fn.name, Role.FN)
        scope = Scope(fn.span, params=self._params(fn.params, fn.span))
        self.formula(fn.body, scope)

    def _directive(self, directive: ast.Directive, scope: Scope) -> None:
        word, args = directive.word.id, directive.args
        self.add(directive.word.span, Role.WORD, entry=entries("statement").get(word))
        if word == "include":
            for arg in args:
                if isinstance(arg.value, ast.Text):
                    self.add(arg.value.span, Role.FILE)
        elif word == "output":
            self._stage_words((arg.value for arg in args), scope)
        elif word in CHOOSING:
            self._choice(word, args, scope)
        else:
            entry = Entry(word, "statement", SETTINGS.get(word, NO_ARGS))
            self.args(args, entry, scope, activations=False)

    def _choice(self, word: str, args: Sequence[ast.Arg], scope: Scope) -> None:
        """Walk through `loss KIND … on A, B weight=w`, `metric A, B on NAME`."""
        named = self._after_on(args)
        self._stage_words((arg.value for arg in named), scope)
        rest = [arg for arg in args if arg not in named]
        count = len(rest) if word == "metric" else 1
        entry: Entry | None = None
        for arg in rest[:count]:
            found = self._chosen(word, arg, scope)
            entry = entry or found
        if rest[count:]:
            owner = entry or Entry(word, word, NO_ARGS)
            called = self.shared.get(owner.name) if word == "loss" else None
            self.args(rest[count:], owner, scope, activations=False, called=called)

    def _after_on(self, args: Sequence[ast.Arg]) -> list[ast.Arg]:
        found: list[ast.Arg] = []
        seen = False
        for arg in args:
            plain = arg.key is None and isinstance(arg.value, ast.Word)
            if seen and plain:
                found.append(arg)
            elif seen:
                break
            if plain and isinstance(arg.value, ast.Word) and arg.value.id == "on":
                seen = True
        return found

    def _chosen(self, sort: str, arg: ast.Arg, scope: Scope) -> Entry | None:
        value = arg.value
        word = value.name if isinstance(value, ast.CallValue) else value
        if arg.key is not None or not isinstance(word, ast.Word):
            self.value(value, None, scope)
            return None
        if word.id == "on":
            self.add(word.span, Role.WORD, entry=entries("statement")["on"])
            return None
        own = self.shared.get(word.id)
        entry = entries(sort).get(word.id)
        if own is not None and own.role is Role.FN:
            self.add(word.span, Role.FN, own)
            entry = Entry(word.id, "loss", _numbers_of(own))
        else:
            self.add(word.span, Role.CHOICE, entry=entry)
        if isinstance(value, ast.CallValue):
            owner = entry or Entry(word.id, sort, NO_ARGS)
            self.args(value.args, owner, scope, activations=False)
        return entry

    def _stage_words(self, values: Iterable[ast.Value], scope: Scope) -> None:
        for value in values:
            if isinstance(value, ast.Word):
                self.add(value.span, Role.STAGE, self.stage(scope, value.id))

    # --- stages ---------------------------------------------------------------------------

    def chain(self, chain: ast.Chain, scope: Scope) -> None:
        """Walk through a chain; a fork before a kind decides which of two it is."""
        forked = False
        for stage in chain.stages:
            self._stage(stage, scope, forked)
            forked = isinstance(stage, ast.Fork)

    def _stage(self, stage: ast.AnyStage, scope: Scope, forked: bool) -> None:
        match stage:
            case ast.Group(inner):
                within = Scope(stage.span, scope) if _is_private(stage) else scope
                if within is not scope:
                    self._stages_of(inner, within)
                self.chain(inner, within)
                self.args(stage.args, GROUP, scope)
            case ast.Fork(branches):
                for branch in branches:
                    self.chain(branch, scope)
                self.args(stage.args, GROUP, scope)
            case ast.Stage():
                self._layer(stage, scope, forked)
        if stage.repeat is not None:
            self.value(stage.repeat, None, scope)
        if stage.name is not None:
            self.defining(stage.name, Role.STAGE)

    def _layer(self, stage: ast.Stage, scope: Scope, forked: bool) -> None:
        word = stage.kind
        param, shared = scope.param(word.id), self.shared.get(word.id)
        named = None if word.id in LAYERS else self.stage(scope, word.id)
        if word.id == MASK:
            self.args(stage.args, GROUP, scope)
        elif word.id == "use":
            self.add(word.span, Role.WORD, entry=entries("statement")["use"])
            self._stage_words((arg.value for arg in stage.args), scope)
        elif param is not None or named is not None:
            found = param or named
            self.add(word.span, found.role if found else Role.WORD, found)
            self.args(stage.args, Entry(word.id, "layer", NO_ARGS), scope)
        elif shared is not None and shared.role is not Role.LET:
            self.add(word.span, shared.role, shared)
            self.call(stage.args, shared, scope)
        else:
            entry = layer(self.kinds.proper(word.id), forked) or layer(word.id)
            entry = entry if self.kinds.find(word.id) else None
            self.add(word.span, Role.KIND if entry else Role.WORD, entry=entry)
            self.args(stage.args, entry or Entry(word.id, "layer", NO_ARGS), scope)


def _is_private(group: ast.Group) -> bool:
    return group.name is not None or group.repeat is not None


def _numbers_of(definition: Definition) -> tuple[ArgSpec, ...]:
    """Return the numbers of a formula as arguments, with those of every loss."""
    node = definition.node
    params = node.params if isinstance(node, ast.Fn) else ()
    own = (option(p.name.id, Num(), "a number of the formula") for p in params if p.default)
    return (*own, *entries("loss")["mse"].args)
