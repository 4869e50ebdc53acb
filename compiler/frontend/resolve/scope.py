"""Scopes of names, and the reporting of faults in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Code, Label, Report
from ...record import record
from ...source import Source, Span
from .. import ast
from ..elsewhere import Sort
from .hints import hint, said
from .values import Const
from .vocabulary import Kinds

if TYPE_CHECKING:
    from ...ir.formula import Formula


class Fault(Exception):
    """Ends the processing of one stage or statement; the error has been reported already."""


class TooLarge(Exception):
    """Ends all processing of a spec; the exceeded limit has been reported."""


@dataclass(slots=True)
class SpecState:
    """The lets, blocks and formulas of a file and its includes, and the report for their errors.

    `broken`: some text could not be parsed; `unread` are its words, whose meaning is
    unknown. `incomplete`: an included file is missing, with all that it defines.
    `poisoned` are names with a faulty definition, `blamed` the parameters (with their calls) whose
    value was found wrong: their use is no second fault. `refused` are definitions with a refused
    name; their content is still checked. `formulas` are the resolved formulas, `resolving` those
    being resolved, outermost first. `unknown` are the spans of unknown words, which every copy of a
    block repeats. `used` are the lets and blocks with references, `expanded` the blocks whose
    stages have been checked. `sizes` are the symbolic sizes of inputs, each with a ragged input whose
    rows have lengths along it, if there is one."""

    report: Report
    main: ast.File
    kinds: Kinds
    broken: bool = False
    incomplete: bool = False
    named: dict[str, ast.Word] | None = None
    unread: set[str] = field(default_factory=set)
    lets: dict[str, ast.Let] = field(default_factory=dict)
    blocks: dict[str, ast.Block] = field(default_factory=dict)
    fns: dict[str, ast.Fn] = field(default_factory=dict)
    formulas: dict[str, Formula | None] = field(default_factory=dict)
    resolving: dict[str, ast.Fn] = field(default_factory=dict)
    poisoned: set[str] = field(default_factory=set)
    refused: list[ast.Let | ast.Block | ast.Fn] = field(default_factory=list)
    unknown: set[Span] = field(default_factory=set)
    blamed: set[tuple[str, tuple[Span, ...]]] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    expanded: set[str] = field(default_factory=set)
    sizes: dict[str, int | None] = field(default_factory=dict)
    values: dict[str, Const | None] = field(default_factory=dict)
    evaluating: dict[str, ast.Let] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        """The file that is being compiled."""
        return self.main.span.source

    def unsure(self, word: str) -> bool:
        """Return whether an unknown word may be defined in unreadable text."""
        return self.incomplete or word in self.unread

    def perhaps_lost(self, word: str, certain: bool) -> bool:
        """Return whether an unknown word may be a definition that could not be read.

        `certain`: another word is similar; then only a definition that was begun counts."""
        return word in self.poisoned or (not certain and self.unsure(word))

    def defined(self, name: str) -> Span | None:
        """Return the span of the let, block or formula of that name."""
        definition = self.lets.get(name) or self.blocks.get(name) or self.fns.get(name)
        return definition.name.span if definition else None


@dataclass(slots=True)
class Naming:
    """Assigns full names to the stages of one instance: `enc.dense1`."""

    prefix: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, kind: str, separator: str = "") -> str:
        """Return the next name for an unnamed stage of that kind."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{self.prefix}{kind}{separator}{self.counts[kind]}"


@record(frozen=True, slots=True)
class End:
    """One value at the end of an arrow; a layer of None marks an earlier fault."""

    layer: int | None
    name: str | None
    span: Span


@record(frozen=True, slots=True)
class Flow:
    """The content of an arrow: one value, or after a fork the ends of its branches."""

    ends: tuple[End, ...]
    forked: bool = False

    @property
    def poisoned(self) -> bool:
        """Whether there was an earlier fault."""
        return any(end.layer is None for end in self.ends)

    @property
    def end(self) -> End:
        """The value of a flow that is not forked."""
        return self.ends[0]


@record(frozen=True, slots=True)
class Bound:
    """The value that `as NAME` names, and for `use` and `tie` how it was made.

    Layers from `start` on were made by `stage`, fed with `entry`, in the scope of `env`. `kind` and
    `owner` (the prefix of its parameters) are set for a single layer only."""

    end: End
    span: Span
    stage: ast.AnyStage
    env: Env
    start: int
    entry: Flow | None
    kind: str = ""
    owner: str = ""


@dataclass(slots=True)
class Scope:
    """The stage names of a file, a block instance, or a named or repeated group.

    In a copy of an unnamed repeat (`counted`) names are private, but layers continue the numbering
    of the surrounding instance, as `a.1`, `a.2`."""

    naming: Naming
    parent: Scope | None = None
    counted: bool = False
    stages: dict[str, Bound] = field(default_factory=dict)

    def find(self, name: str) -> Bound | None:
        """Return the stage of that name in this or a surrounding scope."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.stages:
                return scope.stages[name]
            scope = scope.parent
        return None

    def full(self, name: str) -> str:
        """Return the full name of a stage in this scope."""
        return self.naming.count(name, ".") if self.counted else self.naming.prefix + name

    def names(self) -> Iterator[str]:
        """Yield every stage name that is visible from here."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.stages
            scope = scope.parent


@dataclass(frozen=True, slots=True, eq=False)
class Env:
    """The environment of a stage or value, and the block calls that led to it.

    `frozen`: a surrounding group or block is frozen, unless a stage overrides it."""

    state: SpecState
    scope: Scope
    params: Mapping[str, Const | None] = field(default_factory=dict)
    calls: tuple[Span, ...] = ()
    active: tuple[str, ...] = ()
    frozen: bool = False

    def fault(
        self, code: Code, span: Span, message: str, *, labels: Iterable[Label] = (), **parts: Any
    ) -> Fault:
        """Report a finding with the calls that led here, and return the exception to raise."""
        calls = self.calls if len(self.calls) <= 4 else (*self.calls[:2], *self.calls[-2:])
        around = (Label(call, "expanded by this call") for call in reversed(calls))
        self.state.report.add(code.at(span, message, labels=(*labels, *around), **parts))
        return Fault()

    def unknown(
        self,
        word: ast.Word | ast.DimName,
        what: str,
        candidates: Iterable[str],
        otherwise: str = "",
        sort: Sort = Sort.OWN,
    ) -> Fault:
        """Return the fault of an unknown word; silent if unreadable text may define it.

        A missing definition is one fault, however often it is used. `otherwise` is the advice if no
        candidate is similar, `sort` what the word is looked up as in other libraries."""
        meant = hint(
            word.id, sort, candidates, self.state.kinds.others if sort is Sort.KIND else {}
        )
        state = self.state
        if state.perhaps_lost(word.id, certain=meant is not None):
            return Fault()
        if meant is None:
            state.poisoned.add(word.id)
        return self.fault(
            codes.UNKNOWN_NAME,
            word.span,
            f"`{word.id}` is not {what}",
            **said(meant, word.span, otherwise),
        )

    def within(self, scope: Scope) -> Env:
        """Return a copy in another scope; made for every copy of a block, as `replace` is slow."""
        return (
            self
            if scope is self.scope
            else Env(self.state, scope, self.params, self.calls, self.active, self.frozen)
        )

    def constants(self) -> list[str]:
        """Names of all lets and parameters."""
        return [*self.params, *self.state.lets]
