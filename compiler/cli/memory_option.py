"""The shared option `--max-memory`."""

from __future__ import annotations

import click

from ..ir.bounds import DEFAULT_MEMORY
from ..limits.amounts import bytes_text, parse_bytes
from .values import Parsed

memory_option = click.option(
    "--max-memory",
    metavar="SIZE",
    type=Parsed(parse_bytes),
    default=bytes_text(DEFAULT_MEMORY).replace(" ", ""),
    show_default=True,
    help="Refuse networks that need more memory; for example 512MiB or 16G.",
)
