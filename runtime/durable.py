"""Atomic and durable file writes: at any moment a file is wholly the old one or the new one.

A file is written under a temporary name in the same folder, synced to the disk and renamed; then
the folder is synced. A process that is killed in between leaves the old file, and at most a
temporary one, which `clear_leftovers` removes."""

from __future__ import annotations

import os
import re
from pathlib import Path

_LEFTOVER = re.compile(r"^\..+\.[0-9a-f]{8}\.tmp$")


def write_bytes(path: str | Path, data: bytes) -> None:
    """Create or replace a file atomically; raises OSError and then leaves the old file untouched.

    A path that is not a regular file, such as /dev/stdout, is written to directly."""
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        _write_synced(temporary, data)
        if path.exists():
            os.chmod(temporary, path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_text(path: str | Path, text: str) -> None:
    """Create or replace a text file atomically, as `write_bytes` does."""
    write_bytes(path, text.encode("utf-8"))


def sync_folder(folder: Path) -> None:
    """Sync the entries of a folder to the disk, where the system supports that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear_leftovers(folder: Path) -> None:
    """Remove the temporary files of writers that were killed."""
    for path in folder.iterdir():
        if is_leftover(path.name):
            path.unlink(missing_ok=True)


def is_leftover(name: str) -> bool:
    """Return whether a file name is a temporary name of `write_bytes`."""
    return _LEFTOVER.match(name) is not None


def _write_synced(path: Path, data: bytes) -> None:
    """Create a file with these bytes and sync it to the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)
