"""The results of a sweep so far, and which runs can still become the best one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..diagnostics.suggest import closest
from .errors import SweepError
from .folder import Folder
from .outcome import Outcome
from .points import Task
from .ranking import JUDGE, Row, names_of, rank_of, ranked


@dataclass(slots=True)
class Progress:
    """Collects the results; a point with all its seeds is compared with the best one.

    `leading` is the training of the best point with the best score; its run is kept, those of
    other points are removed."""

    folder: Folder
    by: str
    tasks: Sequence[Task]
    found: dict[str, Outcome] = field(default_factory=dict)
    leading: Task | None = None
    _rank: tuple[object, ...] = ()
    _points: dict[tuple[tuple[str, str], ...], list[Task]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for task in self.tasks:
            self._points.setdefault(task.point, []).append(task)

    def add(self, task: Task, outcome: Outcome) -> None:
        """Record a result; raises SweepError if it has no score to order by."""
        if outcome.is_finished:
            _check_score(self.by, names_of([outcome]))
        self.found[task.name] = outcome
        tasks = self._points[task.point]
        if all(other.name in self.found for other in tasks):
            self._compare(tasks)

    def _compare(self, tasks: Sequence[Task]) -> None:
        """Compare a point with the best one, and remove the runs of the worse one."""
        row = Row(tasks[0].settings, tuple(self.found[task.name] for task in tasks))
        best = row.best(self.by)
        rank = (*rank_of(row, self.by), list(self._points).index(tasks[0].point))
        lost = [task.name for task in tasks if self.found[task.name] is not best]
        if best is not None and (self.leading is None or rank < self._rank):
            lost += [self.leading.name] if self.leading else []
            self.leading = next(task for task in tasks if self.found[task.name] is best)
            self._rank = rank
        elif best is not None:
            lost = [task.name for task in tasks]
        self.folder.drop(lost)

    def rows(self) -> list[Row]:
        """Return the points so far, the best first."""
        return ranked((self.found[t.name] for t in self.tasks if t.name in self.found), self.by)


def _check_score(by: str, names: Sequence[str]) -> None:
    if by not in names:
        near = closest(by, names, loose=True)
        raise SweepError(
            f"there is no {JUDGE} {by!r}; there are {', '.join(names)}"
            + (f"; did you mean {near}?" if near else "")
        )
