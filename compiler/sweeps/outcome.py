"""What came of one training of a sweep: one JSON file for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from nnc.runtime import durable

FINISHED = ("done", "patience")
"""Endings of a training that has a score to compare."""

FAILED = "failed"
DIVERGED = "diverged"

Scores = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a training: how it ended, and the scores of the kept weights by set and name.

    `key` is the task's. `epoch` is the epoch of the kept weights, `epochs` the number of all."""

    key: str
    settings: Mapping[str, str]
    seed: int | None
    ending: str
    message: str = ""
    epoch: int = 0
    epochs: int = 0
    scores: Scores = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def is_finished(self) -> bool:
        """Whether the training came to its end, so that its scores count."""
        return self.ending in FINISHED

    def score(self, where: str, name: str) -> float | None:
        """Return a score of the kept weights; None where there is none."""
        return self.scores.get(where, {}).get(name)

    def write(self, path: Path) -> None:
        """Write the file, at once and as a whole; raises OSError."""
        durable.write_text(path, json.dumps(asdict(self), indent=1, allow_nan=False) + "\n")


def read_outcome(path: Path) -> Outcome | None:
    """Return what `write` wrote; None for a file that is missing or damaged."""
    try:
        found = json.loads(path.read_bytes())
        return Outcome(**found)
    except (OSError, ValueError, TypeError):
        return None
