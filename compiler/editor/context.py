"""Where in a statement an offset is: what may be written there.

The text around an offset is nearly always broken, so this reads tokens and not the tree. It looks
at the statement up to the offset alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from ..frontend.statements import ARITHMETIC, DIRECTIVES, Statement, Token, split
from ..source import Source
from .vocabulary import CHOOSING, SETTINGS, WORDS

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PROBE = "q"


class Where(Enum):
    """What may be written at a place."""

    STATEMENT = "a statement"
    STAGE = "a stage"
    ARGUMENT = "an argument"
    VALUE = "the value of a key"
    CHOICE = "a kind of loss, optimizer, schedule or metric"
    STAGE_NAME = "the name of a stage"
    EXPRESSION = "a number"
    FORMULA = "a term of a formula"
    SHAPE = "the shape of an input"
    WORD = "one of some words"
    FILE = "the name of a file"
    CODES = "codes to silence"
    NOTHING = "nothing that is known"


@dataclass(frozen=True, slots=True)
class Place:
    """A place: `prefix`, from `start` on, is the begun word.

    `owner` takes the argument (a layer's or block's word, or a kind of `sort`), `given` are the
    tokens before it. At a stage, `beginning`: a source may stand there; `fed`: a value comes in;
    `forked`: it follows a fork; `incoming`: where the stage ends whose value comes in. `params` are the parameters of the
    definition around, `called`: the owner's parenthesis is open."""

    where: Where
    start: int
    prefix: str
    owner: str = ""
    sort: str = ""
    key: str = ""
    given: tuple[Token, ...] = ()
    beginning: bool = False
    fed: bool = False
    forked: bool = False
    incoming: int | None = None
    params: tuple[str, ...] = ()
    called: bool = False


@dataclass(slots=True)
class _Frame:
    """An open bracket, or the statement: `items` are the tokens since the last separator."""

    kind: str
    owner: str = ""
    incoming: int | None = None
    beginning: bool = False
    fed: bool = False
    forked: bool = False
    items: list[Token] = field(default_factory=list)
    done: list[Token] = field(default_factory=list)

    @property
    def stages(self) -> bool:
        """Whether stages stand here."""
        return self.kind in ("chain", "fork", "group")


def place_at(text: str, offset: int) -> Place:
    """Return what may be written at an offset of a text."""
    found = _WORD.search(text[:offset].rpartition("\n")[2])
    prefix = found[0] if found else ""
    start = offset - len(prefix)
    nothing = Place(Where.NOTHING, start, prefix)
    statement = _last(Source("", text[:start] + _PROBE))
    if statement is None:
        return _in_comment(text, nothing)
    *before, last = statement.tokens
    if last.start != start or last.text != _PROBE:
        quoted = last.kind == "string" and bool(before) and before[0].text == "include"
        if quoted and last.start < start <= last.stop:
            name = text[last.start + 1 : offset]
            return Place(Where.FILE, last.start + 1, name)
        return _in_comment(text, nothing)
    return _Reader(statement, tuple(before), nothing).place()


def _last(source: Source) -> Statement | None:
    statement = None
    for found in split(source):
        statement = found
    return statement


def _in_comment(text: str, nothing: Place) -> Place:
    """Return the place in a comment `# nnc: ignore[…`, or nothing."""
    line = text[: nothing.start].rpartition("\n")[2]
    silencing = re.search(r"#\s*nnc:\s*ignore\s*\[[^\]]*\Z", line)
    return replace(nothing, where=Where.CODES) if silencing else nothing


