"""The only place of the compiler that accesses files: it reads specs."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ..diagnostics.codes import files as codes
from ..diagnostics.model import Diagnostic
from ..source import Source

STDIN = "-"
STDIN_NAME = "<stdin>"
LARGEST = 2**20
"""Most bytes of a spec; one of a thousand hand-written layers has about fifty thousand."""


class UnreadableSpec(Exception):
    """A spec could not be read; carries the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(slots=True)
class SpecFiles:
    """Reads specs and their includes; each file once, so that a repeated include is one source."""

    sources: dict[str, Source] = field(default_factory=dict)

    def open(self, name: str, stdin_name: str = STDIN_NAME) -> Source:
        """Read the spec at a path (`-` is standard input); raises UnreadableSpec."""
        try:
            return self._stdin(stdin_name) if name == STDIN else self._file(name)
        except UnicodeDecodeError as error:
            raise UnreadableSpec(_not_utf8(name, error)) from None
        except _TooLarge as error:
            raise UnreadableSpec(_too_large(name, str(error))) from None
        except (OSError, ValueError) as error:
            raise UnreadableSpec(_unreadable(name, error)) from None

    def load(self, path: str, source: Source) -> Source:
        """Read the file of `include "path"` in a source; raises OSError or UnicodeDecodeError."""
        try:
            return self._file(os.path.normpath(os.path.join(os.path.dirname(source.name), path)))
        except ValueError as error:
            if isinstance(error, UnicodeDecodeError):
                raise
            raise OSError(str(error)) from None

    def contains(self, path: Path) -> bool:
        """Return whether a path is one of the files that were read."""
        return os.path.realpath(path) in self.sources

    def _stdin(self, name: str) -> Source:
        return Source(name, _text(sys.stdin.buffer.read(LARGEST + 1)))

    def _file(self, name: str) -> Source:
        key = os.path.realpath(name)
        if key not in self.sources:
            with open(name, "rb") as file:
                self.sources[key] = Source(name, _text(file.read(LARGEST + 1)))
        return self.sources[key]


class _TooLarge(OSError):
    pass


def _text(data: bytes) -> str:
    if len(data) > LARGEST:
        raise _TooLarge(f"more than {LARGEST // 2**20} MiB")
    return data.decode("utf-8-sig")


def _unreadable(name: str, error: Exception) -> Diagnostic:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    nowhere = Source(name, "").span(0, 0)
    return codes.SPEC_UNREADABLE.at(
        nowhere, f"cannot read {name!r}: {reason.lower()}", help=_neighbours(name)
    )


def _too_large(name: str, size: str) -> Diagnostic:
    nowhere = Source(name, "").span(0, 0)
    return codes.SPEC_TOO_LARGE.at(nowhere, f"the file is too large for a spec: {size}")


def _not_utf8(name: str, error: UnicodeDecodeError) -> Diagnostic:
    """Return a diagnostic for the line of the first bad byte, with replacement characters."""
    data = error.object
    before = len(data[: error.start].decode("utf-8-sig", "replace"))
    text = data.decode("utf-8-sig", "replace")
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    help = "save the file as UTF-8" + (", it looks like UTF-16" if utf16 else "")
    span = Source(STDIN_NAME if name == STDIN else name, text).span(before, before + 1)
    byte = f"0x{data[error.start]:02x}"
    return codes.SPEC_NOT_UTF8.at(
        span, "the spec is not UTF-8 text", here=f"the byte {byte} begins no character", help=help
    )


def _neighbours(name: str) -> str:
    """Return a hint with a similarly named spec of the same folder, or an empty string."""
    from difflib import get_close_matches

    path = Path(name)
    try:
        specs = [p.name for p in path.parent.glob("*.nn") if p.name != path.name and p.is_file()]
        near = get_close_matches(path.name, specs, n=1)
    except (OSError, ValueError):
        return ""
    return f"did you mean {str(path.parent / near[0])!r}?" if near else ""
