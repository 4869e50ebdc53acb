"""Data sets of all kinds: shipped ones by name, .npz and .csv files, folders of IDX files."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from .dataset import DataError, Dataset
from .datasets import SHIPPED
from .fit import fit_rows, require_rows
from .idx import read_idx_folder
from .module import Module
from .npz import read_npz
from .table import read_csv

__all__ = ["DataError", "Dataset", "load"]

TABLES = (".csv", ".tsv", ".txt")
"""How the names of files end that are read as tables."""


def load(
    where: str | Path,
    module: Module,
    *,
    target: str | None = None,
    test: str | Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Dataset, Dataset | None]:
    """Data for a module, and a test set: from `test`, or as the source itself sets one apart.

    `where` and `test` are the name of a shipped set (`digits`), an .npz or .csv file, or a folder
    of IDX files. `target` names the target column(s) of .csv files; of two, the columns of the
    second are found by name. `tell` hears in a sentence of what was in doubt there. Raises
    DataError.
    """
    if test is None:
        return _load(where, module, target, tell)
    if _is_table(where) and _is_table(test):
        return _load_csv(Path(where), module, target, Path(test), tell)
    return _load(where, module, target, tell)[0], _load(test, module, target, tell)[0]


def _load(
    where: str | Path, module: Module, target: str | None, tell: Callable[[str], None]
) -> tuple[Dataset, Dataset | None]:
    path = Path(where)
    if not path.exists() and str(where) in SHIPPED:
        train, test = SHIPPED[str(where)]()
        return fit_rows(train, module), fit_rows(test, module)
    if path.is_dir():
        first, second = read_idx_folder(path)
        return fit_rows(first, module), fit_rows(second, module) if second else None
    if not path.exists():
        shipped = ", ".join(SHIPPED)
        raise DataError(f"{path}: there is no such file or folder, nor shipped data ({shipped})")
    if _is_table(path):
        return _load_csv(path, module, target, None, tell)
    if path.suffix.lower() == ".npz":
        ragged = getattr(module, "RAGGED", ())
        data = read_npz(path, list(module.INPUTS), list(module.TARGETS), ragged)
        require_rows(data, module)
        return data, None
    raise DataError(f"{path}: expected an .npz or .csv file, or a folder of IDX files")


def _is_table(where: str | Path) -> bool:
    path = Path(where)
    return path.suffix.lower() in TABLES and path.is_file()


def _load_csv(
    path: Path,
    module: Module,
    target: str | None,
    test: Path | None,
    tell: Callable[[str], None],
) -> tuple[Dataset, Dataset | None]:
    if len(module.INPUTS) != 1 or len(module.TARGETS) > 1:
        raise DataError(f"{path}: a table fits a model with one input and one target; use .npz")
    inputs = _columns(next(iter(module.INPUTS.values())), path)
    widths = {1} | {_columns(shape, path) for shape in module.TARGETS.values()}
    ways = sorted(widths) if module.TARGETS else ()
    first, second = read_csv(path, inputs, ways, target, test=test, tell=tell)
    return fit_rows(first, module), fit_rows(second, module) if second else None


def _columns(shape: tuple[int | str, ...], path: Path) -> int:
    if not all(isinstance(n, int) for n in shape[1:]):
        raise DataError(f"{path}: a table cannot hold rows of {shape[1:]}; use .npz")
    return math.prod(map(int, shape[1:]))
