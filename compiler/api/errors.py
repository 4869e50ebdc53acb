"""What is wrong with a spec, as Python programs get it: findings, errors and warnings."""

from __future__ import annotations

from collections.abc import Iterable

from ..diagnostics.model import Diagnostic, Severity
from ..diagnostics.render import render_all, render_json


class Findings(tuple[Diagnostic, ...]):
    """All findings of a spec in order of position; as text, what `nnc lint` prints.

    A finding has `code.id` (`NN201`), `severity`, `message`, `help`, `fixes` and `span`, the place
    (`span.line`, `span.column`, `span.text`).
    """

    __slots__ = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Those that keep the spec from being compiled."""
        return tuple(found for found in self if found.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """Those that say what will hardly work as it is meant."""
        return tuple(found for found in self if found.severity is Severity.WARNING)

    def to_json(self) -> str:
        """The array that `nnc lint --format json` prints."""
        return render_json(self)

    def __str__(self) -> str:
        return render_all(self).rstrip("\n") or "no findings"

    __repr__ = __str__


class CompileError(ValueError):
    """A spec cannot be compiled. The message is what `nnc lint` prints.

    `diagnostics` has the findings; it is empty where the fault has no place in the spec.
    """

    def __init__(self, message: str, diagnostics: Iterable[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.diagnostics = Findings(diagnostics)

    @classmethod
    def of(cls, found: Iterable[Diagnostic]) -> CompileError:
        """The error whose message is the findings."""
        findings = Findings(found)
        return cls(str(findings), findings)


class SpecImportError(CompileError, ImportError):
    """A `.nn` file was found for an import, but cannot be compiled."""


class SpecWarning(UserWarning):
    """A spec compiles, but will hardly work as it is meant; the message is what `nnc lint` prints."""


for _shown in (Findings, CompileError, SpecImportError, SpecWarning):
    _shown.__module__ = "nnc"
