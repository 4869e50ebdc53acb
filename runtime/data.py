"""One door to all data: shipped sets by name, .npz and .csv files, folders of IDX files."""

from __future__ import annotations

import math
from pathlib import Path

from .dataset import DataError, Dataset
from .datasets import SHIPPED
from .fit import fit_rows, require_rows
from .idx import read_idx_folder
from .module import Module
from .npz import read_npz
from .table import read_csv

__all__ = ["DataError", "Dataset", "load"]


def load(
    where: str | Path, module: Module, *, target: str | None = None
) -> tuple[Dataset, Dataset | None]:
    """Data for a module, and a test set where the source sets one apart itself.

    `where` is the name of a shipped set (`digits`), an .npz or .csv file, or a folder of IDX
    files. `target` names the target column(s) of a .csv file. Raises DataError.
    """
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
    match path.suffix.lower():
        case ".npz":
            ragged = getattr(module, "RAGGED", ())
            data = read_npz(path, list(module.INPUTS), list(module.TARGETS), ragged)
            require_rows(data, module)
            return data, None
        case ".csv" | ".tsv" | ".txt":
            return _load_csv(path, module, target), None
        case _:
            raise DataError(f"{path}: expected an .npz or .csv file, or a folder of IDX files")


def _load_csv(path: Path, module: Module, target: str | None) -> Dataset:
    if len(module.INPUTS) != 1 or len(module.TARGETS) > 1:
        raise DataError(f"{path}: a table fits a model with one input and one target; use .npz")
    inputs = _columns(next(iter(module.INPUTS.values())), path)
    widths = {1} | {_columns(shape, path) for shape in module.TARGETS.values()}
    data = read_csv(path, inputs, sorted(widths) if module.TARGETS else (), target)
    return fit_rows(data, module)


def _columns(shape: tuple[int | str, ...], path: Path) -> int:
    if not all(isinstance(n, int) for n in shape[1:]):
        raise DataError(f"{path}: a table cannot hold rows of {shape[1:]}; use .npz")
    return math.prod(map(int, shape[1:]))
