"""One planted mistake: the arrays that a user would give, and the doctor's answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from nnc.doctor.diagnose import diagnose
from nnc.doctor.diagnosis import Diagnosis
from nnc.doctor.reference import Reference
from nnc.source import Source

from ..unit.planted import Arrays


@dataclass(frozen=True)
class Case:
    """A mistake in a program: `arrays` are computed when they are wanted."""

    slug: str
    label: str
    text: str
    arrays: Callable[[], Arrays]
    words: Callable[[], Mapping[str, Any]] = field(default=dict)

    @property
    def id(self) -> str:
        return f"{self.slug}-{self.label}".replace(" ", "-")

    def diagnosed(self) -> Diagnosis:
        return diagnose(reference(self.text), self.arrays(), **self.words())


@cache
def reference(text: str) -> Reference:
    return Reference.of(Source("spec.nn", text))


def slugs(found: Diagnosis) -> list[tuple[str, ...]]:
    """What is named, best first."""
    return [finding.slugs for finding in found.findings]
