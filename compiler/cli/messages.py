"""The lines in which commands that run networks say what is wrong or in doubt."""

from __future__ import annotations

from typing import NoReturn

import click
from click.exceptions import Exit

from . import terminal


def fail(message: str) -> NoReturn:
    """Say what went wrong in one line on standard error, and exit."""
    click.echo(f"error: {message}", err=True)
    raise Exit(terminal.FAILED)


def warn(sentence: str) -> None:
    """Say on standard error what is in doubt."""
    click.echo(f"warning: {sentence}", err=True)
