"""The steps of a sweep, for `nnc sweep` and for `nnc.sweep`: no options, no exits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..sweeps.axes import Axis, points
from ..sweeps.errors import SweepError
from ..sweeps.folder import FORMAT, Folder
from ..sweeps.knobs import WHOLE, knobs_of, unknown, vary, written_seed
from ..sweeps.outcome import FAILED, Outcome
from ..sweeps.points import Task, seeds_from
from ..sweeps.progress import Progress
from ..sweeps.ranking import Row
from ..version import VERSION

if TYPE_CHECKING:
    from .trainings import Wanted

PROGRAM = "nnc.cli.sweep_worker"


@dataclass(frozen=True, slots=True)
class SweepWanted:
    """A sweep: the spec's text with its includes, what varies, and how each point is trained.

    `count` is the number of random points (None: the whole grid), `seeds` the number of trainings
    of each point, `by` the score on the validation data that orders the points. `jobs` is the
    number of processes, `dask` the address of a scheduler in their place."""

    spec: str
    axes: tuple[Axis, ...]
    wanted: Wanted
    folder: Path
    count: int | None = None
    seeds: int = 1
    by: str = "loss"
    jobs: int = 1
    dask: str | None = None
    backend: str = "numpy"
    frozen: tuple[str, ...] = ()
    max_memory: int = 0
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Swept:
    """The points in order, the best first, and the folder of the best run if there is one."""

    rows: tuple[Row, ...]
    by: str
    folder: Path
    best: Path | None
    known: int = 0


def run_sweep(sweep: SweepWanted, tell: Callable[[Progress, Outcome], None]) -> Swept:
    """Train all points that have no result yet; raises SweepError, OSError, DataError.

    What goes wrong in one point is its result. Results are in the folder as soon as they are
    there, so that a sweep that was stopped goes on."""
    tasks = tasks_of(sweep)
    folder = Folder(sweep.folder)
    with folder.lock():
        folder.open(_facts(sweep), sweep.overwrite)
        progress = Progress(folder, sweep.by, tasks)
        known = {task.name: found for task in tasks if (found := folder.known(task))}
        for task in tasks:
            if task.name in known:
                progress.add(task, known[task.name])
        for task, outcome in _outcomes(sweep, [t for t in tasks if t.name not in known]):
            progress.add(task, outcome)
            tell(progress, outcome)
        return _finished(sweep, progress, len(known))


def _outcomes(sweep: SweepWanted, tasks: Sequence[Task]) -> Iterator[tuple[Task, Outcome]]:
    if sweep.dask is not None:
        from ..sweeps.cluster import outcomes
        from .sweep_task import run_task

        return outcomes(tasks, sweep.dask, run_task)
    from ..sweeps.workers import Workers

    return Workers(PROGRAM, sweep.jobs).outcomes(tasks)


def tasks_of(sweep: SweepWanted) -> list[Task]:
    """Return the trainings of all points; raises SweepError for a name that cannot vary."""
    _check_names(sweep)
    options = _options(sweep.wanted)
    compiled = {
        "target": sweep.backend,
        "frozen": list(sweep.frozen),
        "max_memory": sweep.max_memory,
    }
    place, first = os.path.abspath(sweep.folder), sweep.wanted.seed
    if first is None and sweep.seeds > 1:
        first = written_seed(sweep.spec)
    return [
        Task(settings, seed, *_spec_of(sweep.spec, settings), place, options, compiled)
        for settings in points(sweep.axes, sweep.count, first or 0)
        for seed in seeds_from(first, sweep.seeds)
    ]


def _options(wanted: Wanted) -> dict[str, Any]:
    """Return the options of every training, with paths that hold in any folder."""
    options = {**wanted.options(), "seed": None}
    source = options["source"]
    for role in ("data", "test"):
        source[role] = _absolute(source[role])
    options["validation"] = _absolute(options["validation"])
    return options


def _absolute(name: Any) -> Any:
    """Return the absolute path of a file; the name of a set remains."""
    return os.path.abspath(name) if isinstance(name, str) and os.path.exists(name) else name


def _spec_of(spec: str, settings: Mapping[str, str]) -> tuple[str, str]:
    """Return the spec of a point, or why there is none: `optimizer sgd` has no beta1."""
    try:
        return vary(spec, settings), ""
    except SweepError as error:
        return "", str(error)


def _check_names(sweep: SweepWanted) -> None:
    """Refuse a name that is in none of the specs, and one that an option sets, too."""
    known = set(knobs_of(sweep.spec))
    for axis in sweep.axes:
        if axis.name in WHOLE:
            for value in axis.values:
                known |= set(knobs_of(vary(sweep.spec, {axis.name: value})))
    for axis in sweep.axes:
        if axis.name not in known:
            raise SweepError(unknown(axis.name, [*knobs_of(sweep.spec)]))
        last = axis.name.removeprefix("train.")
        if last in ("epochs", "batch") and getattr(sweep.wanted, last) is not None:
            raise SweepError(f"{axis.name} varies: leave out --{last}")


def _facts(sweep: SweepWanted) -> dict[str, Any]:
    """Return what all points share, for sweep.json."""
    from .train_runs import fingerprints

    options = sweep.wanted.options()
    source = options.pop("source")
    options = {**{k: v for k, v in source.items() if k not in ("data", "test")}, **options}
    unlike = ("seed", "output", "tensorboard", "params", "allow_divergence", "lr")
    shared = {name: value for name, value in options.items() if name not in unlike}
    return {
        "format": FORMAT,
        "nnc": VERSION,
        "spec": sweep.spec,
        "options": {**shared, "backend": sweep.backend, "freeze": list(sweep.frozen)},
        "data": fingerprints(sweep.wanted),
    }


def _finished(sweep: SweepWanted, progress: Progress, known: int) -> Swept:
    """Write tables and chart, and move the best run to its place."""
    from nnc.runtime import durable

    from ..sweeps.chart import sweep_chart
    from ..sweeps.table import csv_table, json_table

    rows, leading = progress.rows(), progress.leading
    best = None if leading is None else _crown(progress, leading)
    path = sweep.folder
    durable.write_text(path / "results.csv", csv_table(rows))
    durable.write_text(
        path / "results.json", json_table(rows, sweep.by, leading.name if leading else None)
    )
    if chart := sweep_chart(rows, sweep.by):
        durable.write_text(path / "results.svg", chart)
    return Swept(tuple(rows), sweep.by, path, best, known)


def _crown(progress: Progress, leading: Task) -> Path:
    """Move the best run to its place; train it again if somebody has removed it."""
    from .sweep_task import polish, run_task

    if not progress.folder.run(leading.name).exists():
        again = run_task(leading)
        if again.ending == FAILED:
            raise SweepError(f"the best run could not be trained again: {again.message}")
    best = progress.folder.crown(leading.name)
    polish(best)
    return best
