"""What an epoch came to, and how it is told: in a line, a table, or a few lines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch came to.

    `loss` is the mean over its rows, each batch's before its step. `train` and `test` are measured
    after the epoch: `loss` (with the regularizer), then the metrics; test and validation are empty
    without such a set. `best` says that no epoch before had a lower loss on the validation set (or,
    where training stops early without one, on the training set); `rate` is the learning rate.
    """

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
    """Epochs as lines of text of at most so many columns.

    An epoch is one line where that fits, else the rows of a table, whose head comes with the
    first epoch; where that is too wide, too, the scores of each set go over several lines.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.form = ""

    def of(self, epoch: Epoch) -> str:
        """The text of the next epoch, without a newline at its end."""
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
"""What a line may still grow, for scores such as 100.00 %."""

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
    """The sets that were measured, with their names."""
    named = (("train", epoch.train), ("valid", epoch.validation), ("test", epoch.test))
    return [(name, scores) for name, scores in named if scores]


def _lead(epoch: Epoch) -> str:
    return f"epoch {epoch.number:>3}   {epoch.seconds:7.3f} s"


def _score(name: str, value: float) -> str:
    return f"{name} {score_text(name, value)}"


def score_text(name: str, value: float) -> str:
    """A score as it is shown; `-` where it could not be computed."""
    if math.isnan(value) and name != "loss":
        return "-"
    return f"{100 * value:.2f} %" if name.startswith(("accuracy", "top_k")) else f"{value:#.4g}"
