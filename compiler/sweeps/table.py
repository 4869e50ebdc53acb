"""The results of a sweep as text, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from nnc.runtime.epochs import score_text

from .ranking import JUDGE, Row, names_of

SETS = (JUDGE, "train", "test")
WIDEST = 60
"""Most letters of a message in the table; the files have it whole."""


def text_table(rows: Sequence[Row], by: str, most: int | None = None) -> str:
    """Return the table for a terminal: settings, scores on the validation data, epoch, seconds."""
    shown = rows[:most]
    names = sorted(_scores(rows, JUDGE), key=lambda name: name != by)
    heads = [*_settings(rows), *names, *(["train loss"] if names else []), "epoch", "seconds", ""]
    cells = [heads, *([*_cells(row, names), short_text(row.fault)] for row in shown)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(_padded(line, widths)).rstrip() for line in cells]
    if len(shown) < len(rows):
        lines.append(f"… and {len(rows) - len(shown):,} more in results.csv")
    return "\n".join(lines)


def _padded(line: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    *most, last = zip(line, widths, strict=True)
    yield from (cell.rjust(width) for cell, width in most)
    yield last[0]


def _settings(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.settings))


def _scores(rows: Sequence[Row], where: str) -> Sequence[str]:
    return names_of((found for row in rows for found in row.outcomes), where)


def _cells(row: Row, names: Sequence[str]) -> Iterator[str]:
    yield from row.settings.values()
    yield from (_score(row, JUDGE, name) for name in names)
    if names:
        yield _score(row, "train", "loss")
    yield "/".join(str(found.epoch) for found in row.finished) or "-"
    yield f"{sum(found.seconds for found in row.outcomes):.1f}"


def _score(row: Row, where: str, name: str) -> str:
    value, spread = row.mean(where, name), row.spread(where, name)
    if value is None:
        return "-"
    text = score_text(name, value)
    return text if spread is None else f"{text} ± {_spread(name, spread)}"


def _spread(name: str, value: float) -> str:
    text = score_text(name, value)
    return text if text.endswith("%") else f"{value:.2g}"


def short_text(message: str) -> str:
    """Return the beginning of a message."""
    return message if len(message) <= WIDEST else f"{message[: WIDEST - 1]}…"


def csv_table(rows: Sequence[Row]) -> str:
    """Return a line for each point; scores are means over the seeds, with standard deviations."""
    scores = [(where, name) for where in SETS for name in _scores(rows, where)]
    several = any(len(row.outcomes) > 1 for row in rows)
    file = io.StringIO()
    write = csv.writer(file, lineterminator="\n").writerow
    heads = [f"{where} {name}" for where, name in scores]
    spreads = [f"{head} sd" for head in heads] if several else []
    write([*_settings(rows), *heads, *spreads, "seeds", "finished", "seconds", "fault"])
    for row in rows:
        means = [row.mean(*score) for score in scores]
        sds = [row.spread(*score) for score in scores] if several else []
        counts = [len(row.outcomes), len(row.finished)]
        seconds = f"{sum(found.seconds for found in row.outcomes):.3f}"
        write([*row.settings.values(), *means, *sds, *counts, seconds, row.fault])
    return file.getvalue()


def json_table(rows: Sequence[Row], by: str, best: str | None) -> str:
    """Return all results with every seed; `best` is the name of the best run."""
    found: dict[str, Any] = {"by": f"{JUDGE} {by}", "best": best, "points": []}
    for row in rows:
        trainings = [{k: v for k, v in asdict(o).items() if k != "key"} for o in row.outcomes]
        found["points"].append({"settings": dict(row.settings), "trainings": trainings})
    return json.dumps(found, indent=1, allow_nan=False) + "\n"
