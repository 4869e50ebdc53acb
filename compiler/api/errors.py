"""Findings of a spec in Python programs, with the errors and warnings that carry them."""

from __future__ import annotations

from collections.abc import Iterable

from ..diagnostics.model import Diagnostic, Severity
from ..diagnostics.render import render_all, render_json


class Findings(tuple[Diagnostic, ...]):
    """All findings of a spec in order of position; `str` gives the output of `nnc lint`.

    A finding has `code.id` (`NN201`), `severity`, `message`, `help`, `fixes` and `span`, its
    position (`span.line`, `span.column`, `span.text`)."""

    __slots__ = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that prevent compilation."""
        return tuple(found for found in self if found.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The findings about specs that compile but will probably not work as intended."""
        return tuple(found for found in self if found.severity is Severity.WARNING)

    def to_json(self) -> str:
        """Return the JSON array that `nnc lint --format json` prints."""
        return render_json(self)

    def __str__(self) -> str:
        return render_all(self).rstrip("\n") or "no findings"

    __repr__ = __str__


class CompileError(ValueError):
    """A spec cannot be compiled. The message is the output of `nnc lint`.

    `diagnostics` has the findings; it is empty if the fault has no position in the spec."""

    def __init__(self, message: str, diagnostics: Iterable[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.diagnostics = Findings(diagnostics)

    @classmethod
    def of(cls, found: Iterable[Diagnostic]) -> CompileError:
        """Return the error whose message is these findings."""
        findings = Findings(found)
        return cls(str(findings), findings)


class SpecImportError(CompileError, ImportError):
    """A `.nn` file was found for an import, but cannot be compiled."""


class SpecWarning(UserWarning):
    """A spec compiles, but will probably not work as intended; the message is `nnc lint`'s."""


for _shown in (Findings, CompileError, SpecImportError, SpecWarning):
    _shown.__module__ = "nnc"
