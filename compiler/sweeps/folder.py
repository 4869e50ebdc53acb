"""The folder of a sweep: sweep.json, a file of each result, tables and chart, and the best run.

sweep.json        what all points share: spec, options, checksums of the data
points/NAME.json  one result
runs/NAME/        the runs that may still become the best one
best/             the run of the best point
results.csv, results.json, results.svg"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnc.runtime import durable
from nnc.runtime.checkpoint import difference
from nnc.runtime.run import RunError, locked

from .errors import SweepError
from .outcome import FAILED, Outcome, read_outcome
from .points import Task

FORMAT = 1
FACTS, POINTS, RUNS, BEST = "sweep.json", "points", "runs", "best"
TABLES = ("results.csv", "results.json", "results.svg")
OURS = (FACTS, POINTS, RUNS, BEST, "best.txt", *TABLES)


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of a sweep."""

    path: Path

    def open(self, facts: Mapping[str, Any], overwrite: bool) -> None:
        """Create the folder, or check that it is of the same sweep; raises SweepError, OSError."""
        self.path.mkdir(parents=True, exist_ok=True)
        known = self._known()
        if known is None:
            self._refuse_strangers()
        if known is not None and not overwrite and (why := changes(known, facts)):
            raise SweepError(
                f"{self.path} has a sweep whose {why}. Name another folder, or begin anew with "
                "--overwrite"
            )
        if overwrite:
            self._clear()
        for name in (POINTS, RUNS):
            (self.path / name).mkdir(exist_ok=True)
            durable.clear_leftovers(self.path / name)
        durable.clear_leftovers(self.path)
        durable.write_text(self.path / FACTS, json.dumps(facts, indent=1) + "\n")
        self._bring_back()

    def _known(self) -> Mapping[str, Any] | None:
        """Return the facts of the sweep in the folder; None without one."""
        try:
            found: Mapping[str, Any] = json.loads((self.path / FACTS).read_bytes())
            fits = found["format"] == FORMAT and {"spec", "options", "data"} <= found.keys()
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            fits = False
        if not fits:
            raise SweepError(f"{self.path / FACTS} is damaged, or of another version of nnc")
        return found

    def _refuse_strangers(self) -> None:
        names = sorted(entry.name for entry in self.path.iterdir())
        strange = [n for n in names if n not in OURS and not durable.is_leftover(n)]
        if strange or (names and FACTS not in names):
            raise SweepError(
                f"{self.path} has other files in it, such as {(strange or names)[0]}; "
                "name an empty folder"
            )

    def _clear(self) -> None:
        for name in OURS:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def _bring_back(self) -> None:
        """Return the best run of an earlier call to the others, under its own name."""
        note, best = self.path / "best.txt", self.path / BEST
        if best.exists() and note.exists():
            own = self.run(note.read_text("utf-8").strip())
            if not own.exists():
                best.rename(own)
        note.unlink(missing_ok=True)

    def run(self, name: str) -> Path:
        """Return the folder of a run."""
        return self.path / RUNS / name

    def result(self, name: str) -> Path:
        """Return the file of a result."""
        return self.path / POINTS / f"{name}.json"

    def known(self, task: Task) -> Outcome | None:
        """Return the result of a task that an earlier call has trained; a failed one is not kept."""
        found = read_outcome(self.result(task.name))
        return found if found and found.key == task.key and found.ending != FAILED else None

    def drop(self, names: Iterable[str]) -> None:
        """Remove runs that cannot be the best."""
        for name in names:
            shutil.rmtree(self.run(name), ignore_errors=True)

    def crown(self, name: str) -> Path:
        """Move the run of the best point to its place; raises OSError."""
        best = self.path / BEST
        if best.exists():
            shutil.rmtree(best)
        durable.write_text(self.path / "best.txt", name + "\n")
        self.run(name).rename(best)
        shutil.rmtree(self.path / RUNS, ignore_errors=True)
        return best

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the folder against other sweeps; raises SweepError."""
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            with locked(self.path):
                yield
        except RunError:
            raise SweepError(f"another sweep is at work in {self.path}") from None


def changes(known: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Describe how a sweep differs from one that is in the folder; empty if it does not."""
    if known["spec"] != facts["spec"]:
        return f"spec differs: {difference(known['spec'], facts['spec'])}"
    if known["data"] != facts["data"]:
        roles = [r for r in facts["data"] if known["data"].get(r) != facts["data"][r]]
        name = facts["data"][roles[0]]["name"] if roles else "a file"
        return f"data differ: {name} is not what it was trained on"
    for name, value in facts["options"].items():
        if known["options"].get(name) != value:
            before, now = (_given(v) for v in (known["options"].get(name), value))
            return f"option --{name.replace('_', '-')} differs: it was {before}, now it is {now}"
    return ""


def _given(value: Any) -> str:
    return "not given" if value in (None, []) else str(value)
