"""The options that select the data of a command and their format, shared by several commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from nnc.runtime.tables.missing import Missing

from .app import Usage
from .values import File, Real, Text, Word

if TYPE_CHECKING:
    from nnc.runtime.data import Loaded
    from nnc.runtime.module import Module

TABLES = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".jsonl", ".ndjson")
"""Suffixes of files whose columns have names; the same as in runtime/tables/table.py."""

Function = TypeVar("Function", bound=Callable[..., Any])


def _data(required: bool) -> Callable[[Function], Function]:
    return click.option(
        "--data",
        metavar="DATA",
        required=required,
        type=File("data"),
        help="A table (.csv, .tsv, .parquet, .jsonl), an .npz or .npy file, a folder of IDX files "
        "or of images by class, or the name of a shipped set.",
    )


data_option = _data(required=True)

target_option = click.option(
    "--target",
    metavar="COLUMNS",
    type=Text("names of columns"),
    help="Target columns of a table, with commas between; default: the last.",
)
features_option = click.option(
    "--features",
    metavar="COLUMNS",
    type=Text("names of columns"),
    help="Input columns of a table, with commas between; default: all others.",
)

_COLUMNS = (
    target_option,
    features_option,
    click.option(
        "--weights",
        metavar="COLUMN",
        type=Text("the name of a column"),
        help="Column of a table that says how much each row counts.",
    ),
    click.option(
        "--missing",
        metavar="WAY",
        type=Word(Missing),
        default=Missing.ERROR.value,
        show_default=True,
        help="Cells without a value: error, drop (the row) or mean (fills the cell).",
    ),
)

_TESTS = (
    click.option(
        "--test", metavar="DATA", type=File("data"), help="Test data, measured after each epoch."
    ),
    click.option(
        "--test-fraction",
        metavar="SHARE",
        type=Real(0, 1),
        help="Fraction of the data to hold out for testing; of classes with names, as much of each.",
    ),
)


@dataclass(frozen=True, slots=True)
class DataWanted:
    """The data that the command line names."""

    data: str
    target: str | None
    features: str | None
    weights: str | None
    missing: Missing
    test: str | None
    test_fraction: float | None

    def check(self) -> None:
        """Refuse options that contradict each other."""
        if self.test is not None and self.test_fraction is not None:
            raise Usage("give either --test or --test-fraction")
        if self.data.lower().endswith(TABLES):
            return
        for name in ("target", "features", "weights"):
            if getattr(self, name) is not None:
                raise Usage(f"--{name}: {self.data} is no table with columns")
        if self.missing is not Missing.ERROR:
            raise Usage(f"--missing: {self.data} is no table with columns")

    def keep(self, output: Path | None) -> None:
        """Refuse to overwrite the data that are read."""
        if output is None or not output.exists():
            return
        for name in filter(None, (self.data, self.test)):
            if Path(name).exists() and output.samefile(name):
                raise Usage(f"-o: {output} is the data that is being read")

    def load(self, module: Module, seed: int, tell: Callable[[str], None]) -> Loaded:
        """Load training and test data, divided by the options or else by the source."""
        from nnc.runtime.data import load

        loaded = load(
            self.data,
            module,
            target=self.target,
            features=self.features,
            weights=self.weights,
            missing=self.missing,
            test=self.test,
            tell=tell,
        )
        if self.test_fraction is not None:
            stratify = bool(loaded.names)
            loaded.train, loaded.test = loaded.train.split(self.test_fraction, seed, stratify)
        return loaded


def data_options(function: Function) -> Function:
    """Add all data options to a command, which receives one validated `source: DataWanted`."""
    return _with_source(function, None)


def data_options_unless(option: str) -> Callable[[Function], Function]:
    """Like `data_options`, but data are optional if `option` is given; `source` is then None."""
    return lambda function: _with_source(function, option)


def _with_source(function: Function, unless: str | None) -> Function:
    @wraps(function)
    def command(**words: Any) -> Any:
        fields = {name: words.pop(name) for name in DataWanted.__slots__}
        if unless is not None and words[unless] is not None:
            return function(source=None, **words)
        if fields["data"] is None:
            ctx = click.get_current_context()
            param = next(param for param in ctx.command.params if param.name == "data")
            raise click.MissingParameter(ctx=ctx, param=param)
        source = DataWanted(**fields)
        source.check()
        return function(source=source, **words)

    wrapped: Any = command
    for option in reversed((_data(required=unless is None), *_COLUMNS, *_TESTS)):
        wrapped = option(wrapped)
    return cast(Function, wrapped)
