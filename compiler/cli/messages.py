"""Error and warning lines of the commands that run networks."""

from __future__ import annotations

from typing import NoReturn

import click
from click.exceptions import Exit

from . import terminal


def fail(message: str) -> NoReturn:
    """Print an error in one line on standard error, and exit."""
    click.echo(f"error: {message}", err=True)
    raise Exit(terminal.FAILED)


def warn(sentence: str) -> None:
    """Print a warning on standard error."""
    click.echo(f"warning: {sentence}", err=True)
