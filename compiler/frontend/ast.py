"""The syntax tree: what was written, with the place of every word, before names mean anything."""

from __future__ import annotations

from ..record import record
from ..source import Span

# --- values -------------------------------------------------------------------------------


@record(frozen=True, slots=True)
class Number:
    """`30`, `0.1`, `1e-3`: an int where written as one, else a float."""

    value: int | float
    span: Span


@record(frozen=True, slots=True)
class Word:
    """A bare word: a let, a parameter, an activation, an option, a kind; the resolver decides."""

    id: str
    span: Span


@record(frozen=True, slots=True)
class DimName:
    """An upper-case word: a symbolic dimension."""

    id: str
    span: Span


@record(frozen=True, slots=True)
class Text:
    """A quoted string, without its quotes."""

    value: str
    span: Span


@record(frozen=True, slots=True)
class Size:
    """`3x28x28`, `Tx768`, `(k)x(k)`: the components, outermost first."""

    parts: tuple[Value, ...]
    span: Span


@record(frozen=True, slots=True)
class Range:
    """`1:3`."""

    start: Value
    stop: Value
    span: Span


@record(frozen=True, slots=True)
class Negate:
    """`-x` or `+x`, told apart by `sign`."""

    sign: str
    operand: Value
    span: Span


@record(frozen=True, slots=True)
class Binary:
    """`a OP b` with OP one of + - * / // % **."""

    op: str
    left: Value
    right: Value
    span: Span


@record(frozen=True, slots=True)
class ListValue:
    """`[1, 2]` as an argument; items may be stages where a block takes a list of stages."""

    items: tuple[Value, ...]
    span: Span


@record(frozen=True, slots=True)
class CallValue:
    """`leaky_relu(0.2)`, `normal(0.01)`, `step(every=3)`: a word with arguments of its own."""

    name: Word
    args: tuple[Arg, ...]
    span: Span


@record(frozen=True, slots=True)
class StagesValue:
    """Stages given as an argument to a block: `twice(dense 4 relu)`."""

    chain: Chain
    span: Span


Value = (
    Number
    | Word
    | DimName
    | Text
    | Size
    | Range
    | Negate
    | Binary
    | ListValue
    | CallValue
    | StagesValue
)


@record(frozen=True, slots=True)
class Arg:
    """One argument: positional where `key` is None."""

    key: Word | None
    value: Value
    span: Span


# --- stages -------------------------------------------------------------------------------


@record(frozen=True, slots=True)
class Stage:
    """`KIND arg…` or `KIND(arg…) word…`: a layer, a block call, an input, a use, or a mere name.

    `called` tells that the arguments in `args` up to `inside` stood in parentheses directly
    after the kind. `repeat` is the value after `*`, `name` the word after `as`; `span` covers
    the kind and its arguments only.
    """

    kind: Word
    args: tuple[Arg, ...]
    called: bool
    inside: int
    repeat: Value | None
    name: Word | None
    span: Span


@record(frozen=True, slots=True)
class Group:
    """`( STAGE -> … )`, perhaps with trailing words (an activation), a repeat and a name."""

    chain: Chain
    args: tuple[Arg, ...]
    repeat: Value | None
    name: Word | None
    span: Span


@record(frozen=True, slots=True)
class Fork:
    """`[a, b, …]`: branches fed with the incoming value."""

    branches: tuple[Chain, ...]
    args: tuple[Arg, ...]
    repeat: Value | None
    name: Word | None
    span: Span


AnyStage = Stage | Group | Fork


@record(frozen=True, slots=True)
class Chain:
    """`STAGE -> STAGE -> …`; as a statement its first stage is the source."""

    stages: tuple[AnyStage, ...]
    span: Span


# --- statements ---------------------------------------------------------------------------


@record(frozen=True, slots=True)
class Let:
    """`let NAME = VALUE`."""

    name: Word
    value: Value
    span: Span


@record(frozen=True, slots=True)
class BlockParam:
    """A parameter of a block, with its default if it has one."""

    name: Word
    default: Value | None
    span: Span


@record(frozen=True, slots=True)
class Block:
    """`block NAME(p, q=3) = STAGE -> …`."""

    name: Word
    params: tuple[BlockParam, ...]
    body: Chain
    span: Span


@record(frozen=True, slots=True)
class Fn:
    """`fn NAME(a, b, q=0.5) = FORMULA`, whose calls are `CallValue`s and comparisons `Binary`."""

    name: Word
    params: tuple[BlockParam, ...]
    body: Value
    span: Span


@record(frozen=True, slots=True)
class Directive:
    """`WORD arg…`: output, loss, optimizer, include, … and words that are none of these."""

    word: Word
    args: tuple[Arg, ...]
    span: Span


Statement = Chain | Let | Block | Fn | Directive


@record(frozen=True, slots=True)
class File:
    """All statements of one source, in order; broken ones are left out (and reported).

    `unread` are the words of what could not be read, `lost` those that may be defined there.
    """

    statements: tuple[Statement, ...]
    broken: bool
    span: Span
    unread: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
