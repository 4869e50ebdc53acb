"""Which names are known where, and how faults there are reported."""

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
    """Ends the work on one stage or statement; what went wrong has been reported already."""


class TooLarge(Exception):
    """Ends all work on a spec; the limit it exceeds has been reported."""


@dataclass(slots=True)
class SpecState:
    """The lets, blocks and formulas of a file and all it includes, and their report.

    `broken` tells that some text could not be read: `unread` are its words, whose meaning nobody
    knows. `incomplete` tells that an included file is missing, with whatever it defines.
    `poisoned` are names whose definition was faulty, `blamed` the parameters (with their calls)
    whose value was found wrong: using one is no second fault. `refused` are definitions whose name
    cannot be had; what they say is judged all the same.
    `formulas` are those that have been resolved, `resolving` those at work, one within the other.
    `unknown` are the places of unknown words, met again in every copy of a block. `used` are the
    lets and blocks that something refers to, `expanded` the blocks whose stages have been judged.
    """

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
    values: dict[str, Const | None] = field(default_factory=dict)
    evaluating: dict[str, ast.Let] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        """The file that is being compiled."""
        return self.main.span.source

    def unsure(self, word: str) -> bool:
        """Whether an unknown word may mean something in text that nobody could read."""
        return self.incomplete or word in self.unread

    def defined(self, name: str) -> Span | None:
        """Where a let, block or formula of that name is defined."""
        definition = self.lets.get(name) or self.blocks.get(name) or self.fns.get(name)
        return definition.name.span if definition else None


@dataclass(slots=True)
class Naming:
    """Gives the stages of one instance their full names: `enc.dense1`."""

    prefix: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, kind: str, separator: str = "") -> str:
        """The next name for an unnamed stage of that kind."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{self.prefix}{kind}{separator}{self.counts[kind]}"


@record(frozen=True, slots=True)
class End:
    """One value at the end of an arrow; a layer of None marks that a fault was met before."""

    layer: int | None
    name: str | None
    span: Span


@record(frozen=True, slots=True)
class Flow:
    """What runs along an arrow: one value, or after a fork the ends of its branches."""

    ends: tuple[End, ...]
    forked: bool = False

    @property
    def poisoned(self) -> bool:
        """Whether a fault was met on the way here."""
        return any(end.layer is None for end in self.ends)

    @property
    def end(self) -> End:
        """The value of a flow that is not forked."""
        return self.ends[0]


@record(frozen=True, slots=True)
class Bound:
    """What `as NAME` bound: the value, and for `use` and `tie` how it was made.

    Layers from `start` on were made by `stage`, fed with `entry`, seen from `env`. `kind` and
    `owner` (the prefix of its parameters) are set for a single layer only.
    """

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

    In a copy of an unnamed repeat (`counted`) names are private, but layers are counted on in
    the instance around it, as `a.1`, `a.2`.
    """

    naming: Naming
    parent: Scope | None = None
    counted: bool = False
    stages: dict[str, Bound] = field(default_factory=dict)

    def find(self, name: str) -> Bound | None:
        """The stage of that name here or around."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.stages:
                return scope.stages[name]
            scope = scope.parent
        return None

    def full(self, name: str) -> str:
        """The full name of a stage that is named here."""
        return self.naming.count(name, ".") if self.counted else self.naming.prefix + name

    def names(self) -> Iterator[str]:
        """Every stage name that can be seen from here."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.stages
            scope = scope.parent


@dataclass(frozen=True, slots=True, eq=False)
class Env:
    """Everything a stage or value can refer to, and the block calls it is expanded from.

    `frozen` says that a group or block around it is, unless a stage says otherwise.
    """

    state: SpecState
    scope: Scope
    params: Mapping[str, Const | None] = field(default_factory=dict)
    calls: tuple[Span, ...] = ()
    active: tuple[str, ...] = ()
    frozen: bool = False

    def fault(
        self, code: Code, span: Span, message: str, *, labels: Iterable[Label] = (), **parts: Any
    ) -> Fault:
        """Report a finding, with the calls that led here, and give the exception to raise."""
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
        """The fault of a word that means nothing; silent where unread text may tell.

        A definition that is missing is one fault, however often it is used. `otherwise` is the
        advice where no candidate is near, `sort` what the word is looked up as in other libraries.
        """
        meant = hint(
            word.id, sort, candidates, self.state.kinds.others if sort is Sort.KIND else {}
        )
        state = self.state
        if word.id in state.poisoned or (meant is None and state.unsure(word.id)):
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
        """The same in another scope; made for every copy of a block, where `replace` is slow."""
        return (
            self
            if scope is self.scope
            else Env(self.state, scope, self.params, self.calls, self.active, self.frozen)
        )

    def constants(self) -> list[str]:
        """Names of all lets and parameters."""
        return [*self.params, *self.state.lets]
