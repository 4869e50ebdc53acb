"""The outline of a spec, and the ranges that can be folded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..format.comments import comments_of
from ..frontend import ast
from ..frontend.recovery import MASK
from ..frontend.statements import CLOSING, OPENING, split
from ..source import Span
from .stages import Fact, end_of
from .study import Study


@dataclass(frozen=True, slots=True)
class Symbol:
    """An entry of the outline: the range of all of it, and that of its name.

    `sort` is let, block, fn, parameter, input, stage, chain or the word of a directive."""

    name: str
    sort: str
    detail: str
    start: int
    stop: int
    name_start: int
    name_stop: int
    children: tuple[Symbol, ...] = ()


def outline(study: Study) -> tuple[Symbol, ...]:
    """Return the statements that can be read, with the named stages of each."""
    shapes = {fact.start: fact for fact in study.stages.own}
    return tuple(_symbol(statement, shapes) for statement in study.file.statements)


def _symbol(statement: ast.Statement, facts: dict[int, Fact]) -> Symbol:
    span = statement.span
    match statement:
        case ast.Let(name, value):
            return _made(name.id, "let", value.span.text, span, name.span)
        case ast.Block(name, params, body):
            inner = (*map(_param, params), *_stages(body, facts))
            return _made(name.id, "block", _listed(params), span, name.span, inner)
        case ast.Fn(name, params):
            return _made(name.id, "fn", _listed(params), span, name.span)
        case ast.Directive(word, args):
            detail = " ".join(" ".join(arg.span.text for arg in args).split())
            return _made(word.id, word.id, detail[:60], span, word.span)
        case ast.Chain(stages):
            first, last = stages[0], facts.get(stages[-1].span.start)
            detail = last.copies[0].shape if last and last.copies else ""
            head = " ".join(first.span.text.split())
            sort = "input" if _is_input(first) else "chain"
            return _made(
                head[:60], sort, detail, span, first.span, tuple(_stages(statement, facts))
            )
    raise AssertionError(statement)


def _is_input(stage: ast.AnyStage) -> bool:
    return isinstance(stage, ast.Stage) and stage.kind.id == "input"


def _made(
    name: str,
    sort: str,
    detail: str,
    whole: Span,
    own: Span,
    children: tuple[Symbol, ...] = (),
) -> Symbol:
    detail = " ".join(detail.split())
    stop = max([whole.stop, own.stop, *(child.stop for child in children)])
    return Symbol(name, sort, detail, whole.start, stop, own.start, own.stop, children)


def _param(param: ast.BlockParam) -> Symbol:
    return _made(param.name.id, "parameter", "", param.span, param.name.span)


def _listed(params: tuple[ast.BlockParam, ...]) -> str:
    return f"({', '.join(p.span.text for p in params)})" if params else ""


def _stages(chain: ast.Chain, facts: dict[int, Fact]) -> Iterator[Symbol]:
    """Yield every stage with a word of its own; forks and unnamed groups add no level."""
    for stage in chain.stages:
        inner: list[Symbol] = []
        if isinstance(stage, ast.Group):
            inner = list(_stages(stage.chain, facts))
        elif isinstance(stage, ast.Fork):
            inner = [s for branch in stage.branches for s in _stages(branch, facts)]
        whole = stage.span.source.span(stage.span.start, end_of(stage))
        fact = facts.get(stage.span.start)
        detail = fact.copies[0].shape if fact and fact.stage is stage else ""
        if stage.name is not None:
            yield _made(stage.name.id, "stage", detail, whole, stage.name.span, tuple(inner))
        elif isinstance(stage, ast.Stage) and stage.kind.id != MASK:
            yield _made(" ".join(stage.span.text.split())[:60], "stage", detail, whole, stage.span)
        else:
            yield from inner


# --- folding ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines of a text, from 0, that can be folded into the first; `sort` is code or comment."""

    first: int
    last: int
    sort: str = "code"


def folds(study: Study) -> tuple[Fold, ...]:
    """Return what can be folded: statements and brackets of several lines, runs of comments.

    It is read from the tokens, so that broken statements fold as well."""
    found = {*_statements(study), *_comments(study)}
    return tuple(sorted(found, key=lambda fold: (fold.first, -fold.last)))


def _statements(study: Study) -> Iterator[Fold]:
    source = study.source
    for statement in split(source):
        first, last = source.position(statement.start)[0], source.position(statement.stop)[0]
        if last > first:
            yield Fold(first - 1, last - 1)
        opened: list[int] = []
        for token in statement.tokens if last > first else ():
            if token.text in OPENING:
                opened.append(source.position(token.start)[0])
            elif token.text in CLOSING and opened:
                begin, end = opened.pop(), source.position(token.start)[0]
                if end > begin + 1:
                    yield Fold(begin - 1, end - 2)


def _comments(study: Study) -> Iterator[Fold]:
    source = study.source
    alone = re.compile(r"[ \t]*#")
    lines = [
        source.position(comment.start)[0]
        for comment in comments_of(source.text)
        if alone.match(source.line(source.position(comment.start)[0]))
    ]
    first = 0
    for i, line in enumerate(lines):
        if i + 1 == len(lines) or lines[i + 1] != line + 1:
            if i > first:
                yield Fold(lines[first] - 1, line - 1, "comment")
            first = i + 1
