"""Places where a fault can be planted, and which of them a run takes."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SHARES = {
    "compiler/shapes": 3,
    "compiler/ops": 4,
    "compiler/passes": 3,
    "compiler/program": 3,
    "templates/numpy": 5,
}
"""What is mutated, and in what proportion the mutants of a run are shared out.

`templates/numba` is left out: the plain tests do not run that target.
"""

SPEED_ONLY = {"compiler/costs/convolution.py"}
"""Files that decide what is faster and never what is computed: benchmarks judge them."""


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """One fault: the characters start..end of a file read `new` instead of `old`."""

    path: str
    start: int
    end: int
    old: str
    new: str
    kind: str
    line: int

    @property
    def folder(self) -> str:
        """The entry of SHARES that it counts for."""
        return str(Path(self.path).parent)

    def apply(self, text: str) -> str:
        """The text of the file with the fault in it."""
        assert text[self.start : self.end] == self.old, f"{self.path} changed during the run"
        return text[: self.start] + self.new + text[self.end :]

    def __str__(self) -> str:
        old, new = (" ".join(t.split())[:60] for t in (self.old, self.new))
        return f"{self.path}:{self.line}: {self.kind}: `{old}` -> `{new}`"


def all_mutants(root: Path = ROOT) -> list[Mutant]:
    """Every fault that can be planted in the folders of SHARES, in a fixed order."""
    from .python_faults import python_mutants
    from .template_faults import template_mutants

    found: list[Mutant] = []
    for folder in SHARES:
        for path in sorted((root / folder).iterdir()):
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            name = path.relative_to(root).as_posix()
            if name in SPEED_ONLY:
                continue
            if path.suffix == ".py":
                found += python_mutants(name, text)
            elif path.suffix == ".jinja":
                found += template_mutants(name, text)
    return sorted(set(found))


def draw(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """So many of them, shared out over the folders; a folder's lines are equally likely.

    Drawing lines first keeps a line of many operators from being drawn many times.
    """
    rng = random.Random(seed)
    by_folder: dict[str, dict[tuple[str, int], list[Mutant]]] = defaultdict(dict)
    for mutant in mutants:
        by_folder[mutant.folder].setdefault((mutant.path, mutant.line), []).append(mutant)
    whole = sum(SHARES[folder] for folder in by_folder)
    drawn: list[Mutant] = []
    for folder, lines in sorted(by_folder.items()):
        wanted = min(len(lines), round(count * SHARES[folder] / whole))
        drawn += [rng.choice(lines[key]) for key in rng.sample(sorted(lines), wanted)]
    rng.shuffle(drawn)
    return drawn
