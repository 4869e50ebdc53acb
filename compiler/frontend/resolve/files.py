"""Collection of the lets, blocks and formulas of a file and of all its includes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath

from ...diagnostics.codes import files as codes
from ...diagnostics.codes import limits, names
from ...diagnostics.model import Label
from ...source import Source, Span
from .. import ast
from .naming import check_block, check_constant, taken
from .scope import Env, Fault, TooLarge

Load = Callable[[str, Source], Source]

MAX_INCLUDES = 64
"""Most nested includes."""


@dataclass(slots=True)
class Collector:
    """Collects the definitions of files in the state; a file included repeatedly is read once."""

    env: Env
    load: Load
    done: set[str] = field(default_factory=set)
    open: dict[str, Span | None] = field(default_factory=dict)

    def collect(self, file: ast.File, included: Span | None = None) -> None:
        """Collect the lets and blocks of a file, after those of its includes."""
        key = normpath(file.span.source.name)
        self.open[key] = included
        state = self.env.state
        state.broken |= file.broken
        state.unread |= file.unread
        state.poisoned |= file.lost
        for statement in file.statements:
            if isinstance(statement, ast.Directive) and statement.word.id == "include":
                self._include(statement)
        for statement in file.statements:
            if isinstance(statement, ast.Let | ast.Block | ast.Fn):
                self._define(statement)
        del self.open[key]
        self.done.add(key)

    def _include(self, directive: ast.Directive) -> None:
        state = self.env.state
        for path in _paths(directive, self.env):
            try:
                if path is None:
                    raise Fault
                self._read(path)
            except Fault:
                state.broken = state.incomplete = True

    def _read(self, path: ast.Text) -> None:
        written = normpath(join(dirname(path.span.source.name), path.value))
        if written in self.open:
            raise self._cycle(written, path)
        source = self._load(path)
        key = normpath(source.name)
        if key in self.done:
            return
        if key in self.open:
            raise self._cycle(key, path)
        if len(self.open) > MAX_INCLUDES:
            message = f"includes nest deeper than {MAX_INCLUDES} files"
            raise TooLarge(self.env.fault(limits.EXPANSION_TOO_LARGE, path.span, message))
        from ..parser import parse

        self.collect(parse(source, self.env.state.report), path.span)

    def _cycle(self, key: str, path: ast.Text) -> Fault:
        chain = list(self.open)
        around = chain[chain.index(key) + 1 :]
        places = [span for span in map(self.open.get, around) if span is not None]
        return self.env.fault(
            codes.INCLUDE_CYCLE,
            path.span,
            (
                f"`{path.value}` includes itself"
                if not around
                else f"`{path.value}` is being read already"
            ),
            labels=[Label(span, "included here") for span in places],
            help="move what both files need into a third one",
        )

    def _load(self, path: ast.Text) -> Source:
        if not path.value.strip() or path.value.endswith(("/", "\\")):
            raise self.env.fault(
                codes.INCLUDE_UNREADABLE, path.span, f"`{path.value}` does not name a file"
            )
        try:
            return self.load(path.value, path.span.source)
        except FileNotFoundError:
            raise self.env.fault(
                codes.INCLUDE_MISSING,
                path.span,
                f"there is no file `{path.value}`",
                help=f"the path is relative to `{path.span.source.name}`",
            ) from None
        except UnicodeDecodeError:
            why = "it is not UTF-8 text"
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise self.env.fault(
            codes.INCLUDE_UNREADABLE, path.span, f"`{path.value}` cannot be read: {why}"
        )

    def _define(self, statement: ast.Let | ast.Block | ast.Fn) -> None:
        word, state = statement.name, self.env.state
        try:
            if isinstance(statement, ast.Let):
                check_constant(word, self.env)
            elif isinstance(statement, ast.Fn):
                from .fns import check_names

                check_names(statement, self.env)
            else:
                check_block(word, self.env)
                self._check_params(statement)
            first = state.defined(word.id)
            if first is not None:
                raise taken(word, first, self.env)
        except Fault:
            if state.defined(word.id) is None:
                state.poisoned.add(word.id)
            state.refused.append(statement)
            return
        if isinstance(statement, ast.Let):
            state.lets[word.id] = statement
        elif isinstance(statement, ast.Fn):
            state.fns[word.id] = statement
        else:
            state.blocks[word.id] = statement

    def _check_params(self, block: ast.Block) -> None:
        seen: dict[str, Span] = {}
        failed = False
        for param in block.params:
            name = param.name
            try:
                check_constant(name, self.env)
                if name.id in seen:
                    raise taken(name, seen[name.id], self.env)
            except Fault:
                failed = True
            seen.setdefault(name.id, name.span)
        if failed:
            raise Fault


def _paths(directive: ast.Directive, env: Env) -> Iterator[ast.Text | None]:
    """Yield the files that a statement names; None for each invalid name."""
    if not directive.args:
        env.fault(
            names.MISSING_ARGUMENT,
            directive.span,
            "`include` needs a file",
            help='write `include "blocks.nn"`',
        )
        yield None
    for arg in directive.args:
        if arg.key is None and isinstance(arg.value, ast.Text):
            yield arg.value
            continue
        env.fault(
            names.WRONG_VALUE,
            arg.span,
            "a file is named in double quotes",
            help='write `include "blocks.nn"`',
        )
        yield None
