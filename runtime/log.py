"""The log.jsonl of a run: one JSON object per line, with the fields of docs/training.md."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import durable
from .epochs import Epoch, Scores
from .plain import finite

Event = dict[str, Any]


class Log:
    """Appends events; an event that could not be written is kept and written with the next."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pending = b""

    def add(self, event: Event) -> None:
        """Append an event; raises OSError and then writes no part of it."""
        self.pending += json.dumps(event, allow_nan=False).encode() + b"\n"
        self.flush()

    def flush(self, sync: bool = False) -> None:
        """Write pending events; with `sync`, sync them to the disk."""
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        size = os.fstat(handle).st_size
        try:
            left = memoryview(self.pending)
            while left:
                left = left[os.write(handle, left) :]
            if sync:
                os.fsync(handle)
            self.pending = b""
        except OSError:
            with suppress(OSError):
                os.ftruncate(handle, size)
            raise
        finally:
            os.close(handle)

    def go_on_after(self, epoch: int) -> None:
        """Drop the end event and all events after `epoch`, which a killed process may have left."""
        kept = [e for e in read(self.path) if e["event"] != "end" and e.get("epoch", 0) <= epoch]
        durable.write_text(self.path, "".join(json.dumps(event) + "\n" for event in kept))


def read(path: Path) -> list[Event]:
    """Return all events of a log; incomplete lines are skipped."""
    events = []
    for line in path.read_bytes().splitlines() if path.exists() else []:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "event" in event:
            events.append(event)
    return events


def epoch_event(epoch: Epoch) -> Event:
    """Return the log event of an epoch."""
    return {
        "event": "epoch",
        "epoch": epoch.number,
        "step": epoch.step,
        "mean_loss": finite(epoch.loss),
        **_scores(epoch.train),
        **({"validation": _scores(epoch.validation)} if epoch.validation else {}),
        **({"test": _scores(epoch.test)} if epoch.test else {}),
        "seconds": epoch.seconds,
        "lr": epoch.rate,
        "best": epoch.best,
    }


def epochs_of(events: list[Event]) -> list[Epoch]:
    """Return the epochs that a log records."""
    return [_epoch(event) for event in events if event["event"] == "epoch"]


def _scores(scores: Scores) -> Event:
    metrics = {name: finite(value) for name, value in scores.items() if name != "loss"}
    return {"loss": finite(scores["loss"]), "metrics": metrics}


def _epoch(event: Event) -> Epoch:
    parts = [_read_scores(event.get(name)) for name in ("test", "validation")]
    return Epoch(
        event["epoch"],
        _number(event["mean_loss"]),
        _read_scores(event),
        parts[0],
        event["seconds"],
        parts[1],
        event["step"],
        event["lr"],
        event["best"],
    )


def _read_scores(event: Event | None) -> dict[str, float]:
    if event is None:
        return {}
    numbers = {"loss": event["loss"], **event["metrics"]}
    return {name: _number(value) for name, value in numbers.items()}


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
