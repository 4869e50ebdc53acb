"""Runs of `nnc train`: a new run in a folder, a resumed run, or trainings with several seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.exceptions import Exit

from ..ir.bounds import MAX_MEMORY as NO_LIMIT
from ..version import VERSION
from . import terminal
from .messages import fail
from .trained import spec_of_run
from .trainings import (
    Ended,
    Sets,
    Wanted,
    conduct,
    from_options,
    imported,
    load_sets,
    save,
    tell_ending,
    told_faults,
)

if TYPE_CHECKING:
    from nnc.runtime.keeper import Keeper
    from nnc.runtime.module import Module
    from nnc.runtime.parallel.ranks import Ranks
    from nnc.runtime.run import Run


def begin_run(
    folder: Path, module: Module, code: str, loaded: Sets, wanted: Wanted, overwrite: bool
) -> Run:
    """Create the folder of a new run; exits where that is not possible."""
    try:
        return create(folder, module, code, loaded, wanted, overwrite)
    except OSError as error:
        fail(f"cannot write {folder}: {error.strerror or error}")


def create(
    folder: Path, module: Module, code: str, loaded: Sets, wanted: Wanted, overwrite: bool
) -> Run:
    """Create the folder of a new run; raises RunError or OSError."""
    from nnc.runtime.run import create_run
    from nnc.runtime.tables.encoding_json import written

    return create_run(
        folder,
        code,
        module.SPEC,
        options=wanted.options(),
        data=fingerprints(wanted),
        version=VERSION,
        encoding=written(loaded.encoding) if loaded.encoding else None,
        overwrite=overwrite,
    )


def fingerprints(wanted: Wanted) -> dict[str, Any]:
    """Return the fingerprints of the data sources, by role."""
    from nnc.runtime.fingerprint import fingerprint

    return {role: fingerprint(name) for role, name in wanted.sources().items()}


def resume(
    folder: Path, epochs: int | None, output: Path | None, every: int | None, ranks: Ranks
) -> NoReturn:
    """Resume a run with its own options; `epochs` and `output` may replace those of the run.

    It may go on with another number of ranks than before."""
    from nnc.runtime.fingerprint import place
    from nnc.runtime.run import open_run

    with told_faults():
        run = open_run(folder)
        run.require_unchanged()
        places = {role: place(known) for role, known in run.data.items()}
        wanted = from_options(run.options, places)
        if run.newest() is not None:
            wanted = replace(wanted, params=None)
        if epochs is not None:
            wanted = replace(wanted, epochs=epochs)
        if output is not None:
            wanted = replace(wanted, output=str(output.absolute()))
        with module_of(run, ranks) as module:
            train_in(run, module, load_sets(module, wanted), wanted, every, ranks)


@contextmanager
def module_of(run: Run, ranks: Ranks) -> Iterator[Module]:
    """Yield the module of a run; for several ranks, one whose functions take a share of a batch."""
    module = run.module
    if not ranks.several or hasattr(module, "share_counts"):
        yield module
        return
    frozen = module.PARAM_SHAPES.keys() - getattr(module, "TRAINED_SHAPES", module.PARAM_SHAPES)
    backend = "numba" if hasattr(module, "compiled") else "numpy"
    spec = spec_of_run(str(run.path), run)
    with imported(spec, NO_LIMIT, backend, frozen=tuple(sorted(frozen)), shares=True) as made:
        yield made[0]


def train_in(
    run: Run,
    module: Module,
    loaded: Sets,
    wanted: Wanted,
    every: int | None,
    ranks: Ranks,
) -> NoReturn:
    """Train in a run's folder, from its current state; the exit code tells how it ended.

    Rank 0 keeps the run; the others only train."""
    from nnc.runtime.keeper import Keeper
    from nnc.runtime.run import locked

    if not ranks.leads:
        raise Exit(conduct(module, loaded, wanted, every, ranks=ranks).code)
    keeper = Keeper(run)
    with locked(run.path):
        ended = conduct(module, loaded, wanted, every, (keeper,), ranks)
    tell_ending(ended.result)
    save(ended.result, wanted, every is None)
    _tell_run(run, keeper, ended, every is None)
    raise Exit(ended.code)


def _tell_run(run: Run, keeper: Keeper, ended: Ended, quiet: bool) -> None:
    if keeper.error is not None:
        fail(
            f"cannot write to {run.path}: {keeper.error.strerror or keeper.error}; "
            f"`nnc train --resume {run.path}` goes on from its last checkpoint"
        )
    if ended.code > terminal.FAILED or ended.result.ending.value == "failed":
        click.echo(f"`nnc train --resume {run.path}` goes on from here", err=True)
    elif keeper.begun == len(ended.result.history):
        click.echo(
            f"{run.path} is at its end, after epoch {keeper.begun}; --epochs takes it further"
        )
    elif not quiet:
        click.echo(f"run kept in {run.path}")


def train_seeds(
    count: int,
    module: Module,
    loaded: Sets,
    wanted: Wanted,
    every: int | None,
    ranks: Ranks,
) -> NoReturn:
    """Train with several seeds on the same data; report each, then mean and spread of the scores."""
    first = wanted.seed if wanted.seed is not None else module.TRAIN.get("seed", 0)
    scores: list[dict[str, float]] = []
    code = terminal.OK
    for seed in range(first, first + count):
        click.echo(f"seed {seed}")
        board = wanted.tensorboard and f"{wanted.tensorboard}/seed-{seed}"
        one = replace(wanted, seed=seed, tensorboard=board)
        ended = conduct(module, loaded, one, every, ranks=ranks)
        tell_ending(ended.result)
        code = max(code, ended.code)
        if ended.code > terminal.FAILED:
            break
        if ended.result.epoch:
            scores.append(_scores(ended))
    if scores:
        click.echo(f"over {len(scores)} seeds, mean ± standard deviation")
        for name in scores[0]:
            click.echo(f"  {name:20} {_spread(name, [found[name] for found in scores])}")
    raise Exit(code)


def _scores(ended: Ended) -> dict[str, float]:
    """Return the scores of the kept weights, by set and name."""
    epoch = next(e for e in ended.result.history if e.number == ended.result.epoch)
    sets: Mapping[str, Mapping[str, float]] = {
        "train": epoch.train,
        "validation": epoch.validation,
        "test": epoch.test,
    }
    return {f"{where} {name}": v for where, scores in sets.items() for name, v in scores.items()}


def _spread(name: str, values: list[float]) -> str:
    from nnc.runtime.epochs import score_text

    spread = stdev(values) if len(values) > 1 else 0.0
    label = name.partition(" ")[2]
    return f"{score_text(label, mean(values))} ± {score_text(label, spread)}"
