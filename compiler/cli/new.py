"""`nnc new`: a first spec, from a table or from the gallery."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit
from nnc.runtime.durable import write_text

from ..ir.bounds import MAX_WHOLE
from . import terminal
from .app import Argument, Usage, app
from .data_options import TABLES, features_option, target_option
from .files import STDIN
from .values import File, Real, Text, Whole, check_known

if TYPE_CHECKING:
    from nnc.runtime.tables.survey import Survey


@app.command()
@click.argument(
    "file",
    cls=Argument,
    metavar="FILE",
    type=File("the name of a .nn file"),
    help="The spec to write; `-` writes to standard output.",
)
@click.option(
    "--from",
    "table",
    metavar="TABLE",
    type=File("a table"),
    help="A table (.csv, .tsv, .parquet, .jsonl) that the network is to learn from.",
)
@click.option(
    "--template",
    metavar="NAME",
    type=Text("the name of a template"),
    help="A spec of the gallery: mlp, regression, cnn, resnet, lstm, tagger, transformer, "
    "autoencoder or two_inputs.",
)
@target_option
@features_option
@click.option(
    "--test-fraction",
    metavar="SHARE",
    type=Real(0, 1),
    help="Leave out the rows that `nnc train` with this option holds out.",
)
@click.option(
    "--seed",
    metavar="NUMBER",
    type=Whole(0, MAX_WHOLE),
    default=0,
    help="Seed by which these rows are drawn; default: 0.",
)
def new(
    file: str,
    table: str | None,
    template: str | None,
    target: str | None,
    features: str | None,
    test_fraction: float | None,
    seed: int,
) -> None:
    """Write a spec to begin with: for a table, or of a family of networks.

    With --from, the columns of the table determine input, output, loss and metrics;
    comments give the reasons. An existing file is never overwritten.

    Examples:

      nnc new iris.nn --from iris.csv --target species

      nnc new cnn.nn --template cnn
    """
    if (table is None) == (template is None):
        raise Usage("give either --from TABLE or --template NAME")
    path = None if file == STDIN else Path(file)
    _check_free(path)
    if template is not None:
        if any(value is not None for value in (target, features, test_fraction)):
            raise Usage("--target, --features and --test-fraction belong to --from")
        _deliver(_template(template), path)
        return
    assert table is not None
    if not table.lower().endswith(TABLES):
        raise Usage(f"--from: {table} is no table with columns")
    text, seen = _for_table(file, table, target, features, test_fraction, seed)
    _deliver(text, path)
    _tell(seen, path, table, target, test_fraction, seed)


def _check_free(path: Path | None) -> None:
    if path is None:
        return
    if path.exists() or path.is_symlink():
        raise Usage(f"{path} exists; nnc new writes over nothing")
    if not path.absolute().parent.is_dir():
        raise Usage(f"there is no folder {path.parent}")


def _template(name: str) -> str:
    from ..gallery import names, template

    check_known(name, names(), "--template")
    return template(name)


def _for_table(
    file: str,
    table: str,
    target: str | None,
    features: str | None,
    test_fraction: float | None,
    seed: int,
) -> tuple[str, Survey]:
    from nnc.runtime.dataset import DataError
    from nnc.runtime.tables.survey import survey

    from ..report.starting import NoSpec, starting_spec

    try:
        seen = survey(Path(table), target, features, test_fraction, seed)
        return starting_spec(file, seen), seen
    except DataError as error:
        click.echo(f"error: {error}", err=True)
    except NoSpec as error:
        click.echo(f"error: {table}: {error}", err=True)
    raise Exit(terminal.FAILED)


def _deliver(text: str, path: Path | None) -> None:
    if path is None:
        click.echo(text, nl=False)
        return
    try:
        write_text(path, text)
    except OSError as error:
        click.echo(f"error: cannot write {path}: {error.strerror or error}", err=True)
        raise Exit(terminal.FAILED) from None


def _tell(
    seen: Survey,
    path: Path | None,
    table: str,
    target: str | None,
    test_fraction: float | None,
    seed: int,
) -> None:
    """Print the columns that were left out, and the command that trains the network."""
    for name, why in seen.left_out:
        click.echo(
            f"left out: {name!r} ({why}); --features names columns that are to stay", err=True
        )
    if path is None:
        return
    words = ["nnc", "train", str(path), "--data", table]
    words += [] if target is None else ["--target", target]
    if seen.chosen:
        words += ["--features", ",".join(feature.name for feature in seen.features)]
    if seen.gaps or seen.target_gaps:
        words += ["--missing", "drop" if seen.target_gaps else "mean"]
    words += ["--test-fraction", "0.2" if test_fraction is None else f"{test_fraction:g}"]
    words += ["--seed", str(seed)] if seed else []
    words += ["--run", str(path.with_suffix(""))] if path.suffix else []
    click.echo(f"{path}: {seen.width} inputs, from {seen.rows} rows. Next:")
    click.echo(f"  {shlex.join(words)}")
