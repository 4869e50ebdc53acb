"""The history in a run's log.jsonl: loss and metrics of each data set for every epoch."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SETS = {"train": "training", "validation": "validation", "test": "test"}
"""The names of the data sets in the log, and in words."""

LOSS = "loss"


@dataclass(frozen=True, slots=True)
class Entry:
    """One epoch: its number, scores by set and name (None if not a number), rate, seconds."""

    epoch: int
    scores: Mapping[str, Mapping[str, float | None]]
    rate: float | None
    seconds: float | None
    best: bool


@dataclass(slots=True)
class History:
    """All epochs in order, and the reason why the training ended (empty if it has not)."""

    entries: list[Entry] = field(default_factory=list)
    ended: str = ""

    def scores(self) -> list[str]:
        """The names of the scores, the loss first."""
        names = [name for e in self.entries for scores in e.scores.values() for name in scores]
        return [name for name in dict.fromkeys([LOSS, *names]) if name in names]

    def series(self, set: str, score: str) -> list[tuple[float, float]]:
        """Return the epochs in which a score of a set was a number, with that number."""
        found = []
        for entry in self.entries:
            value = entry.scores.get(set, {}).get(score)
            if value is not None:
                found.append((float(entry.epoch), value))
        return found

    @property
    def best(self) -> Entry | None:
        """The epoch whose weights were kept as the best, if any."""
        return next((entry for entry in reversed(self.entries) if entry.best), None)


def read_history(text: str) -> History:
    """Return the history in the text of a log; damaged lines and other events are skipped.

    A resumed training may report an epoch again; its last report counts."""
    history, entries = History(), {}
    for line in text.splitlines():
        event = _event(line)
        if event.get("event") == "epoch" and isinstance(event.get("epoch"), int):
            entries[event["epoch"]] = _entry(event)
        elif event.get("event") == "end":
            history.ended = str(event.get("reason", ""))
        elif event.get("event") == "resume":
            history.ended = ""
    history.entries = [entries[number] for number in sorted(entries)]
    return history


def _event(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _entry(event: Mapping[str, Any]) -> Entry:
    parts = {"train": event, "validation": event.get("validation"), "test": event.get("test")}
    return Entry(
        event["epoch"],
        {name: _scores(part) for name, part in parts.items() if isinstance(part, dict)},
        _number(event.get("lr")),
        _number(event.get("seconds")),
        event.get("best") is True,
    )


def _scores(part: Mapping[str, Any]) -> dict[str, float | None]:
    metrics = part.get("metrics")
    scores = {LOSS: _number(part.get(LOSS))} if LOSS in part else {}
    if isinstance(metrics, dict):
        scores |= {str(name): _number(value) for name, value in metrics.items()}
    return scores


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
