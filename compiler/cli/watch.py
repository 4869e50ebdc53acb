"""The work of `nnc lint --watch`: check specs again whenever one, or a file it includes, changes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator

from . import terminal
from .check import lint_files
from .folders import found_in
from .terminal import Format

EVERY = 0.2
"""Seconds between two looks at the files. Their times are compared, which works on every system
and file system (also network ones, where change notifications do not); a look at 100 files takes
less than a millisecond."""

CLEAR = "\x1b[2J\x1b[3J\x1b[H"
"""Clears a terminal and its scrolled-back lines."""

Stamp = tuple[int, int, int] | None
"""Time of change, size and inode of a file: an editor that replaces the file changes its inode."""


def watch_files(names: Iterable[str], format: Format, strict: bool, max_memory: int) -> int:
    """Check after every change until interrupted; return the exit code of the last check."""
    names = tuple(names)
    code = terminal.OK
    try:
        for specs in _changes(names):
            if terminal.on_terminal(sys.stdout):
                sys.stdout.write(CLEAR)
            read: set[str] = set()
            code = lint_files(specs.specs, format, strict, max_memory, read)
            specs.included = read
            _tell(len(specs.watched), code)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    return code


class Watched:
    """The specs of one look, and the files that the last check read."""

    def __init__(self, specs: list[str], included: set[str]) -> None:
        self.specs, self.included = specs, included

    @property
    def watched(self) -> set[str]:
        """The real paths of all files whose change matters."""
        return {*map(os.path.realpath, self.specs), *self.included}

    def stamps(self) -> dict[str, Stamp]:
        """Return the state of every file."""
        return {name: _stamp(name) for name in self.watched}


def _changes(names: tuple[str, ...]) -> Iterator[Watched]:
    """Yield the specs at once and after every change, when the files have been still for a look.

    The state of a file is taken before it is read, so that no change during a check is missed; an
    included file that was not known before counts as changed if it changed since the check began.
    """
    now = Watched(found_in(names), set())
    before = now.stamps()
    while True:
        begun = time.time_ns()
        yield now
        checked = {**_unless_newer(now.stamps(), begun), **before}
        now, before = _next_change(names, now, checked)


def _next_change(
    names: tuple[str, ...], now: Watched, checked: dict[str, Stamp]
) -> tuple[Watched, dict[str, Stamp]]:
    """Wait until the files differ from what was checked, and do not change any more."""
    before = checked
    while True:
        time.sleep(EVERY)
        now = Watched(found_in(names), now.included)
        stamps = now.stamps()
        if checked != stamps == before:
            return now, stamps
        before = stamps


def _unless_newer(stamps: dict[str, Stamp], begun: int) -> dict[str, Stamp]:
    """Return the states of files, None for those that changed after a time in nanoseconds."""
    return {name: None if stamp and stamp[0] >= begun else stamp for name, stamp in stamps.items()}


def _stamp(name: str) -> Stamp:
    try:
        found = os.stat(name)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _tell(files: int, code: int) -> None:
    """Print on standard error what is watched: standard output has the findings alone."""
    clean = "no errors; " if code == terminal.OK else ""
    noun = "file" if files == 1 else "files"
    sys.stderr.write(f"{clean}watching {files} {noun}; Ctrl-C ends\n")
    sys.stdout.flush()
    sys.stderr.flush()
