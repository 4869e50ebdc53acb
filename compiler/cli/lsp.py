"""`nnc lsp`: the language server."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from .app import Usage, app

MOST_SPECS = 500
"""Specs of a folder that are looked at for uses of a name."""

OFTEN = (10_000, 10, 10)
"""New objects before the collector looks for cycles; the command line's own are for short runs."""


@app.command()
def lsp() -> None:
    """Answer an editor's questions on specs, on standard input and output.

    Editors start it themselves; docs/editors.md says how to tell them. It speaks the Language
    Server Protocol: mistakes and shapes while typing, completion, renaming, repairs.

    Needs pygls: pip install 'nnc[lsp]'

    Examples:

      nnc lsp
    """
    try:
        from ..lsp.server import Disk, serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise Usage("`nnc lsp` needs pygls: pip install 'nnc[lsp]'") from None
    gc.set_threshold(*OFTEN)
    # The server closes its output at the end; the command line still flushes its own.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:
        serve(Disk(_read, _specs), sys.stdin.buffer, output)


def _read(name: str) -> str:
    """Read a spec, as every command does; raises OSError or UnicodeDecodeError."""
    from ..source import Source
    from .files import SpecFiles

    return SpecFiles().load(name, Source("", "")).text


def _specs(folder: str) -> Iterator[str]:
    """Yield the specs in a folder and its subfolders, up to a number."""
    from itertools import islice

    found = (path for path in Path(folder).rglob("*.nn") if not _is_hidden(path, folder))
    yield from (path.as_posix() for path in islice(found, MOST_SPECS))


def _is_hidden(path: Path, folder: str) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
