"""One mutant against the tests that reach it, in a tree where only its file differs."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from .reach import PYTEST, Reach
from .sites import ROOT, Mutant
from .worker import TIMED_OUT, Result

PARTS = ("grammar", "templates", "runtime")
"""Packages of nnc that lie beside compiler/ in the repository."""

FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.M)

TESTS_FAILED, INTERRUPTED, INTERNAL = 1, 2, 3
"""pytest's exit codes; an import that a mutant breaks is INTERRUPTED."""


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    HUNG = "hung"
    SURVIVED = "survived"
    UNREACHED = "unreached"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A mutant's fate, the test that saw it, how long that took, and whether tests were left out."""

    mutant: Mutant
    fate: Fate
    test: str = ""
    seconds: float = 0.0
    left_out: int = 0

    @property
    def caught(self) -> bool:
        """Whether the tests noticed."""
        return self.fate in (Fate.KILLED, Fate.HUNG)

    def __str__(self) -> str:
        more = f", {self.left_out} slower test files left out" if self.left_out else ""
        by = f" by {self.test}" if self.test else ""
        return f"{self.fate.value} in {self.seconds:.0f} s{by}{more}: {self.mutant}"


@dataclass(frozen=True, slots=True)
class Case:
    """A mutant with the test files that judge it, and how many were too slow for the budget."""

    mutant: Mutant
    tests: tuple[str, ...]
    left_out: int


def case(mutant: Mutant, reach: Reach, budget: float) -> Case:
    """The mutant with as many of its judges, quickest first, as the budget of seconds allows."""
    judges = reach.judges(mutant)
    chosen: list[str] = []
    spent = 0.0
    for test in judges:
        spent += reach.seconds[test]
        if chosen and spent > budget:
            break
        chosen.append(test)
    return Case(mutant, tuple(chosen), len(judges) - len(chosen))


def run_case(case: Case) -> int:
    """In a process of its own: import nnc with the fault in it and run the tests; their exit code."""
    import pytest

    with mutated_tree(case.mutant) as tree:
        os.environ["PYTHONPATH"] = str(tree)
        sys.path.insert(0, str(tree))
        return int(pytest.main([*PYTEST, "-rfE", *case.tests]))


def verdict(case: Case, result: Result) -> Verdict:
    """What a process's end says about its mutant."""
    if not case.tests:
        return Verdict(case.mutant, Fate.UNREACHED)
    found = FAILED.findall(result.tail)
    fate = Fate.SURVIVED if result.code == 0 else Fate.KILLED
    if result.code == TIMED_OUT:
        fate = Fate.HUNG
    test = found[0] if found and result.code else ""
    return Verdict(case.mutant, fate, test, result.seconds, case.left_out)


@contextmanager
def mutated_tree(mutant: Mutant) -> Iterator[Path]:
    """A folder with the package nnc, of links to the files of this repository but for the mutant's.

    Its folders are real ones, so that a test that searches the package finds every file."""
    with tempfile.TemporaryDirectory() as name:
        nnc = Path(name) / "nnc"
        _link_all(ROOT / "compiler", nnc)
        for part in PARTS:
            _link_all(ROOT / part, nnc / part)
        top, *inner = Path(mutant.path).parts
        place = nnc.joinpath(*inner) if top == "compiler" else nnc.joinpath(top, *inner)
        text = (ROOT / mutant.path).read_text(encoding="utf-8")
        place.unlink()
        place.write_text(mutant.apply(text), encoding="utf-8")
        yield Path(name)


def _link_all(source: Path, place: Path) -> None:
    place.mkdir()
    for entry in source.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            _link_all(entry, place / entry.name)
        elif entry.is_file():
            (place / entry.name).symlink_to(entry)
