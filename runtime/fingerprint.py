"""Whether the files that a run was trained on are still the ones they were."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def fingerprint(name: str) -> dict[str, Any]:
    """What is known of a data source: its place and what its bytes add up to.

    The name of a set that is no file stands for itself.
    """
    path = Path(name)
    if not path.exists():
        return {"name": name}
    return {"name": name, "path": str(path.resolve()), "sha256": _digest(path)}


def changed(known: dict[str, Any]) -> str | None:
    """What is wrong with a source that a fingerprint was taken of, None if nothing is."""
    if "path" not in known:
        return None
    path = Path(known["path"])
    if not path.exists():
        return f"{path} is missing, which the run is trained on"
    if _digest(path) != known["sha256"]:
        return f"{path} was changed since the run began"
    return None


def place(known: dict[str, Any]) -> str:
    """How a source is opened again, from whatever folder."""
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
