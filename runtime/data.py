"""Loading of data sets: shipped ones by name, tables, .npz and .npy files, folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .dataset import DataError, Dataset
from .datasets import SHIPPED
from .files.idx import read_idx_folder
from .files.images import has_images, read_images
from .files.npz import read_npy_file, read_npy_folder, read_npz
from .fit import fit_rows, require_rows
from .module import Module
from .tables.columns import Named
from .tables.encode import dataset_of
from .tables.encoding import Encoding
from .tables.learn import learn
from .tables.match import fields_in, require_same_columns
from .tables.missing import Missing
from .tables.table import is_table, open_table

__all__ = ["DataError", "Dataset", "Loaded", "load", "load_encoded"]

Tell = Callable[[str], None]


@dataclass(slots=True)
class Loaded:
    """The training data, the test data if there are any, and how a table was read.

    `names` are the class names where the source has them. `train, test = load(…)` unpacks the two
    sets."""

    train: Dataset
    test: Dataset | None = None
    encoding: Encoding | None = None
    names: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Dataset | None]:
        return iter((self.train, self.test))


def load(
    where: str | Path,
    module: Module,
    *,
    target: str | None = None,
    features: str | None = None,
    weights: str | None = None,
    missing: str = "error",
    test: str | Path | None = None,
    tell: Tell = lambda _: None,
) -> Loaded:
    """Return data for a module, and a test set: `test`, or the source's own.

    `where` and `test` are the name of a shipped set (`digits`), a table (.csv, .tsv, .parquet,
    .jsonl), an .npz or .npy file, or a folder. For tables, `target`, `features` and `weights` name
    columns (separated by commas), and `missing` says how to treat missing values: `error`, `drop`
    the row, or fill with the `mean`. The columns of a test table are matched by name. `tell`
    receives a sentence for each doubtful choice. Raises DataError."""
    if is_table(where):
        named = Named(target, features, weights)
        return _load_table(Path(where), module, named, Missing(missing), test, tell)
    if any((target, features, weights)):
        raise DataError(f"{where}: this is no table, whose columns could be named")
    loaded = _load(where, module)
    if test is not None:
        loaded.test = _other(test, module, tell)
    return loaded


def load_encoded(
    table: str | Path,
    encoding: Encoding,
    module: Module,
    *,
    need_target: bool = True,
    tell: Tell = lambda _: None,
) -> Dataset:
    """Read a new table as the training table was read; raises DataError where it differs.

    Columns are found by name, and those that the model does not use are ignored. The targets
    may be absent unless they are needed; the weights of the rows may always be."""
    names = [field.name for part in encoding.inputs for field in part.fields if encoding.header]
    opened = open_table(Path(table), names=names, tell=tell)
    return dataset_of(opened, fields_in(opened, encoding, need_target, tell), module, tell)


def _other(test: str | Path, module: Module, tell: Tell) -> Dataset:
    """Load the test set of a source that is not a table."""
    if is_table(test):
        return _load_table(Path(test), module, Named(), Missing.ERROR, None, tell).train
    return _load(test, module).train


def _load(where: str | Path, module: Module) -> Loaded:
    path = Path(where)
    if not path.exists() and str(where) in SHIPPED:
        train, test = SHIPPED[str(where)]()
        return Loaded(fit_rows(train, module), fit_rows(test, module))
    if path.is_dir():
        return _load_folder(path, module)
    if not path.exists():
        shipped = ", ".join(SHIPPED)
        raise DataError(f"{path}: there is no such file or folder, nor shipped data ({shipped})")
    read = {".npz": read_npz, ".npy": read_npy_file}.get(path.suffix.lower())
    if read is None:
        raise DataError(
            f"{path}: expected an .npz or .csv file, or another table, an .npy file, or a folder of "
            "IDX or .npy files or of images by class"
        )
    return Loaded(_required(read(path, module), module))


def _load_folder(path: Path, module: Module) -> Loaded:
    if next(path.glob("*.npy"), None) is not None:
        return Loaded(_required(read_npy_folder(path, module), module))
    if has_images(path):
        train, test, classes = read_images(path, module)
        return Loaded(train, test, names=classes)
    first, second = read_idx_folder(path)
    return Loaded(fit_rows(first, module), fit_rows(second, module) if second else None)


def _required(data: Dataset, module: Module) -> Dataset:
    require_rows(data, module)
    return data


def _load_table(
    path: Path,
    module: Module,
    named: Named,
    missing: Missing,
    test: str | Path | None,
    tell: Tell,
) -> Loaded:
    beside = Path(test) if test is not None and is_table(test) else None
    table = open_table(path, beside, tell=tell)
    encoding = learn(table, module, named, missing)
    train = dataset_of(table, encoding, module, tell)
    if beside is None:
        second = None if test is None else _load(test, module).train
        return Loaded(train, second, encoding, encoding.classes)
    other = open_table(beside, path, tell=tell)
    require_same_columns(other.layout, table.layout)
    there = fields_in(other, encoding, True, tell)
    return Loaded(train, dataset_of(other, there, module, tell), encoding, encoding.classes)
