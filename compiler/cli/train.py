"""`nnc train`: compile a spec, and train the module on data."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import click
from click.exceptions import Exit

from ..ir.bounds import MAX_WHOLE
from ..targets import backend_names
from . import train_runs
from .app import Usage, app
from .data_options import TABLES, DataWanted, Function, data_options_unless
from .freeze_option import freeze_option
from .launched import ranks_of_launch
from .length_options import length_options
from .memory_option import memory_option
from .output import check_output
from .spec import read_spec, spec_argument, spec_text
from .trainings import (
    conduct,
    imported,
    load_sets,
    save,
    tell_ending,
    told_faults,
    wanted_from,
    warn_of_data,
)
from .values import File, Real, Share, Text, Whole, check_known

if TYPE_CHECKING:
    from nnc.runtime.parallel.ranks import Ranks

RESUMABLE = ("resume", "epochs", "output", "every", "quiet")
"""The options allowed with --resume; a run remembers all others."""


def _path(ctx: click.Context, param: click.Parameter, name: str | None) -> Path | None:
    return None if name is None else Path(name)


def _target_may_name_a_backend(function: Function) -> Function:
    """For data without columns, treat `--target numba` as `nnc compile` does."""

    @wraps(function)
    def command(**words: Any) -> Any:
        target, data = words["target"], words["data"]
        columns = data is None or data.lower().endswith(TABLES)
        if not columns and words["backend"] is None and target in backend_names():
            words |= {"backend": target, "target": None}
        return function(**words)

    return cast(Function, command)


@app.command()
@spec_argument
@spec_text
@_target_may_name_a_backend
@data_options_unless("resume")
@click.option(
    "--validation",
    metavar="DATA|SHARE",
    type=Share("data, or a share such as 0.2"),
    help="Data, or the share of the training data, that chooses the best weights.",
)
@click.option(
    "--params",
    metavar="FILE",
    type=File("the name of a file"),
    help="Trained weights to begin with (.npz or .safetensors), instead of random ones.",
)
@length_options
@click.option(
    "--lr",
    metavar="RATE",
    type=Real(0),
    help="Learning rate; default: that of the spec's optimizer.",
)
@click.option(
    "--seed",
    metavar="NUMBER",
    type=Whole(0, MAX_WHOLE),
    help="Seed of the weights and the order of rows; default: the spec's.",
)
@click.option(
    "--seeds",
    metavar="COUNT",
    type=Whole(1, MAX_WHOLE),
    help="Train with so many seeds; report the mean and spread.",
)
@click.option(
    "--patience",
    metavar="N",
    type=Whole(1, MAX_WHOLE),
    help="Stop after N epochs without a lower loss; keep the best weights.",
)
@click.option(
    "--output",
    "--out",
    "-o",
    metavar="FILE",
    type=File("the name of a file"),
    callback=_path,
    help="File in which to save the parameters, as .npz or .safetensors.",
)
@click.option(
    "--run",
    metavar="DIR",
    type=Text("the name of a folder"),
    callback=_path,
    help="Folder that keeps the spec, log, checkpoints and best weights.",
)
@click.option("--overwrite", is_flag=True, help="Replace the run that is in DIR.")
@click.option(
    "--resume",
    metavar="DIR",
    type=Text("the folder of a run"),
    callback=_path,
    help="Continue the run in DIR; everything else is remembered.",
)
@click.option(
    "--tensorboard",
    metavar="DIR",
    type=Text("the name of a folder"),
    help="Folder for TensorBoard's files; needs nnc[tensorboard].",
)
@click.option(
    "--backend",
    metavar="NAME",
    help=f"What the network runs on: {', '.join(backend_names())}; default: numpy.",
)
@freeze_option
@click.option(
    "--every",
    metavar="N",
    type=Whole(1, MAX_WHOLE),
    default=1,
    show_default=True,
    help="Report every N epochs.",
)
@click.option("--quiet", "-q", is_flag=True, help="Report only the last epoch.")
@click.option("--allow-divergence", is_flag=True, help="Continue even if the loss explodes.")
@memory_option
def train(source: DataWanted | None, spec: str | None, code: str | None, **given: Any) -> None:
    """Train a spec's network and report loss and metrics after every epoch.

    Ctrl-C stops and keeps the weights. If the loss explodes, training also stops,
    with exit code 1; the last good weights are saved. The saved parameters are
    read by the load_params of the module that `nnc compile` writes.

    Examples:

      nnc train examples/digits.nn --data digits --epochs 20 -o digits.npz

      nnc train mnist.nn --data mnist/ --batch 10 --lr 0.5 --seed 1

      nnc train iris.nn --data iris.csv --validation 0.2 --patience 10 --run iris

      nnc train --resume iris

      nnc train iris.nn --data new.csv --params iris.npz --freeze dense1

      mpirun -n 4 nnc train iris.nn --data iris.csv --batch 128 --run iris
    """
    every = None if given["quiet"] else given["every"]
    with ranks_of_launch() as ranks:
        if source is None:
            _only_resume(click.get_current_context())
            train_runs.resume(given["resume"], given["epochs"], given["output"], every, ranks)
        _train(source, spec, code, given, every, ranks)


def _train(
    source: DataWanted,
    spec: str | None,
    code: str | None,
    given: dict[str, Any],
    every: int | None,
    ranks: Ranks,
) -> NoReturn:
    """Train anew; the exit code tells how it ended."""
    _check(given)
    output, kept = given["output"], given["run"] is not None
    wanted = wanted_from(given, source)
    read = read_spec(spec, code)
    check_output(output, read.files)
    wanted.keep(output)
    backend, freeze = given["backend"] or "numpy", given["freeze"]
    made = imported(
        read, given["max_memory"], backend, readable=kept, frozen=freeze, shares=ranks.several
    )
    with made as (module, compiled), told_faults():
        loaded = load_sets(module, wanted)
        warn_of_data(compiled.graph, module, loaded.train, wanted)
        if given["seeds"] is not None:
            train_runs.train_seeds(given["seeds"], module, loaded, wanted, every, ranks)
        if ranks.several:
            ranks.agree()  # before a file is written, all have read the data
        if kept and ranks.leads:
            folder, overwrite = given["run"], given["overwrite"]
            run = train_runs.begin_run(folder, module, compiled.code, loaded, wanted, overwrite)
            train_runs.train_in(run, run.module, loaded, wanted, every, ranks)
        ended = conduct(module, loaded, wanted, every, ranks=ranks)
        if ranks.leads:
            tell_ending(ended.result)
            save(ended.result, wanted, given["quiet"])
        raise Exit(ended.code)


def _check(given: dict[str, Any]) -> None:
    """Refuse options that exclude each other."""
    if given["seeds"] is not None:
        for other in ("run", "output"):
            if given[other] is not None:
                raise Usage(f"--{other}: several networks have no single place; train one seed")
    if given["overwrite"] and given["run"] is None:
        raise Usage("--overwrite: there is no --run to replace")
    if given["backend"] is not None:
        check_known(given["backend"], backend_names(), "--backend")


def _only_resume(ctx: click.Context) -> None:
    """Refuse options that a run remembers and that must not change in the middle of training."""
    for param in ctx.command.params:
        source = ctx.get_parameter_source(str(param.name))
        if source is click.core.ParameterSource.COMMANDLINE and param.name not in RESUMABLE:
            word = max(param.opts, key=len) if isinstance(param, click.Option) else "SPEC"
            raise Usage(f"{word}: a run remembers that; --resume goes on as it was begun")
