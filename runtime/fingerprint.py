"""Fingerprints of a run's data files, to detect that a file has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def fingerprint(name: str) -> dict[str, Any]:
    """Return the fingerprint of a data source: its path and the checksum of its bytes.

    The name of a set that is not a file is its own fingerprint."""
    path = Path(name)
    if not path.exists():
        return {"name": name}
    return {"name": name, "path": str(path.resolve()), "sha256": _digest(path)}


def changed(known: dict[str, Any]) -> str | None:
    """Describe how a source differs from its fingerprint; None if it does not."""
    if "path" not in known:
        return None
    path = Path(known["path"])
    if not path.exists():
        return f"{path} is missing, which the run is trained on"
    if _digest(path) != known["sha256"]:
        return f"{path} was changed since the run began"
    return None


def place(known: dict[str, Any]) -> str:
    """Return the path or name with which a source is opened again, from any folder."""
    return str(known.get("path", known["name"]))


def _digest(path: Path) -> str:
    if not path.is_dir():
        return _of_file(path)
    digest = hashlib.sha256()
    for file in _files(path):
        digest.update(f"{file.relative_to(path).as_posix()} {_of_file(file)}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
