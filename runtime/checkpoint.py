"""Checkpoints of a run: pairs of files; the .json file is written last and makes the pair valid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import durable
from .module import Module
from .snapshot import Snapshot
from .weights import WeightsError, pack, unpack

KEPT = 2
"""Checkpoints that are kept: if the newest is damaged, the one before is used."""

FORMAT = 1


class CheckpointError(ValueError):
    """A checkpoint that must not be used; the message says why."""


def write_checkpoint(folder: Path, moment: Snapshot, module: Module) -> Path:
    """Write a snapshot, then remove all but the newest checkpoints.

    Raises OSError; all files are then as before."""
    path = folder / f"checkpoint-{moment.facts['epoch']:06d}-{moment.facts['step']:09d}.safetensors"
    data = pack(moment.tensors, {})
    said = {
        "format": FORMAT,
        **moment.facts,
        "spec": module.SPEC,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    durable.write_bytes(path, data)
    durable.write_text(path.with_suffix(".json"), _sealed(said))
    clear(folder, KEPT)
    return path


def newest_checkpoint(folder: Path, module: Module, tell: Callable[[str], None]) -> Snapshot | None:
    """Return the newest intact checkpoint, or None if there never was one.

    Damaged checkpoints are reported to `tell`. Raises CheckpointError where the checkpoint belongs
    to another spec, or where all checkpoints are damaged."""
    damaged = []
    for path in reversed(_counting(folder)):
        try:
            said = _read(path)
            tensors = _tensors(path.with_suffix(".safetensors"), said)
        except (OSError, CheckpointError, WeightsError) as error:
            damaged.append(str(error))
            continue
        _require_spec(path, said["spec"], module.SPEC)
        for sentence in damaged:
            tell(f"{sentence}; going on from {path.stem}")
        return Snapshot(tensors, said)
    if damaged:
        raise CheckpointError(f"{'; '.join(damaged)}. No whole checkpoint is left in {folder}")
    return None


def clear(folder: Path, kept: int = 0) -> None:
    """Remove all but the `kept` newest checkpoints, and incomplete ones."""
    counting = _counting(folder)
    for path in counting[: len(counting) - kept]:
        path.unlink(missing_ok=True)
    stems = {path.stem for path in _counting(folder)}
    for path in folder.glob("checkpoint-*.safetensors"):
        if path.stem not in stems:
            path.unlink(missing_ok=True)


def _counting(folder: Path) -> list[Path]:
    """Return the .json files of checkpoints, oldest first."""
    return sorted(folder.glob("checkpoint-*.json"))


def _sealed(said: dict[str, Any]) -> str:
    """Return JSON with a checksum of all other fields, so that any change is detected."""
    return json.dumps({**said, "checksum": _checksum(said)}, allow_nan=False, indent=1) + "\n"


def _checksum(said: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    said: Any = None
    with suppress(ValueError):
        said = json.loads(path.read_bytes())
    if not isinstance(said, dict) or said.pop("checksum", None) != _checksum(said):
        raise CheckpointError(f"{path} is damaged")
    if said["format"] != FORMAT:
        raise CheckpointError(f"{path} has format {said['format']}; this nnc reads {FORMAT}")
    return said


def _tensors(path: Path, said: dict[str, Any]) -> dict[str, Any]:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from None
    if digest != said["sha256"]:
        raise CheckpointError(f"{path} is damaged")
    return unpack(path)[0]


def _require_spec(path: Path, there: str, here: str) -> None:
    if there != here:
        raise CheckpointError(f"{path} is of another spec: {difference(there, here)}")


def difference(there: str, here: str) -> str:
    """Describe the first line in which two specs differ."""
    first, second = there.splitlines(), here.splitlines()
    longest = max(len(first), len(second))
    for number in range(longest):
        one, other = (lines[number] if number < len(lines) else None for lines in (first, second))
        if one != other:
            return f"line {number + 1} is {_shown(one)} there, {_shown(other)} here"
    return "only in how lines end"


def _shown(line: str | None) -> str:
    return "missing" if line is None else f"`{line.strip()}`"
