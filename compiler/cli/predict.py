"""`nnc predict`: predictions of a trained network for the rows of a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from .app import Argument, Usage, app
from .files import STDIN
from .memory_option import memory_option
from .messages import fail, warn
from .output import output_option
from .trained import features_option, network_argument, params_option, trained_network
from .values import File, Text

if TYPE_CHECKING:
    from nnc.runtime.dataset import Dataset
    from nnc.runtime.predictions import Answers, Columns

    from .trained import Network

DELIMITERS = {".csv": ",", ".txt": ",", ".tsv": "\t"}
PARQUET = (".parquet", ".pq")


@app.command()
@network_argument
@click.argument(
    "data",
    cls=Argument,
    metavar="DATA",
    type=File("data"),
    help="A table or an .npz file; `-` reads a table from standard input.",
)
@params_option
@features_option
@click.option(
    "--id",
    "ids",
    metavar="COLUMNS",
    type=Text("names of columns"),
    help="Columns of the table that are carried through, with commas between.",
)
@output_option
@memory_option
def predict(
    network: str,
    data: str,
    params: str | None,
    features: str | None,
    ids: str | None,
    output: Path | None,
    max_memory: int,
) -> None:
    """Predict for every row of a file, in order.

    For a classifier, one column has the predicted class, and one column for each
    class has its probability.
    The output is a table (.csv, .tsv, .parquet) or an .npz file; default: csv to
    standard output.

    Examples:

      nnc predict runs/iris new.csv -o answers.csv --id plant

      nnc predict digits.nn --params digits.npz images.npz -o answers.npz

      cat new.csv | nnc predict runs/iris -
    """
    from nnc.runtime.tables.carried import carried_columns

    _check_places(data, output)
    with trained_network(network, params, max_memory) as found, _read_from(data) as path:
        rows = found.trained.unlabelled(path, warn, features=features)
        carried = carried_columns(rows, ids) if ids else {}
        answers = _answers(found, rows)
        try:
            _write(answers, carried, rows.name, output)
        except OSError as error:
            fail(f"cannot write {output}: {error.strerror or error}")


def _check_places(data: str, output: Path | None) -> None:
    known = [*DELIMITERS, *PARQUET, ".npz"]
    if output is None:
        return
    if output.suffix.lower() not in known:
        raise Usage(f"-o: {output} must end in one of {', '.join(known)}")
    if output.is_dir() or not output.absolute().parent.is_dir():
        raise Usage(f"-o: there is no folder {output.parent}, or {output} is one")
    if data != STDIN and Path(data).exists() and output.exists() and output.samefile(data):
        raise Usage(f"-o: {output} is the data that is being read")


@contextmanager
def _read_from(data: str) -> Iterator[Path]:
    """Yield the path of a file; standard input is copied, since a table is read repeatedly."""
    if data != STDIN:
        yield Path(data)
        return
    with TemporaryDirectory(prefix="nnc-") as folder:
        path = Path(folder) / "stdin.csv"
        path.write_bytes(sys.stdin.buffer.read())
        yield path


def _answers(found: Network, rows: Dataset) -> list[Answers]:
    """Return the predictions of each output, named after its training target."""
    from nnc.runtime.predictions import Answers

    encoding = found.trained.encoding
    targets = {part.name: part for part in encoding.targets} if encoding else {}
    answers = []
    for name, y in found.trained.predict(rows).items():
        part = targets.get(name) or (next(iter(targets.values())) if len(targets) == 1 else None)
        names = [field.name for field in part.fields if field.name] if part else []
        words = part.fields[0].words if part and len(part.fields) == 1 else ()
        label = names[0] if len(names) == 1 else name
        answers.append(Answers(label, y, found.meanings[name], words, names))
    return answers


def _write(answers: Sequence[Answers], carried: Columns, name: str, output: Path | None) -> None:
    from nnc.runtime.durable import write_bytes
    from nnc.runtime.files.npz import npz_bytes
    from nnc.runtime.predictions import arrays_of, columns_of, csv_text, parquet_bytes

    suffix = output.suffix.lower() if output else ".csv"
    if suffix == ".npz":
        content = npz_bytes({**arrays_of(answers), **carried})
    else:
        columns = {**carried, **columns_of(answers, name)}
        if output is not None and suffix in PARQUET:
            content = parquet_bytes(columns, output)
        else:
            content = csv_text(columns, DELIMITERS[suffix]).encode("utf-8")
    if output is None:
        sys.stdout.write(content.decode("utf-8"))
    else:
        write_bytes(output, content)
