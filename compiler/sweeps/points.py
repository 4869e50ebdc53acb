"""The trainings of a sweep: each point with each seed, as plain data that other processes can read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

LONGEST = 80
"""Most letters of a name before it is cut and told apart by a checksum."""

_PLAIN = re.compile(r"[A-Za-z0-9=.,_+-]+")


@dataclass(frozen=True, slots=True)
class Task:
    """One training: the settings of its point, the spec with them, and the seed.

    Where the settings give no spec, `fault` says why. `folder` is the sweep's; `options` are those
    of `nnc train`, `compiled` those of the compiler."""

    settings: Mapping[str, str]
    seed: int | None
    spec: str
    fault: str
    folder: str
    options: Mapping[str, Any]
    compiled: Mapping[str, Any]

    @property
    def point(self) -> tuple[tuple[str, str], ...]:
        """The settings as a key, which the trainings of one point share."""
        return tuple(self.settings.items())

    @property
    def name(self) -> str:
        """The name of the result's file and of the run's folder, unique among the tasks."""
        return name_of(self.settings, self.seed)

    @property
    def key(self) -> str:
        """A checksum of all that determines the result besides the data."""
        facts = {**asdict(self), "folder": ""}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> str:
        """Return the task as one line."""
        return json.dumps(asdict(self))


def task_from(text: str) -> Task:
    """Return the task of `to_json`."""
    return Task(**json.loads(text))


def name_of(settings: Mapping[str, str], seed: int | None) -> str:
    """Return a name such as `lr=0.01,width=64,seed=1`, which is valid as that of a file."""
    parts = [f"{name}={value}" for name, value in settings.items()]
    text = ",".join([*parts, *([] if seed is None else [f"seed={seed}"])])
    if _PLAIN.fullmatch(text) and len(text) <= LONGEST:
        return text
    mark = hashlib.sha256(json.dumps([dict(settings), seed]).encode()).hexdigest()[:8]
    return "".join(c if _PLAIN.match(c) else "_" for c in text)[: LONGEST - 9] + f"-{mark}"


def seeds_from(first: int | None, count: int) -> Sequence[int | None]:
    """Return the seeds of every point; a single one that is not given is left to the spec."""
    return [first] if count == 1 else [(first or 0) + i for i in range(count)]
