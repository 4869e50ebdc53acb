"""`nnc sweep`: train a spec with many values of its constants and training arguments."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from ..ir.bounds import MAX_WHOLE
from ..targets import target_names
from . import terminal
from .app import Usage, app
from .data_options import DataWanted, data_options
from .freeze_option import freeze_option
from .length_options import length_options
from .memory_option import memory_option
from .messages import fail
from .spec import checked_graph, read_spec, spec_argument, spec_text
from .values import Share, Text, Whole, check_known

if TYPE_CHECKING:
    from ..sweeps.outcome import Outcome
    from ..sweeps.progress import Progress
    from .sweeping import SweepWanted, Swept

SHARE = 0.2
"""The share of the data that judges the points unless --validation says otherwise."""

SHOWN = 30
"""Most points of the table in the terminal."""


@app.command()
@spec_argument
@spec_text
@data_options
@click.option(
    "--grid",
    metavar="NAME=VALUES",
    multiple=True,
    required=True,
    type=Text("a name and its values such as lr=1e-3,1e-2"),
    help="Values of a let or of an argument of optimizer, train, loss, … with commas between, or, "
    "for --random, a range such as lr=1e-4..1e-1; repeat it for several names.",
)
@click.option(
    "--random",
    "count",
    metavar="N",
    type=Whole(1, 10_000),
    help="Draw N points instead of training the whole grid.",
)
@click.option(
    "--seeds",
    metavar="COUNT",
    type=Whole(1, 1000),
    default=1,
    show_default=True,
    help="Train each point with so many seeds; points are compared by the mean.",
)
@click.option(
    "--validation",
    metavar="DATA|SHARE",
    type=Share("data, or a share such as 0.2"),
    default=SHARE,
    show_default=True,
    help="Data, or the share of the training data, by which the points are compared.",
)
@click.option(
    "--by",
    metavar="SCORE",
    type=Text("the name of a score, such as loss"),
    default="loss",
    show_default=True,
    help="Score on the validation data that orders the points: loss, or a metric of the spec.",
)
@length_options
@click.option(
    "--patience",
    metavar="N",
    type=Whole(1, MAX_WHOLE),
    help="Stop a training after N epochs without a lower loss.",
)
@click.option(
    "--seed",
    metavar="NUMBER",
    type=Whole(0, MAX_WHOLE),
    help="Seed of the first training of each point, and of --random.",
)
@click.option(
    "--run",
    metavar="DIR",
    required=True,
    type=Text("the name of a folder"),
    help="Folder of the results; the same command again goes on with what is missing.",
)
@click.option("--overwrite", is_flag=True, help="Forget the results that are in DIR.")
@click.option(
    "--jobs",
    "-j",
    metavar="N",
    type=Whole(1, 1024),
    help="Processes that train at once; default: one for each core.",
)
@click.option(
    "--dask",
    metavar="ADDRESS",
    type=Text("the address of a scheduler such as tcp://host:8786"),
    help="Train on a dask cluster; needs nnc[sweep].",
)
@click.option(
    "--backend",
    metavar="NAME",
    default="numpy",
    show_default=True,
    help=f"What the networks run on: {', '.join(target_names())}.",
)
@freeze_option
@click.option("--quiet", "-q", is_flag=True, help="Print only the table.")
@memory_option
def sweep(source: DataWanted, spec: str | None, code: str | None, **given: Any) -> None:
    """Train a spec with many values of its constants and training arguments.

    Each point is trained as `nnc train` would train the spec with these values, on
    one core. A point that fails or diverges is a row that says so. In DIR are a table
    (results.csv, results.json), a chart (results.svg) and the run of the best point
    (best), which `nnc predict`, `nnc eval` and `nnc plot` take.

    Examples:

      nnc sweep digits.nn --data digits --grid lr=0.05,0.2 --grid momentum=0,0.9 --run sweep

      nnc sweep digits.nn --data digits --grid lr=1e-3..1 --random 20 --seeds 3 --run sweep
    """
    wanted = _wanted(source, spec, code, given)
    say = (lambda *_: None) if given["quiet"] else _say
    with _told_faults():
        from .sweeping import run_sweep

        swept = run_sweep(wanted, say)
        _report(swept, given["quiet"])


def _wanted(
    source: DataWanted, spec: str | None, code: str | None, given: dict[str, Any]
) -> SweepWanted:
    """Check the options, and the spec itself; exits on the first fault."""
    from nnc.runtime.cores import cores

    from ..frontend.inline import inline_includes
    from ..sweeps.axes import read_axes
    from ..sweeps.errors import SweepError
    from .sweeping import SweepWanted, tasks_of
    from .trainings import Wanted

    check_known(given["backend"], target_names(), "--backend")
    try:
        axes = read_axes(given["grid"])
    except SweepError as error:
        raise Usage(f"--grid: {error}") from None
    read = read_spec(spec, code)
    if not checked_graph(read, given["max_memory"]).graph.losses:
        fail(f"{read.source.name} has no loss to train towards; add one, such as `loss mse`")
    names = ("validation", "epochs", "batch", "seed", "patience")
    sweep = SweepWanted(
        inline_includes(read.source, read.files.load),
        axes,
        Wanted(source, **{name: given[name] for name in names}),
        Path(given["run"]),
        given["count"],
        given["seeds"],
        given["by"],
        given["jobs"] or cores(),
        given["dask"],
        given["backend"],
        given["freeze"],
        given["max_memory"],
        given["overwrite"],
    )
    try:
        tasks_of(sweep)
    except SweepError as error:
        raise Usage(f"--grid: {error}") from None
    return sweep


@contextmanager
def _told_faults() -> Iterator[None]:
    """Report what ends the whole sweep in one line, and exit."""
    from nnc.runtime.dataset import DataError

    from ..sweeps.errors import SweepError

    try:
        yield
    except (SweepError, DataError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or 'the folder of the sweep'}: {error.strerror or error}")


def _say(progress: Progress, outcome: Outcome) -> None:
    """Print a line about a training that has ended."""
    from ..sweeps.report import told

    click.echo(told(progress, outcome))
    sys.stdout.flush()


def _report(swept: Swept, quiet: bool) -> None:
    """Print the table and where the best run is; exit with 1 if no point has finished."""
    from ..sweeps.table import text_table

    if swept.known and not quiet:
        click.echo(f"{swept.known} trainings were there already")
    click.echo(text_table(swept.rows, swept.by, SHOWN))
    if swept.best is None:
        fail(f"no point has finished; {swept.folder / 'results.csv'} says why")
    if not quiet:
        click.echo(f"table and chart in {swept.folder}; the best run is {swept.best}")
    raise Exit(terminal.OK)
