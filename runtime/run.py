"""The folder of a run: all that is needed to resume a training, and to use its result.

It has model.nn and model.py, run.json (which is written last and makes the folder a run),
log.jsonl, checkpoints and, where they apply, best.safetensors and encoding.json."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from . import checkpoint, durable, log
from .best import Best
from .fingerprint import changed
from .module import Module, Params, import_module
from .snapshot import Snapshot
from .tables import encoding_json
from .tables.encoding import Encoding
from .weights import WeightsError, named, pack, split_named, unpack

FORMAT = 1
SPEC, MODULE, FACTS, ENCODING, LOG = (
    "model.nn",
    "model.py",
    "run.json",
    "encoding.json",
    "log.jsonl",
)
BEST = "best.safetensors"
START = "params"
"""The role, among a run's data, of the weights file from which training started."""


class RunError(ValueError):
    """A run that cannot be opened, created or used as requested; the message names the run."""


class Run:
    """An open run; `facts` are the content of run.json."""

    def __init__(self, path: Path, facts: Mapping[str, Any]) -> None:
        self.path, self.facts = path, facts
        self.tell: Callable[[str], None] = lambda _: None

    @property
    def options(self) -> dict[str, Any]:
        """The training options."""
        return dict(self.facts["options"])

    @property
    def data(self) -> dict[str, dict[str, Any]]:
        """The fingerprints of the data, by their role."""
        return dict(self.facts["data"])

    @property
    def spec_text(self) -> str:
        """The text of the spec with its includes."""
        return (self.path / SPEC).read_text("utf-8")

    @property
    def encoding(self) -> Encoding | None:
        """The encoding fitted to the training table; None for other data."""
        path = self.path / ENCODING
        if not path.exists():
            return None
        try:
            return encoding_json.read(json.loads(path.read_bytes()))
        except ValueError as error:
            raise RunError(f"{path} is damaged: {error}") from error

    @cached_property
    def module(self) -> Module:
        """The imported model.py."""
        return import_module(self.path / MODULE)

    def log(self) -> list[log.Event]:
        """The events of log.jsonl."""
        return log.read(self.path / LOG)

    def params(self) -> Params:
        """The best parameters where they were saved, or else the last ones."""
        return self.weights()[0]

    def state(self) -> Params:
        """The running statistics that belong to `params`; empty for a model without state."""
        return self.weights()[1]

    def weights(self) -> tuple[Params, Params]:
        """Return matching parameters and state; raises RunError where there are none yet."""
        if (self.path / BEST).exists():
            tensors, _ = unpack(self.path / BEST)
            return split_named(tensors, self.module, str(self.path / BEST))
        moment = self.newest()
        if moment is None:
            raise RunError(f"{self.path} has no checkpoint yet: there are no trained weights")
        return split_named(moment.tensors, self.module, str(self.path))

    def newest(self) -> Snapshot | None:
        """Return the newest intact checkpoint, or None."""
        try:
            return checkpoint.newest_checkpoint(self.path, self.module, self.tell)
        except checkpoint.CheckpointError as error:
            raise RunError(str(error)) from error

    def write_checkpoint(self, moment: Snapshot) -> None:
        """Write a checkpoint; raises OSError and then keeps the old ones."""
        checkpoint.write_checkpoint(self.path, moment, self.module)

    def write_best(self, best: Best) -> None:
        """Write the best weights; raises OSError and then keeps the old ones."""
        facts = {"epoch": best.epoch, "loss": best.loss, "spec_sha256": sha256(self.module.SPEC)}
        durable.write_bytes(self.path / BEST, pack(named(best.params, best.state), facts))
        said = {**facts, "sha256": _digest(self.path / BEST)}
        durable.write_text(self.path / "best.json", json.dumps(said, indent=1) + "\n")

    def read_best(self, best: Best) -> None:
        """Load the best weights and their epoch into `best`."""
        try:
            tensors, facts = unpack(self.path / BEST)
            best.params, best.state = split_named(tensors, self.module, str(self.path / BEST))
            best.epoch = facts["epoch"]
        except (OSError, WeightsError, KeyError) as error:
            raise RunError(f"the best weights of {self.path} cannot be read: {error}") from error

    def require_unchanged(self) -> None:
        """Refuse to resume where the spec, the module or a data file has changed."""
        if _digest(self.path / MODULE) != self.facts["module_sha256"]:
            raise RunError(f"{self.path / MODULE} was changed since the run began")
        text = self.spec_text
        if text != self.module.SPEC:
            difference = checkpoint.difference(text, self.module.SPEC)
            raise RunError(
                f"{self.path / SPEC} was changed since the run began: {difference}. "
                "Train the changed spec in a folder of its own"
            )
        for role, known in self.data.items():
            if role == START and self.newest() is not None:
                continue  # a checkpoint has all that training needs
            if why := changed(known):
                raise RunError(f"{why}; a run goes on only with the same data")


def create_run(
    path: Path,
    code: str,
    spec: str,
    *,
    options: Mapping[str, Any],
    data: Mapping[str, Any],
    version: str,
    encoding: Any = None,
    overwrite: bool = False,
) -> Run:
    """Create a run's folder; an existing run is replaced only with `overwrite`.

    Raises RunError or OSError."""
    _make_room(path, overwrite)
    durable.write_text(path / SPEC, spec)
    durable.write_text(path / MODULE, code)
    if encoding is not None:
        durable.write_text(path / ENCODING, json.dumps(encoding, indent=1) + "\n")
    facts = {
        "format": FORMAT,
        "nnc": version,
        "spec_sha256": sha256(spec),
        "module_sha256": sha256(code),
        "options": dict(options),
        "data": dict(data),
    }
    durable.write_text(path / FACTS, json.dumps(facts, indent=1) + "\n")
    return Run(path, facts)


def open_run(path: str | Path) -> Run:
    """Open an existing run; raises RunError."""
    path = Path(path)
    if not path.is_dir():
        raise RunError(f"there is no run {path}: no such folder")
    if not (path / FACTS).exists():
        raise RunError(f"{path} is no run: it has no {FACTS}")
    try:
        facts = json.loads((path / FACTS).read_bytes())
        fits = facts["format"] == FORMAT and {"options", "data", "module_sha256"} <= facts.keys()
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise RunError(f"{path / FACTS} is damaged, or of another version of nnc")
    return Run(path, facts)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock a run's folder against other processes; the system drops the lock with the process."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise RunError(f"another process is training in {path}") from None
    finally:
        os.close(handle)


def sha256(text: str) -> str:
    """Return the SHA-256 checksum of a text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _make_room(path: Path, overwrite: bool) -> None:
    """Make an empty folder, or reuse one that holds only traces of a run that never began."""
    path.mkdir(parents=True, exist_ok=True)
    if (path / FACTS).exists() and not overwrite:
        raise RunError(
            f"{path} has a run already: `nnc train --resume {path}` goes on with it, "
            "and --overwrite replaces it"
        )
    strange = sorted(entry.name for entry in path.iterdir() if not _is_ours(entry.name))
    if strange:
        raise RunError(f"{path} has other files in it, such as {strange[0]}; name an empty folder")
    for name in (FACTS, SPEC, MODULE, ENCODING, LOG, BEST, "best.json"):
        (path / name).unlink(missing_ok=True)
    checkpoint.clear(path)
    durable.clear_leftovers(path)


def _is_ours(name: str) -> bool:
    known = (FACTS, SPEC, MODULE, ENCODING, LOG, BEST, "best.json", "__pycache__")
    return name in known or name.startswith("checkpoint-") or durable.is_leftover(name)
