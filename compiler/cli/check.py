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
) -> int:
    """Check specs and print the findings; return the exit code."""
    found: list[Diagnostic] = []
    for name in names:
        of_this = list(_findings(name, max_memory))
        found += of_this
        if not format.is_document:
            terminal.show(of_this, format, sys.stdout)
    if format.is_document:
        terminal.show(found, format, sys.stdout)
    return terminal.FAILED if terminal.failed(found, strict) else terminal.OK


def _findings(name: str, max_memory: int) -> Iterator[Diagnostic]:
    from ..driver import check

    files = SpecFiles()
    try:
        source = files.open(name)
    except UnreadableSpec as error:
        yield error.diagnostic
    else:
        yield from check(source, files.load, max_memory).report
