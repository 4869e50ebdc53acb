"""`nnc train`: compile a spec, and train the module on data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from ..ir.bounds import MAX_WHOLE
from . import terminal
from .app import app
from .compile import compiled_spec
from .data_options import DataWanted, data_options
from .epochs import telling
from .memory_option import memory_option
from .output import check_output
from .spec import Spec, read_spec, spec_argument, spec_text
from .values import File, Real, Whole

if TYPE_CHECKING:
    from nnc.runtime.dataset import Dataset
    from nnc.runtime.module import Module
    from nnc.runtime.training import TrainResult

    from ..ir.layer_graph import TypedGraph

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line; None leaves the choice to the spec.

    Every so many epochs are told, and the last; with None only that.
    """

    epochs: int | None
    batch: int | None
    lr: float | None
    seed: int | None
    allow_divergence: bool
    every: int | None


@app.command()
@spec_argument
@spec_text
@data_options
@click.option(
    "--epochs",
    metavar="NUMBER",
    type=Whole(0, MAX_WHOLE),
    help="Passes over the data; default: the spec's, else 10.",
)
@click.option(
    "--batch",
    metavar="ROWS",
    type=Whole(1, MAX_WHOLE),
    help="Rows per step; default: the spec's, else 32.",
)
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
    "--output",
    "--out",
    "-o",
    metavar="FILE",
    type=File("the name of a file"),
    callback=lambda ctx, param, name: None if name is None else Path(name),
    help="File in which to save the parameters, as .npz.",
)
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
def train(
    source: DataWanted,
    spec: str | None,
    code: str | None,
    epochs: int | None,
    batch: int | None,
    lr: float | None,
    seed: int | None,
    output: Path | None,
    every: int,
    quiet: bool,
    allow_divergence: bool,
    max_memory: int,
) -> None:
    """Train a spec's network and report loss and metrics after every epoch.

    Ctrl-C stops and keeps the weights. If the loss explodes, training also stops,
    with exit code 1; the last good weights are saved. The saved parameters are
    read by the load_params of the module that `nnc compile` writes.

    Examples:

      nnc train examples/digits.nn --data digits --epochs 20 -o digits.npz

      nnc train mnist.nn --data mnist/ --batch 10 --lr 0.5 --seed 1

      nnc train iris.nn --data iris.csv --test-fraction 0.2 --lr 0.1 --every 10
    """
    read = read_spec(spec, code)
    check_output(output, read.files)
    source.keep(output)
    from nnc.runtime.dataset import DataError

    wanted = Wanted(epochs, batch, lr, seed, allow_divergence, None if quiet else every)
    with imported(read, max_memory) as (module, graph):
        try:
            loaded = source.load(module, seed or 0, _warn)
            _warn_of_scales(graph, module, loaded.train, lr)
            result = _trained(module, loaded.train, loaded.test, wanted)
        except DataError as error:
            click.echo(f"error: {error}", err=True)
            raise Exit(terminal.FAILED) from None
        _finish(module, result, output, quiet)


@contextmanager
def imported(spec: Spec, max_memory: int) -> Iterator[tuple[Module, TypedGraph]]:
    """The spec's module and network, the module compiled and imported from a file that lives as long as it is used."""
    from nnc.runtime.module import import_module

    from ..driver import Options

    compiled = compiled_spec(spec, Options(format=False, max_memory=max_memory))
    terminal.show_on_stderr(compiled.report)
    with TemporaryDirectory(prefix="nnc-") as folder:
        path = Path(folder) / "model.py"
        path.write_text(compiled.code, encoding="utf-8")
        module = import_module(path)
        if not hasattr(module, "train_step"):
            click.echo(
                f"error: {spec.source.name} has no loss to train towards; add one, such as `loss mse`",
                err=True,
            )
            raise Exit(terminal.FAILED)
        yield module, compiled.graph


def _warn_of_scales(graph: TypedGraph, module: Module, data: Dataset, lr: float | None) -> None:
    """Say so where inputs are far from the scale that networks train on, or targets out of reach."""
    from nnc.runtime.fit import fit_targets
    from nnc.runtime.scaling import unreachable, unscaled

    from ..optimizers import OPTIMIZERS
    from ..optimizers.registry import WITHOUT
    from ..report.scales import bounded_outputs, raw_inputs

    for sentence in unreachable(fit_targets(data, module).data, bounded_outputs(graph)):
        _warn(sentence)
    if lr is None and hasattr(module, "solve"):
        return
    rate = lr or module.TRAIN.get("lr")
    descends = OPTIMIZERS[module.TRAIN.get("optimizer", WITHOUT)].descends
    for sentence in unscaled(data, raw_inputs(graph), rate if descends else None):
        _warn(sentence)


def _warn(sentence: str) -> None:
    click.echo(f"warning: {sentence}", err=True)


def _trained(module: Module, data: Dataset, test: Dataset | None, wanted: Wanted) -> TrainResult:
    from nnc.runtime.training import plan
    from nnc.runtime.training import train as run_training

    epochs, batch, lr, seed = wanted.epochs, wanted.batch, wanted.lr, wanted.seed
    chosen = plan(module, len(data), epochs=epochs, batch=batch, lr=lr, seed=seed)
    with telling(len(data), chosen.epochs, wanted.every) as (report, progress):
        return run_training(
            module,
            data,
            test=test,
            epochs=epochs,
            batch=batch,
            lr=lr,
            seed=seed,
            report=report,
            progress=progress,
            tell=_warn,
            allow_divergence=wanted.allow_divergence,
        )


def _finish(module: Module, result: TrainResult, out: Path | None, quiet: bool) -> None:
    """Save what was learned, say how it ended, and exit accordingly."""
    from nnc.runtime.scores import confusion_text
    from nnc.runtime.training import Ending

    for name, counts in result.confusion.items():
        click.echo(f"confusion {name}".strip() + ": true classes down, predicted ones across")
        click.echo(confusion_text(counts))
    if result.message:
        lead = "error: " if result.ending is Ending.DIVERGED else ""
        click.echo(f"{lead}{result.message}", err=True)
    if out is not None and (result.epoch or result.ending is not Ending.DIVERGED):
        _save(module, result, out)
        if not quiet:
            _say_saved(result, out)
    codes = {Ending.DONE: terminal.OK, Ending.INTERRUPTED: INTERRUPTED}
    raise Exit(codes.get(result.ending, terminal.FAILED))


def _save(module: Module, result: TrainResult, out: Path) -> None:
    try:
        result.save(module, out)
    except OSError as error:
        click.echo(f"error: cannot write {out}: {error.strerror or error}", err=True)
        raise Exit(terminal.FAILED) from None


def _say_saved(result: TrainResult, out: Path) -> None:
    if not result.state:
        click.echo(f"parameters saved to {out}")
        return
    click.echo(f"parameters and state saved to {out}; they belong together, so load both:")
    click.echo("`params, state = load_params(path)`, then `predict(params, x, state=state)`")
