"""The formatter's tree of a statement: words, brackets and chains, with comments between."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ..frontend.resolve.vocabulary import is_kind
from ..frontend.statements import ARITHMETIC, CLOSING, DIRECTIVES, OPENING, Statement, Token
from .words import Spelling

LISTING = frozenset({"output", "metric"})
"""Directives whose arguments are separated by commas; those of others by blanks."""

_SIZED = re.compile(r"x[0-9A-Z(]")
_DIMENSION = re.compile(r"[A-Z][A-Z0-9]*x(?:(?:[0-9]+|[A-Z][A-Z0-9]*)x)*")
_TIGHT = frozenset({"**", ":", "="})


@dataclass(slots=True)
class Leaf:
    """A word, number or operator; `space`: a blank precedes it."""

    text: str
    space: bool
    start: int
    stop: int


@dataclass(slots=True)
class Bracket:
    """`( … )` or `[ … ]`; one that cannot be broken has no comments."""

    opening: str
    space: bool
    items: list[Chain]
    closing: str
    start: int
    stop: int
    listed: bool
    """Whether commas separate the items, so that a trailing comma is allowed."""

    breakable: bool
    dangling: list[str] = field(default_factory=list)
    forced: bool = False
    """Whether comments inside, once placed, prevent a single line."""

    width: int = field(init=False)
    """Columns on a single line; cached, because the layout needs it at each level of brackets."""

    def __post_init__(self) -> None:
        commas = 2 * max(0, len(self.items) - 1)
        inner = sum(item.width for item in self.items)
        self.width = len(self.opening) + inner + commas + len(self.closing)


Node = Leaf | Bracket


@dataclass(slots=True)
class Part:
    """The text between two arrows, with comments on the lines before and after it."""

    nodes: Sequence[Node]
    leading: Sequence[str] = ()
    trailing: str = ""

    @property
    def start(self) -> int:
        """Offset of the first character."""
        return self.nodes[0].start

    @property
    def stop(self) -> int:
        """Offset after the last character."""
        return self.nodes[-1].stop

    @property
    def width(self) -> int:
        """Columns on a single line, without comments."""
        width = -self.nodes[0].space
        for node in self.nodes:
            width += node.space + _columns(node)
        return width

    @property
    def begins_with_directive(self) -> bool:
        """Whether a line that begins with this part would begin a statement."""
        first = self.nodes[0]
        return isinstance(first, Leaf) and first.text in DIRECTIVES


@dataclass(slots=True)
class Chain:
    """Parts joined by arrows; often a single word."""

    parts: list[Part]
    word: str = ""

    @property
    def width(self) -> int:
        """Columns on a single line, without comments."""
        if self.word:
            return len(self.word)
        return sum(part.width for part in self.parts) + len(" -> ") * (len(self.parts) - 1)


def _columns(node: Node) -> int:
    return len(node.text) if isinstance(node, Leaf) else node.width


@dataclass(slots=True)
class Tree:
    """A statement: `head` alone, `head = body`, or a head with a list of items."""

    head: Part | None
    body: Chain | None
    items: list[Chain]

    @property
    def width(self) -> int:
        """Columns on a single line, without comments."""
        if self.head is None:
            return self.body.width if self.body else 0
        if self.body:
            return self.head.width + len(" = ") + self.body.width
        items = sum(item.width + len(", ") for item in self.items)
        return self.head.width + (items and len(" ") + items - len(", "))

    @property
    def last(self) -> Part:
        """The part that gets a comment after the statement."""
        if self.items:
            return self.items[-1].parts[-1]
        if self.body:
            return self.body.parts[-1]
        assert self.head
        return self.head


def tree(statement: Statement, arguments: Sequence[int], spelling: Spelling) -> Tree:
    """Return the tree of a statement; `arguments` are the offsets of a directive's arguments."""
    if statement.rule == "fn":
        from ..frontend.formulas import merged

        statement = merged(statement)
    made = _Maker(statement, spelling)
    rule, tokens = statement.rule, statement.tokens
    if rule in ("let", "block", "fn"):
        depth = 0
        for i, token in enumerate(tokens):
            depth += (token.text in OPENING) - (token.text in CLOSING)
            if token.text == "=" and depth == 0:
                return Tree(made.part(0, i), made.chain(i + 1, len(tokens)), [])
    if rule == "directive":
        return _directive(made, arguments)
    return Tree(None, made.chain(0, len(tokens)), [])


def _directive(made: _Maker, arguments: Sequence[int]) -> Tree:
    tokens = made.statement.tokens
    commas = any(t.text == "," for t in tokens)
    if commas and tokens[0].text == "loss":
        return _loss(made, arguments)
    if tokens[0].text == "metric":  # `on NAME` belongs to the last metric
        on = next((t.start for t in tokens if t.text == "on"), tokens[-1].stop)
        arguments = [start for start in arguments if start < on]
    listed = tokens[0].text in LISTING or (commas and any(t.text == "x" for t in tokens))
    if not listed or len(arguments) < 2:
        return Tree(made.part(0, len(tokens), commas=True), None, [])
    offsets = [token.start for token in tokens]
    bounds = [*(bisect_left(offsets, start) for start in arguments), len(tokens)]
    items = [made.part(i, j, commas=True) for i, j in pairwise(bounds)]
    return Tree(made.part(0, 1), None, [Chain([item]) for item in items])


