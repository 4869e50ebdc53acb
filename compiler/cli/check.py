"""The work of `nnc lint` after its arguments are parsed; does not import click, see `main`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from ..diagnostics.model import Diagnostic
from ..ir.bounds import DEFAULT_MEMORY
from . import terminal
from .files import SpecFiles, UnreadableSpec
from .terminal import Format


def lint_files(
    names: Iterable[str],
    format: Format = Format.TEXT,
    strict: bool = False,
    max_memory: int = DEFAULT_MEMORY,
    read: set[str] | None = None,
) -> int:
    """Check specs and print the findings; return the exit code.

    The paths of all files that were read, the included ones too, are added to `read`."""
    found: list[Diagnostic] = []
    for name in names:
        files = SpecFiles()
        of_this = list(_findings(name, files, max_memory))
        if read is not None:
            read.update(files.sources)
        found += of_this
        if not format.is_document:
            terminal.show(of_this, format, sys.stdout)
    if format.is_document:
        terminal.show(found, format, sys.stdout)
    return terminal.FAILED if terminal.failed(found, strict) else terminal.OK


def _findings(name: str, files: SpecFiles, max_memory: int) -> Iterator[Diagnostic]:
    from ..driver import check

    try:
        source = files.open(name)
    except UnreadableSpec as error:
        yield error.diagnostic
    else:
        yield from check(source, files.load, max_memory).report
