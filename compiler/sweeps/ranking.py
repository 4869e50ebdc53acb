"""The points of a sweep in order: the best score first, then those that did not finish."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from .outcome import Outcome

LOWER = ("loss", "mae", "rmse")
"""Scores of which the lowest is the best; of all others it is the highest."""

LOSS = "loss"
JUDGE = "validation"
"""The data that a point is judged by."""


@dataclass(frozen=True, slots=True)
class Row:
    """A point: its settings, and the results of all its seeds."""

    settings: Mapping[str, str]
    outcomes: tuple[Outcome, ...]

    @property
    def finished(self) -> tuple[Outcome, ...]:
        """The results that count."""
        return tuple(found for found in self.outcomes if found.is_finished)

    @property
    def is_whole(self) -> bool:
        """Whether the training finished with every seed."""
        return len(self.finished) == len(self.outcomes)

    def mean(self, where: str, name: str) -> float | None:
        """Return the mean score of the finished trainings; None without any."""
        found = self._scores(where, name)
        return mean(found) if found else None

    def spread(self, where: str, name: str) -> float | None:
        """Return the standard deviation; None for fewer than two."""
        found = self._scores(where, name)
        return stdev(found) if len(found) > 1 else None

    def _scores(self, where: str, name: str) -> list[float]:
        found = (outcome.score(where, name) for outcome in self.finished)
        return [score for score in found if score is not None]

    @property
    def fault(self) -> str:
        """Why trainings did not finish; empty if all did."""
        bad = [found for found in self.outcomes if not found.is_finished]
        if not bad:
            return ""
        first = bad[0]
        lead = f"{len(bad)} of {len(self.outcomes)} seeds: " if len(self.outcomes) > 1 else ""
        return f"{lead}{first.ending}: {first.message}"

    def best(self, by: str) -> Outcome | None:
        """Return the finished training with the best score."""
        return min(self.finished, key=lambda o: _rank(o.score(JUDGE, by), by), default=None)


def ranked(outcomes: Iterable[Outcome], by: str) -> list[Row]:
    """Return a row for each point, ordered by the mean of a score on the validation data."""
    points: dict[tuple[tuple[str, str], ...], list[Outcome]] = {}
    for found in outcomes:
        points.setdefault(tuple(found.settings.items()), []).append(found)
    rows = [Row(dict(settings), tuple(found)) for settings, found in points.items()]
    return sorted(rows, key=lambda row: rank_of(row, by))


def rank_of(row: Row, by: str) -> tuple[bool, float, float]:
    """Return the order of a point; of two with equal scores, the lower loss comes first."""
    return not row.is_whole, _rank(row.mean(JUDGE, by), by), _rank(row.mean(JUDGE, LOSS), LOSS)


def _rank(score: float | None, by: str) -> float:
    if score is None:
        return math.inf
    return score if is_lower_better(by) else -score


def is_lower_better(score: str) -> bool:
    """Return whether the lowest value of a score is the best."""
    return score.partition(" ")[0] in LOWER


def names_of(outcomes: Iterable[Outcome], where: str = JUDGE) -> Sequence[str]:
    """Return the names of all scores on a set, the loss first."""
    return list(dict.fromkeys(name for found in outcomes for name in found.scores.get(where, ())))
