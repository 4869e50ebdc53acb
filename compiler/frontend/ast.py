"""The syntax tree: the statements as written, with positions, before names are resolved."""

from __future__ import annotations

from ..record import record
from ..source import Span

# --- values -------------------------------------------------------------------------------


@record(frozen=True, slots=True)
class Number:
    """`30`, `0.1`, `1e-3`: an int if written as one, otherwise a float."""

    value: int | float
    span: Span


@record(frozen=True, slots=True)
class Word:
    """A bare word: a let, parameter, activation, option or kind, as the resolver decides."""

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
    """`-x` or `+x`, distinguished by `sign`."""

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
    """`leaky_relu(0.2)`, `normal(0.01)`, `step(every=3)`: a word with its own arguments."""

    name: Word
    args: tuple[Arg, ...]
    span: Span


@record(frozen=True, slots=True)
class StagesValue:
    """Stages as an argument of a block: `twice(dense 4 relu)`."""

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
    """`KIND arg…` or `KIND(arg…) word…`: a layer, a block call, an input, a use, or just a name.

    `called`: the arguments in `args` up to `inside` were in parentheses directly after the
    kind. `repeat` is the value after `*`, `name` the word after `as`; `span` covers only the kind
    and its arguments."""

    kind: Word
    args: tuple[Arg, ...]
    called: bool
    inside: int
    repeat: Value | None
    name: Word | None
    span: Span


@record(frozen=True, slots=True)
class Group:
    """`( STAGE -> … )`, with optional trailing words (an activation), a repeat and a name."""

    chain: Chain
    args: tuple[Arg, ...]
    repeat: Value | None
    name: Word | None
    span: Span


@record(frozen=True, slots=True)
class Fork:
    """`[a, b, …]`: branches that receive the incoming value."""

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
    """A parameter of a block, with its default if any."""

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
    """`WORD arg…`: output, loss, optimizer, include, …, or an unknown word."""

    word: Word
    args: tuple[Arg, ...]
    span: Span


Statement = Chain | Let | Block | Fn | Directive


@record(frozen=True, slots=True)
class File:
    """All statements of one source, in order; broken ones are reported and left out.

    `unread` are the words of unreadable text, `lost` the names that it may define."""

    statements: tuple[Statement, ...]
    broken: bool
    span: Span
    unread: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
