"""The results of an epoch, and their text: one line, a table row, or a few lines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Epoch:
    """The results of one epoch.

    `loss` is the mean over its rows, each batch's loss taken before its step. `train`, `validation`
    and `test` are measured after the epoch: `loss` (with the regularizer), then the metrics;
    validation and test are empty without such a set. `best` says that no epoch before had a lower
    loss on the validation set (or, where training stops early without one, on the training set);
    `rate` is the learning rate."""

    number: int
    loss: float
    train: Scores
    test: Scores
    seconds: float
    validation: Scores = field(default_factory=dict)
    step: int = 0
    rate: float | None = None
    best: bool = False

    def __str__(self) -> str:
        parts = [_lead(self)]
        for name, scores in _sets(self):
            parts.append(name + "".join(f"  {_score(k, v)}" for k, v in scores.items()))
        return "   ".join(parts)


class EpochText:
    """Formats epochs as lines of text of limited width.

    An epoch is one line where that fits; otherwise a table row, whose header comes with the first
    epoch; where that is too wide as well, the scores of each set take several lines."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.form = ""

    def of(self, epoch: Epoch) -> str:
        """Return the text of the next epoch, without a trailing newline."""
        first = not self.form
        if first:
            self.form = self._fitting(epoch)
        if self.form == "line":
            return str(epoch)
        if self.form == "table":
            return "\n".join([_head(epoch)] * first + _rows(epoch))
        return _wrapped(epoch, self.width)

    def _fitting(self, epoch: Epoch) -> str:
        if len(str(epoch)) + _ROOM <= self.width:
            return "line"
        return "table" if len(_head(epoch)) <= self.width else "wrapped"


_ROOM = 2
"""Columns by which a line may still grow, for scores such as 100.00 %."""

_NARROW = ("precision", "recall", "f1")
"""Scores from 0 to 1, which are never longer than 0.1234."""


def _head(epoch: Epoch) -> str:
    names = "".join(f"  {name:>{_width(name)}}" for name in epoch.train)
    return f"{'epoch':>5} {'seconds':>8} {'':5}{names}"


def _rows(epoch: Epoch) -> list[str]:
    rows, lead = [], f"{epoch.number:>5} {epoch.seconds:>8.3f}"
    for name, scores in _sets(epoch):
        rows.append(f"{lead} {name:>5}" + "".join(_cell(k, scores) for k in epoch.train))
        lead = " " * len(lead)
    return rows


def _cell(name: str, scores: Scores) -> str:
    return f"  {score_text(name, scores.get(name, math.nan)):>{_width(name)}}"


def _width(name: str) -> int:
    return max(len(name), 6 if name in _NARROW else 8)


def _wrapped(epoch: Epoch, width: int) -> str:
    lines, lead = [], _lead(epoch)
    for name, scores in _sets(epoch):
        line = f"{lead}   {name:5}"
        lead = " " * len(lead)
        for key, value in scores.items():
            score = f"  {_score(key, value)}"
            if len(line) + len(score) > width and line.strip():
                lines.append(line)
                line = " " * (len(lead) + 8)
            line += score
        lines.append(line)
    return "\n".join(lines)


def _sets(epoch: Epoch) -> list[tuple[str, Scores]]:
    """Return the sets that were measured, with their names."""
    named = (("train", epoch.train), ("valid", epoch.validation), ("test", epoch.test))
    return [(name, scores) for name, scores in named if scores]


def _lead(epoch: Epoch) -> str:
    return f"epoch {epoch.number:>3}   {epoch.seconds:7.3f} s"


def _score(name: str, value: float) -> str:
    return f"{name} {score_text(name, value)}"


def score_text(name: str, value: float) -> str:
    """Format a score; `-` where it could not be computed."""
    if math.isnan(value) and name != "loss":
        return "-"
    return f"{100 * value:.2f} %" if name.startswith(("accuracy", "top_k")) else f"{value:#.4g}"
