"""A starting spec for a table: it can be trained as it is, with the reason for each choice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..diagnostics.model import Report
from ..format.formatter import format_source
from ..source import Source

if TYPE_CHECKING:
    from nnc.runtime.tables.survey import Answer, Feature, Survey

LISTED = 64
"""Most columns that get a separate mean and deviation; more of them share one."""


class NoSpec(ValueError):
    """There is no network for these targets; the message gives the reason."""


def starting_spec(name: str, seen: Survey) -> str:
    """Return a formatted spec of this name for a table that was surveyed; raises NoSpec."""
    rows, columns, targets = seen.rows, seen.features, seen.answers
    batch = 16 if rows < 1000 else 32 if rows < 10_000 else 128
    lines = [
        f"# Learns {_listing([t.name for t in targets])} from {_listing([c.name for c in columns])}:",
        f"# a start for {rows} rows. Change one thing at a time, and compare on rows held out.",
        f"input {seen.width}  # {_of_input(columns)}",
        *_normalize(columns),
        *_hidden(rows),
        *_end(targets),
        *_penalty(rows, targets),
        "optimizer adam lr=5e-3  # adapts the step of each weight, so this rate suits most networks",
        f"train batch={batch} epochs={_epochs(rows, batch)}  # about two thousand steps or more",
    ]
    text = format_source(Source(name, "\n".join(lines) + "\n"), Report())
    assert text is not None, lines
    return text


def _of_input(columns: Sequence[Feature]) -> str:
    words = [column for column in columns if column.words]
    numbers = len(columns) - len(words)
    parts = [f"{numbers} of numbers"] if numbers else []
    parts += [f"`{_shown(column.name)}` {column.words} words" for column in words[:4]]
    more = f", {len(words) - 4} more of words" if len(words) > 4 else ""
    return f"columns: {', '.join(parts)}{more}"


def _normalize(columns: Sequence[Feature]) -> list[str]:
    """Scale numbers to mean 0 and deviation 1; one-hot columns of words are unchanged."""
    if all(column.words for column in columns):
        return []
    if len(columns) > LISTED and not any(column.words for column in columns):
        mean = sum(c.mean for c in columns) / len(columns)
        spread = sum(c.std**2 + (c.mean - mean) ** 2 for c in columns) / len(columns)
        std = math.sqrt(spread)
        return [f"-> normalize mean={rounded(mean, std)} std={rounded(std, std)}  # of all columns"]
    means, stds = [], []
    for column in columns:
        std = column.std
        means += ["0" if column.words else rounded(column.mean, std)] * column.width
        stds += ["1" if column.words else rounded(std, std)] * column.width
    why = "to mean 0 and deviation 1, as weights expect"
    why += "; words stay 0 and 1" if any(column.words for column in columns) else ""
    return [f"-> normalize mean=[{', '.join(means)}] std=[{', '.join(stds)}]  # {why}"]


def rounded(value: float, std: float) -> str:
    """Round a number to the digits that resolve a hundredth of a standard deviation."""
    digits = 2 - math.floor(math.log10(std))
    shown = f"{round(value, digits):.{max(0, min(digits, 12))}f}"
    if digits > 12 or len(shown) > 17:
        return f"{value:.3g}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _hidden(rows: int) -> list[str]:
    units = 16 if rows < 1000 else 32 if rows < 10_000 else 64
    lines = [f"-> dense {units} relu  # few rows need few units: more would learn them by heart"]
    if rows >= 1000:
        lines[0] = (
            f"-> dense {units} relu  # more units for more rows; too many learn them by heart"
        )
        lines.append(f"-> dense {units} relu  # a second layer for what depends on several columns")
    return lines


def _end(targets: Sequence[Answer]) -> list[str]:
    """Return output, loss and metrics."""
    kinds = {len(target.classes) for target in targets}
    if kinds == {0}:
        return _numbers(targets)
    if kinds == {2}:
        return _yes_or_no(targets)
    if len(targets) > 1:
        raise NoSpec("several targets must all be numbers, or all have two classes")
    (target,) = targets
    return [
        f"-> dense {len(target.classes)} softmax  # a probability for each class: "
        f"{_listing(target.classes, '')}",
        "loss crossentropy  # of the true class's probability",
        "metric accuracy, f1  # the share that is right; and whether rare classes are, too",
    ]


def _yes_or_no(targets: Sequence[Answer]) -> list[str]:
    first = targets[0].classes
    which = (
        f"`{_shown(first[1])}`, not `{_shown(first[0])}`" if len(targets) == 1 else "each answer"
    )
    metrics = ["metric accuracy, f1  # the share that is right; f1 also where one class is rare"]
    return [
        f"-> dense {len(targets)} sigmoid  # the probability of {which}",
        "loss bce  # the crossentropy of two classes",
        *(metrics if len(targets) == 1 else []),
    ]


def _numbers(targets: Sequence[Answer]) -> list[str]:
    stds = [rounded(target.std, target.std) for target in targets]
    means = [rounded(target.mean, target.std) for target in targets]
    one = len(targets) == 1
    scale = stds[0] if one else f"[{', '.join(stds)}]"
    shift = f"({means[0]})" if one else f"[{', '.join(means)}]"
    return [
        f"-> dense {len(targets)}  # no activation: a number may be anything",
        f"-> scale {scale} -> shift {shift}  # back to the targets' own deviation and mean",
        "loss mse  # squared, so that large errors count most",
        "metric mae, r2  # the error in the target's unit; and the share of its variance explained",
    ]


def _penalty(rows: int, targets: Sequence[Answer]) -> list[str]:
    """Return a weight penalty for few rows; none for numbers, whose losses have any scale."""
    if rows >= 1000 or not targets[0].classes:
        return []
    return ["regularize l2=1e-2  # keeps weights small: few rows do not say much"]


def _epochs(rows: int, batch: int) -> int:
    """Return enough epochs for about two thousand steps."""
    epochs = math.ceil(2000 * batch / rows)
    return min(200, max(10, epochs))


def _listing(names: Sequence[str], quote: str = "`") -> str:
    shown = ", ".join(f"{quote}{_shown(name)}{quote}" for name in names[:4])
    return shown + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _shown(name: str) -> str:
    """Return a name from a file for a comment: without line breaks and marks that nnc reads."""
    plain = "".join(char if char.isprintable() else "?" for char in name).replace("nnc:", "nnc ")
    return plain if len(plain) <= 24 else f"{plain[:23]}…"