class _Reader:
    """Reads the tokens of a statement before the offset."""

    def __init__(self, statement: Statement, tokens: Sequence[Token], nothing: Place) -> None:
        self.tokens, self.nothing = tokens, nothing
        self.word = tokens[0].text if tokens else ""
        self.rule = statement.rule if self.word in ("let", "block", "fn") else ""
        self.directive = self.word in DIRECTIVES and not self.rule
        kind = "words" if self.rule or self.directive else "chain"
        self.frames = [_Frame(kind, beginning=kind == "chain")]
        self.params: list[str] = []
        self.defined = False

    def place(self) -> Place:
        """Return the place behind all tokens."""
        for i, token in enumerate(self.tokens):
            self._read(i, token)
        frame = self.frames[-1]
        found = self._definition(frame) or self._statement(frame) or self._inside(frame)
        return replace(found, params=tuple(self.params))

    # --- reading --------------------------------------------------------------------------

    def _read(self, i: int, token: Token) -> None:
        frame, text = self.frames[-1], token.text
        if text in ("(", "["):
            self._open(i, token)
        elif text in (")", "]"):
            self._close(token)
        elif text == "->" and frame.kind != "words":
            self._arrow(frame)
        elif text == "," and (len(self.frames) > 1 or self.word in ("metric", "output")):
            frame.done += frame.items
            frame.items = [] if len(self.frames) > 1 else frame.items[:1]
            frame.beginning, frame.forked = frame.kind == "fork", False
            frame.fed, frame.incoming = self._around(frame)
        elif text == "=" and self.rule and not self.defined and len(self.frames) == 1:
            self.defined = True
            kind = {"block": "chain", "fn": "formula", "let": "value"}[self.rule]
            self.frames = [_Frame(kind, fed=True)]
        else:
            if frame.kind == "params" and token.kind == "word" and not frame.items:
                self.params.append(text)
            frame.items.append(token)

    def _around(self, frame: _Frame) -> tuple[bool, int | None]:
        """Return what comes into a bracket: whether anything does, and where that ends."""
        outer = self.frames[-2] if len(self.frames) > 1 else frame
        return outer.fed, outer.incoming

    def _arrow(self, frame: _Frame) -> None:
        if frame.items:
            frame.incoming = frame.items[-1].stop
            frame.forked = len(frame.items) == 1 and frame.items[0].twin == "fork"
        frame.items, frame.beginning, frame.fed = [], False, True
        if frame.kind == "call":  # stages as the argument of a block
            frame.kind = "group"

    def _open(self, i: int, token: Token) -> None:
        frame, before = self.frames[-1], self.tokens[i - 1] if i else None
        touching = before is not None and before.kind == "word" and before.stop == token.start
        if touching and before is not None and self._joins_size(i - 1):
            touching = False
        begins = not frame.items and frame.stages
        if self.rule in ("block", "fn") and not self.defined and len(self.frames) == 1:
            made = _Frame("params")
        elif token.text == "(" and touching and before is not None:
            made = _Frame("call", before.text)
        elif begins:
            kind = "group" if token.text == "(" else "fork"
            made = _Frame(kind, "", frame.incoming, kind == "fork", frame.fed)
        else:
            made = _Frame("formula" if frame.kind == "formula" else "value")
        self.frames.append(made)

    def _joins_size(self, i: int) -> bool:
        """Return whether a word is the `x` of a size such as `(k)x(k)`."""
        word, before = self.tokens[i], self.tokens[i - 1] if i else None
        closes = before is not None and before.text == ")" and before.stop == word.start
        return word.text == "x" and closes

    def _close(self, token: Token) -> None:
        if len(self.frames) == 1:
            return
        closed = self.frames.pop()
        self.frames[-1].items.append(Token("bracket", "()", token.start, token.stop, closed.kind))

    # --- answers --------------------------------------------------------------------------

    def _at(self, where: Where, **parts: object) -> Place:
        return replace(self.nothing, where=where, **parts)  # type: ignore[arg-type]

    def _definition(self, frame: _Frame) -> Place | None:
        """Answer before the `=` of a let, block or fn, and in lets and formulas."""
        if frame.kind == "params":
            return self._at(Where.EXPRESSION) if _after_equals(frame) else self.nothing
        if frame.kind == "words" and self.rule:
            return self.nothing
        if frame.kind == "formula" or (self.word == "fn" and self.rule and frame.kind == "call"):
            return self._at(Where.FORMULA)
        return self._at(Where.EXPRESSION) if frame.kind == "value" else None

    def _statement(self, frame: _Frame) -> Place | None:
        if not self.tokens:
            return self._at(Where.STATEMENT, beginning=True)
        if frame.kind != "words":
            return None
        items = tuple(frame.items)
        word = self.word
        if word in CHOOSING:
            return self._choice(items)
        if word == "output":
            return self._at(Where.STAGE_NAME)
        if word in WORDS and len(items) == 1:
            return self._at(Where.WORD, owner=word)
        if word in SETTINGS:
            return self._argument(word, "statement", items[1:], False)
        return self.nothing

    def _choice(self, items: tuple[Token, ...]) -> Place:
        """Answer in `loss KIND args on NAME`, `metric A, B on NAME`."""
        word = self.word
        plain = [t.text for t in items]
        said = [t.text for t in (*self.frames[-1].done, *items)]
        if "on" in said and (plain[-1] == "on" or self.tokens[-1].text == ","):
            return self._at(Where.STAGE_NAME)
        if len(items) == 1:
            return self._at(Where.CHOICE, sort=word)
        if word == "metric":
            return self._at(Where.ARGUMENT, owner=plain[1], sort="metric on", given=items[2:])
        return self._argument(plain[1], word, items[2:], False)

    def _inside(self, frame: _Frame) -> Place:
        items = tuple(frame.items)
        if frame.kind == "call" and (not items or items[0].text not in DIRECTIVES):
            sort = self.word if self.directive else "layer"
            given = (*frame.done, *items)
            return self._argument(frame.owner, sort, given, True, _after_equals(frame))
        if not frame.stages:
            return self._at(Where.EXPRESSION)
        if not items:
            return self._at(
                Where.STAGE,
                beginning=frame.beginning,
                fed=frame.fed,
                forked=frame.forked,
                incoming=frame.incoming,
            )
        return self._stage(items, frame)

    def _stage(self, items: tuple[Token, ...], frame: _Frame) -> Place:
        """Answer behind the first word of a stage."""
        first, last = items[0].text, items[-1].text
        if last == "as" or (len(items) > 1 and items[-2].text == "as"):
            return self.nothing
        if first == "use" and len(items) == 1:
            return self._at(Where.STAGE_NAME)
        if first == "input":
            return self._at(Where.SHAPE, given=items[1:])
        owner = "" if items[0].kind == "bracket" else first
        return replace(
            self._argument(owner, "layer", items[1:], False),
            forked=frame.forked,
            incoming=frame.incoming,
        )

    def _argument(
        self, owner: str, sort: str, given: tuple[Token, ...], called: bool, valued: bool = False
    ) -> Place:
        if given and given[-1].text == "=" and len(given) > 1:
            key = given[-2].text
            return self._at(Where.VALUE, owner=owner, sort=sort, key=key, given=given)
        if given and given[-1].text in ARITHMETIC:
            return self._at(Where.EXPRESSION)
        return self._at(Where.ARGUMENT, owner=owner, sort=sort, given=given, called=called)


def _after_equals(frame: _Frame) -> bool:
    return bool(frame.items) and frame.items[-1].text == "="


def keys_of(given: Sequence[Token]) -> Iterator[str]:
    """Yield the keys among given arguments."""
    for i, token in enumerate(given[:-1]):
        if given[i + 1].text == "=":
            yield token.text


def values_of(given: Sequence[Token]) -> Iterator[Token]:
    """Yield the positional arguments among given ones, the first token of each."""
    i = 0
    while i < len(given):
        if i + 1 < len(given) and given[i + 1].text == "=":
            i += 3
            continue
        joined = given[i].kind == "bracket" and i > 0 and given[i - 1].stop > given[i].start
        if not joined and given[i].text not in ARITHMETIC and given[i].text != ":":
            yield given[i]
        i += 1
