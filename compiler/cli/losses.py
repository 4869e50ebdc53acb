"""What `nnc doctor --log` reads: a table of numbers, with or without a line of column names."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import click

from .app import Usage
from .terminal import FAILED, OK, ReportFormat

MOST = 2**26
"""Bytes of a log."""


def judge_log(path: Path, format_: ReportFormat) -> int:
    """Print what the curves of a file show; gives the exit code."""
    from ..doctor.curves import verdicts

    try:
        found = verdicts(read_columns(path))
    except ValueError as error:
        raise Usage(f"{path}: {error}") from None
    if format_ is ReportFormat.JSON:
        told = [{"slug": v.slug, "seen": v.seen, "advice": v.advice} for v in found]
        click.echo(json.dumps({"verdicts": told}, indent=2, ensure_ascii=False))
        return FAILED if found else OK
    for verdict in found:
        click.echo(f"{verdict.slug}: {verdict.seen}\n  {verdict.advice}")
    if not found:
        click.echo("Nothing is odd about these curves.")
    return FAILED if found else OK


def read_columns(path: Path) -> dict[str, list[float]]:
    """The columns by name; one column without a name is `loss`. Raises Usage and ValueError."""
    try:
        if path.stat().st_size > MOST:
            raise Usage(f"{path}: a log of more than {MOST // 2**20} MiB is not read")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise Usage(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise Usage(f"{path}: this is no text in UTF-8") from None
    rows = [row for row in csv.reader(text.splitlines()) if any(cell.strip() for cell in row)]
    if not rows:
        raise ValueError("the file has no rows")
    named = not _is_number(rows[0][0])
    names = [cell.strip() for cell in rows[0]] if named else ["loss"]
    if not named and len(rows[0]) > 1:
        raise ValueError("several columns need a first line with their names, such as epoch,loss")
    columns: dict[str, list[float]] = {name: [] for name in names}
    for number, row in enumerate(rows[named:], 1 + named):
        for name, cell in zip(names, row, strict=False):
            if _is_number(cell):
                columns[name].append(float(cell))
            elif name.lower() in ("loss", "accuracy") and cell.strip():
                raise ValueError(
                    f"row {number}: {name} is {cell.strip()[:20]!r}, which is no number"
                )
    return columns


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
