"""The shared options of training commands that say how long: epochs, and rows of a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..ir.bounds import MAX_WHOLE
from .values import Whole

Function = TypeVar("Function", bound=Callable[..., Any])

_EPOCHS = click.option(
    "--epochs",
    metavar="NUMBER",
    type=Whole(0, MAX_WHOLE),
    help="Passes over the data; default: the spec's, else 10.",
)
_BATCH = click.option(
    "--batch",
    metavar="ROWS",
    type=Whole(1, MAX_WHOLE),
    help="Rows per step; default: the spec's, else 32.",
)


def length_options(command: Function) -> Function:
    """Give a command the options `--epochs` and `--batch`."""
    return _EPOCHS(_BATCH(command))
