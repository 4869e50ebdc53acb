"""The shared option `--format` of reports: text, or JSON."""

from __future__ import annotations

import click

from .terminal import ReportFormat
from .values import Word

format_option = click.option(
    "--format",
    "format_",
    metavar="|".join(ReportFormat),
    type=Word(ReportFormat),
    default=ReportFormat.TEXT.value,
    show_default=True,
    help="A table, or JSON.",
)
