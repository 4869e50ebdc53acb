"""The option `--max-memory` that the commands share."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from ..limits.amounts import bytes_text, parse_bytes
from ..limits.bounds import DEFAULT_MEMORY


def _amount(text: str) -> int:
    try:
        return parse_bytes(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


MemoryOption = Annotated[
    int,
    typer.Option(
        "--max-memory",
        metavar="SIZE",
        parser=_amount,
        help="Refuse networks that need more, such as 512MiB or 16G.",
    ),
]

DEFAULT = cast(int, bytes_text(DEFAULT_MEMORY).replace(" ", ""))
"""The default as the help shows it; typer parses it like what a user writes."""
