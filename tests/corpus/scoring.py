"""Reads the expectations at the end of a bad spec and compares a run's findings with them.

#~ 4 NN101              a finding NN101 whose primary span begins on line 4
#~ 4 NN101 -> dense     the same, and its first suggestion is `dense`
#~ 4:10 NN101|NN102     begins at column 10; either code is right
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from nnc.diagnostics.model import Diagnostic
from nnc.driver import check
from nnc.source import Source

FOLDER = Path(__file__).parent
EXPECTATION = re.compile(r"#~ (\d+)(?::(\d+))? (\S+)(?: -> (\S+))?\s*")


@dataclass(frozen=True)
class Expected:
    """One planted fault: where it is, the codes that are right, the suggestion if it is a typo."""

    line: int
    column: int | None
    codes: tuple[str, ...]
    word: str | None

    def is_met_by(self, found: Diagnostic) -> bool:
        """Whether a finding has the right code at the right place."""
        code = any(re.fullmatch(c.replace("?", "."), found.code.id) for c in self.codes)
        column = self.column is None or self.column == found.span.column
        return code and found.span.line == self.line and column


@dataclass(frozen=True)
class Score:
    """One spec's outcome."""

    name: str
    met: tuple[Expected, ...]
    missed: tuple[Expected, ...]
    spurious: tuple[Diagnostic, ...]
    typos: tuple[tuple[Expected, str], ...]

    def report(self) -> str:
        """What went wrong, a line each."""
        lines = [
            f"{self.name}: missed {e.line}:{e.column or ''} {'|'.join(e.codes)}"
            for e in self.missed
        ]
        lines += [
            f"{self.name}: spurious {d.span.line}:{d.span.column} {d.code.id} {d.message}"
            for d in self.spurious
        ]
        lines += [
            f"{self.name}: line {e.line} suggests {got!r} instead of {e.word!r}"
            for e, got in self.typos
            if got != e.word
        ]
        return "\n".join(lines)


def expectations(text: str) -> list[Expected]:
    """The planted faults that a spec's last lines name."""
    found = []
    for line in text.splitlines():
        if line.startswith("#~"):
            match = EXPECTATION.fullmatch(line)
            assert match, f"not an expectation: {line}"
            row, column, codes, word = match.groups()
            found.append(
                Expected(int(row), int(column) if column else None, tuple(codes.split("|")), word)
            )
    return found


def first_suggestion(found: Diagnostic) -> str:
    """The word that a finding proposes first."""
    for fix in found.fixes:
        if fix.edits:
            return fix.edits[0].replacement.strip()
    text = " ".join([found.message, found.here, found.help])
    match = re.search(r"(?:did you mean|that is written) `(\w+)", text)
    return match[1] if match else ""


def score(path: Path) -> Score:
    """Lint a spec of the corpus and compare."""
    return score_text(path.name, path.read_text("utf-8"))


def score_text(name: str, text: str) -> Score:
    """Lint a spec with its expectations and compare."""
    spec = "".join(line for line in text.splitlines(True) if not line.startswith("#~"))
    left = list(check(Source(name, spec)).report.found)
    met, missed, typos = [], [], []
    for expected in expectations(text):
        found = next((d for d in left if expected.is_met_by(d)), None)
        if found is None:
            missed.append(expected)
            continue
        left.remove(found)
        met.append(expected)
        if expected.word:
            typos.append((expected, first_suggestion(found)))
    return Score(name, tuple(met), tuple(missed), tuple(left), tuple(typos))
