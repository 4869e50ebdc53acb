"""The work of `nnc lint --fix`: apply the safe fixes, then report the remaining findings."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from nnc.runtime.durable import write_text

from ..diagnostics.fixing import Fixed, fixed, left
from ..diagnostics.model import Diagnostic, Fix
from ..diagnostics.render.columns import visible
from ..diagnostics.render.text import place_text
from ..source import Source
from . import terminal
from .files import STDIN, SpecFiles, UnreadableSpec
from .terminal import Format


def fix_files(names: Iterable[str], format: Format, strict: bool, max_memory: int) -> int:
    """Fix specs in place, print the remaining findings, and return the exit code.

    The fixes made and those left are reported on standard error. A spec from standard input goes to
    standard output, and its findings then go to standard error as well."""
    names = list(names)
    stream = sys.stderr if STDIN in names else sys.stdout
    found: list[Diagnostic] = []
    written = True
    for name in names:
        try:
            source, done = _fixed(name, max_memory)
        except UnreadableSpec as error:
            found_here = [error.diagnostic]
        else:
            found_here = list(done.report)
            written &= _deliver(name, source, done)
        found += found_here
        if not format.is_document:
            terminal.show(found_here, format, stream)
    if format.is_document:
        terminal.show(found, format, stream)
    return terminal.FAILED if terminal.failed(found, strict) or not written else terminal.OK


def _fixed(name: str, max_memory: int) -> tuple[Source, Fixed]:
    from ..driver import check

    files = SpecFiles()
    source = files.open(name)
    return source, fixed(source, lambda current: check(current, files.load, max_memory).report)


def _deliver(name: str, source: Source, done: Fixed) -> bool:
    """Write a fixed spec to its file, and report the fixes; return False if writing fails."""
    if name == STDIN:
        sys.stdout.write(done.source.text)
    elif done.source.text != source.text:
        try:
            write_text(Path(name), done.source.text)
        except OSError as error:
            sys.stderr.write(f"error: cannot write {name}: {error.strerror or error}\n")
            return False
    _tell(done, sys.stderr)
    return True


def _tell(done: Fixed, stream: TextIO) -> None:
    """Print each fix that was made, then each that was left, and how to see more of those."""
    for diagnostic, fix in done.repaired:
        stream.write(f"fixed {_said(diagnostic, [fix])}\n")
    remaining = list(left(done))
    for diagnostic, why in remaining:
        stream.write(f"left {_said(diagnostic, diagnostic.fixes)} ({why})\n")
    if remaining:
        name = visible(done.source.name)
        stream.write(
            f"{len(remaining)} left to decide by hand: `nnc lint {name}` shows each in its place\n"
        )


def _said(diagnostic: Diagnostic, fixes: Sequence[Fix]) -> str:
    titles = " or ".join(visible(fix.title) for fix in fixes)
    return f"{place_text(diagnostic.span)}: {diagnostic.code.id}: {titles}"
