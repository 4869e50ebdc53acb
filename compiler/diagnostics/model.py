"""One frozen value per finding; text, JSON and the editor formats are views of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from ..record import record
from ..source import Span


class Severity(Enum):
    """How much a finding matters; only errors stop `nnc compile`."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@record(frozen=True, slots=True)
class Label:
    """A secondary place and what it has to do with the finding."""

    span: Span
    text: str


@record(frozen=True, slots=True)
class Edit:
    """Replace the characters of a span."""

    span: Span
    replacement: str


@record(frozen=True, slots=True)
class Fix:
    """A change that repairs the finding; a safe one never changes what a valid spec means."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


@record(frozen=True, slots=True)
class Code:
    """An entry of the registry: a stable number and name, and how severe its findings are."""

    id: str
    name: str
    severity: Severity
    title: str

    def at(
        self,
        span: Span,
        message: str,
        *,
        here: str = "",
        labels: Iterable[Label] = (),
        notes: Iterable[str] = (),
        shapes: str = "",
        help: str = "",
        fixes: Iterable[Fix] = (),
    ) -> Diagnostic:
        """A finding of this kind at a place.

        `message` is one lower-case line that states the fault. `here` is written after the
        carets under `span`. `shapes` is the chain of shapes up to the fault, `help` one
        computed piece of advice.
        """
        return Diagnostic(
            self, span, message, here, tuple(labels), tuple(notes), shapes, help, tuple(fixes)
        )


@record(frozen=True, slots=True)
class Diagnostic:
    """One finding, complete: see `Code.at` for what the parts mean."""

    code: Code
    span: Span
    message: str
    here: str = ""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    shapes: str = ""
    help: str = ""
    fixes: tuple[Fix, ...] = ()

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return self.code.severity

    def __str__(self) -> str:
        from .render import render_text

        return render_text(self).rstrip("\n")


MAX_ERRORS = 100
"""After so many errors a file is hardly a spec, and the rest of it is not judged."""


class TooManyErrors(Exception):
    """Ends all work on a spec; all that is to be said of it is in the report."""


@dataclass(slots=True)
class Report:
    """Collects the findings of one run; each stage adds, the driver decides whether to go on."""

    found: list[Diagnostic] = field(default_factory=list)
    _said: set[tuple[Code, Span, str]] = field(default_factory=set, repr=False)
    _errors: int = field(default=0, repr=False)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a finding; saying the same thing of the same place twice is saying it once.

        Raises TooManyErrors for an error there is no room for.
        """
        said = (diagnostic.code, diagnostic.span, diagnostic.message)
        if said in self._said:
            return
        self._said.add(said)
        if diagnostic.severity is Severity.ERROR:
            if self._errors == MAX_ERRORS:
                raise TooManyErrors
            self._errors += 1
        self.found.append(diagnostic)

    @property
    def has_errors(self) -> bool:
        """Whether anything found so far stops compilation."""
        return any(d.severity is Severity.ERROR for d in self.found)

    def __iter__(self) -> Iterator[Diagnostic]:
        """The findings in order of position (file as first met, then offset, then code)."""
        files = {
            source: i for i, source in enumerate(dict.fromkeys(d.span.source for d in self.found))
        }
        return iter(
            sorted(self.found, key=lambda d: (files[d.span.source], d.span.start, d.code.id))
        )

    def __len__(self) -> int:
        return len(self.found)


class SpecError(Exception):
    """Raised by the library's entry points when a spec has errors; carries the report."""

    def __init__(self, report: Report) -> None:
        first = next((d for d in report if d.severity is Severity.ERROR), None)
        super().__init__(f"{first.code.id}: {first.message}" if first else "the spec has errors")
        self.report = report