def _loss(made: _Maker, arguments: Sequence[int]) -> Tree:
    """Return the tree of a loss of several values, listed after `on`: `loss kl on mu, logvar`."""
    tokens = made.statement.tokens
    on = next((i for i, token in enumerate(tokens) if token.text == "on"), len(tokens))
    starts = {i for i, token in enumerate(tokens) if token.start in arguments}
    bounds = [on + 1]
    for i in range(on + 2, len(tokens)):
        if i in starts and tokens[i].kind == "word" and tokens[i - 1].text == ",":
            bounds.append(i)
    if len(bounds) < 2:
        return Tree(made.part(0, len(tokens), commas=True), None, [])
    items = [made.part(i, j, commas=True) for i, j in pairwise([*bounds, len(tokens)])]
    return Tree(made.part(0, on + 1), None, [Chain([item]) for item in items])


@dataclass(slots=True)
class _Maker:
    statement: Statement
    spelling: Spelling
    unary: set[int] = field(init=False)
    closed: dict[int, int] = field(init=False)
    """The index of the closing bracket for each opening one."""

    def __post_init__(self) -> None:
        self.unary = set(self._unary())
        self.closed, opened = {}, list[int]()
        for i, token in enumerate(self.statement.tokens):
            if token.text in OPENING:
                opened.append(i)
            elif token.text in CLOSING:
                self.closed[opened.pop()] = i

    def _unary(self) -> Iterator[int]:
        """Yield the sign of each negated value: the first token at or after its start."""
        signs = self.spelling.signs
        first = bisect_left(signs, self.statement.start)
        stop = bisect_left(signs, self.statement.stop, first)
        if first < stop:
            starts = [token.start for token in self.statement.tokens]
            for i in range(first, stop):
                yield starts[bisect_left(starts, signs[i])]

    def chain(self, start: int, stop: int) -> Chain:
        """Return the chain of the tokens from start to stop, separated by arrows."""
        return Chain([self.part(i, j) for i, j in self._pieces(start, stop, "->")])

    def part(self, start: int, stop: int, *, commas: bool = False) -> Part:
        """Return the part of tokens without arrows; a directive's commas are left out."""
        nodes: list[Node] = []
        i = start
        while i < stop:
            token = self.statement.tokens[i]
            if token.text in OPENING:
                end = self.closed[i]
                nodes.append(self._bracket(i, end))
                i = end + 1
                continue
            if not (commas and token.text == ","):
                text = self.spelling.words.get(token.start, token.text)
                nodes.append(Leaf(text, self._space(i), token.start, token.stop))
            i += 1
        return Part(nodes)

    def _word(self, index: int) -> Chain:
        """Return an item of a single token, the common case in long lists."""
        _, text, start, stop, _ = self.statement.tokens[index]
        text = self.spelling.words.get(start, text)
        return Chain([Part((Leaf(text, False, start, stop),))], text)

    def _bracket(self, start: int, stop: int) -> Bracket:
        tokens = self.statement.tokens
        items = [
            self._word(i) if j == i + 1 else self.chain(i, j)
            for i, j in self._pieces(start + 1, stop, ",")
            if i < j
        ]
        opening, closing = tokens[start], tokens[stop]
        listed = opening.text == "[" or self._is_call(start)
        return Bracket(
            opening.text,
            self._space(start),
            items,
            closing.text,
            opening.start,
            closing.stop,
            listed,
            _breakable(items, listed),
        )

    def _pieces(self, start: int, stop: int, separator: str) -> Iterator[tuple[int, int]]:
        tokens, closed = self.statement.tokens, self.closed
        at = begin = start
        while at < stop:
            text = tokens[at][1]
            if text == separator:
                yield begin, at
                begin = at + 1
            at = closed[at] + 1 if text in OPENING else at + 1
        yield begin, stop

    def _is_call(self, index: int) -> bool:
        """Return whether a parenthesis directly follows a word that is not part of a size."""
        before = self.statement.tokens[index - 1]
        return (
            self.statement.touches(index, "(")
            and before.kind == "word"
            and not _DIMENSION.fullmatch(before.text)
            and not self._in_size(index - 1)
        )

    def _in_size(self, index: int) -> bool:
        """Return whether a token continues a size: the `x` of `(k)x3`."""
        token, text = self.statement.tokens[index], self.statement.source.text
        if not token.text.startswith("x") or text[token.start - 1 : token.start] != ")":
            return False
        return _SIZED.match(text, token.start) is not None

    def _space(self, index: int) -> bool:
        """Return whether a blank precedes a token."""
        if index == 0:
            return False
        before, token = self.statement.tokens[index - 1], self.statement.tokens[index]
        if before.text in OPENING or before.text in _TIGHT or token.text in _TIGHT:
            return False
        if self._is_unary(index - 1):
            return False
        if token.text == "(" and self.statement.touches(index, "("):
            size = before.kind == "number" and before.text.endswith("x")
            return not (before.kind == "word" or size)
        return not self._in_size(index)

    def _is_unary(self, index: int) -> bool:
        token = self.statement.tokens[index]
        if token.text not in ("+", "-"):
            return False
        return token.start in self.unary or self._is_signed_argument(index)

    def _is_signed_argument(self, index: int) -> bool:
        """Return whether this is `shift -1` where arithmetic is allowed, parsed as a difference."""
        tokens = self.statement.tokens
        before: Token = tokens[index - 1]
        after: Token = tokens[index + 1]
        token = tokens[index]
        return (
            self.statement.rule != "fn"
            and is_kind(before.text)
            and before.stop < token.start
            and token.stop == after.start
            and after.text not in ARITHMETIC
        )


def _breakable(items: list[Chain], listed: bool) -> bool:
    """Return whether items may be broken: no arithmetic, no line that begins with a directive."""
    if not items or any(item.parts[0].begins_with_directive for item in items):
        return False
    return listed or any(len(item.parts) > 1 or any(map(_inner, item.parts)) for item in items)


def _inner(part: Part) -> bool:
    return any(isinstance(node, Bracket) and node.breakable for node in part.nodes)
