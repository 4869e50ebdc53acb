"""`nnc.sweep`: many trainings of one spec, from Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..ir.bounds import DEFAULT_MEMORY
from .specs import SpecText, read

if TYPE_CHECKING:
    from ..cli.sweeping import SweepWanted, Swept
    from ..sweeps.axes import Axis

Values = Iterable[Any] | str


@dataclass(frozen=True, slots=True)
class SweepResult:
    """The points of a sweep, the best first; `str` gives the table that `nnc sweep` prints.

    Each of `rows` is a dict: the settings as text, the mean scores on the validation data under
    `validation loss`, …, the number of `seeds` and of those that `finished`, and the `fault` of
    the others. `best_run` is the folder of the best training, None if none has finished."""

    rows: Sequence[Mapping[str, Any]]
    best_run: Path | None
    folder: Path
    _table: str

    @property
    def best(self) -> Mapping[str, Any] | None:
        """The best row; None if no point has finished."""
        return self.rows[0] if self.rows and self.best_run is not None else None

    def __str__(self) -> str:
        return self._table


def sweep(
    spec: SpecText,
    data: str | os.PathLike[str],
    grid: Mapping[str, Values],
    folder: str | os.PathLike[str],
    *,
    random: int | None = None,
    seeds: int = 1,
    seed: int | None = None,
    validation: str | float = 0.2,
    by: str = "loss",
    epochs: int | None = None,
    batch: int | None = None,
    patience: int | None = None,
    target: str | None = None,
    features: str | None = None,
    test: str | None = None,
    jobs: int | None = None,
    dask: str | None = None,
    backend: str = "numpy",
    freeze: Iterable[str] = (),
    overwrite: bool = False,
    max_memory: int = DEFAULT_MEMORY,
    progress: Callable[[str], None] | None = None,
) -> SweepResult:
    """Train a spec with many values of its constants and training arguments, as `nnc sweep` does.

    `spec` is the text, or a `pathlib.Path`; `data` the name of a file or of a shipped set, which
    each process reads. `grid` has the values of each name: a list, or a text such as
    `"1e-4..1e-1"`, a range for `random` points. `folder` keeps the results; the same call again
    goes on with what is missing. The other keywords are the options of `nnc sweep`. `progress`
    receives a line about each training that has ended.

    Raises CompileError if the spec has errors, ValueError for a name that cannot vary or a folder
    of another sweep, OSError where the folder cannot be written."""
    from nnc.runtime.cores import cores
    from nnc.runtime.tables.missing import Missing

    from ..cli.data_options import DataWanted
    from ..cli.sweeping import SweepWanted
    from ..cli.trainings import Wanted

    source = DataWanted(os.fspath(data), target, features, None, Missing.ERROR, test, None)
    training = Wanted(source, validation, epochs, batch, None, seed, patience)
    how = (random, seeds, by, jobs or cores(), dask, backend, tuple(freeze), max_memory, overwrite)
    text = _whole_text(spec, max_memory)
    return _swept(SweepWanted(text, _axes(grid), training, Path(folder), *how), progress)


def _whole_text(spec: SpecText, max_memory: int) -> str:
    """Return the text of a spec that can be trained, with what it includes."""
    from ..frontend.inline import inline_includes

    given = read(spec)
    _require_trainable(given.source.text if isinstance(spec, str) else Path(spec), max_memory)
    return inline_includes(given.source, given.files.load)


def _axes(grid: Mapping[str, Values]) -> tuple[Axis, ...]:
    from ..sweeps.axes import read_axes

    return read_axes(f"{name}={_text(values)}" for name, values in grid.items())


def _swept(wanted: SweepWanted, progress: Callable[[str], None] | None) -> SweepResult:
    from ..cli.sweeping import run_sweep
    from ..sweeps.report import told

    return _result(
        run_sweep(
            wanted, lambda state, outcome: progress(told(state, outcome)) if progress else None
        )
    )


def _text(values: Values) -> str:
    if isinstance(values, str):
        return values
    return ",".join(_value(value) for value in values)


def _value(value: Any) -> str:
    """Return a value as a spec has it: a tuple is a list there, True is `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return str(value)


def _require_trainable(spec: SpecText, max_memory: int) -> None:
    """Raise CompileError for a spec with errors, ValueError for one without a loss."""
    from .specs import graph

    if not any(node["losses"] for _, node in graph(spec, max_memory=max_memory).nodes(data=True)):
        raise ValueError("the spec has no loss to train towards; add one, such as `loss mse`")


def _result(swept: Swept) -> SweepResult:
    from ..sweeps.ranking import JUDGE, names_of
    from ..sweeps.table import text_table

    names = names_of(found for row in swept.rows for found in row.outcomes)
    rows = [
        {
            **row.settings,
            **{f"{JUDGE} {name}": row.mean(JUDGE, name) for name in names},
            "seeds": len(row.outcomes),
            "finished": len(row.finished),
            "fault": row.fault,
        }
        for row in swept.rows
    ]
    return SweepResult(rows, swept.best, swept.folder, text_table(swept.rows, swept.by))


SweepResult.__module__ = "nnc"
