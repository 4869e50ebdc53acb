"""Predictions as a table: class names with probabilities, or numbers named after the target."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .dataset import DataError
from .module import Array
from .probabilities import Meaning, of_every_class, predicted, probabilities


@dataclass(frozen=True, slots=True)
class Answers:
    """The predictions of one output, and their names.

    `y` are the outputs (B, …, C) as the module gives them; `label` is the name of the output's
    target, `classes` the names of its classes, `numbers` those of its columns."""

    label: str
    y: Array
    meaning: Meaning
    classes: Sequence[str] = ()
    numbers: Sequence[str] = ()

    @property
    def of_classes(self) -> bool:
        """Whether each row gets one class, by the output's meaning or by the training targets."""
        return bool(self.classes) or self.meaning.tells_classes(self.y.shape[-1])

    def class_names(self) -> list[str]:
        """The class names from the encoding, or else the class ids."""
        count = max(2, self.y.shape[-1])
        return list(self.classes) if len(self.classes) == count else [str(i) for i in range(count)]


Columns = dict[str, Array]


def columns_of(answers: Sequence[Answers], name: str) -> Columns:
    """Return the columns of a table of predictions, one row for each row of the data `name`.

    Raises DataError where an output is not a row of numbers: sequences and images need an .npz
    file."""
    columns: Columns = {}
    for answer in answers:
        if answer.y.ndim != 2:
            shape = "x".join(str(n) for n in answer.y.shape[1:])
            raise DataError(
                f"{name}: each row of `{answer.label}` is an array of {shape}, which a table cannot "
                "hold; write an .npz file"
            )
        for column, values in _columns(answer, alone=len(answers) == 1):
            columns[_free(column, columns)] = values
    return columns


def arrays_of(answers: Sequence[Answers]) -> dict[str, Array]:
    """Return the arrays of an .npz file: the outputs, and any classes and probabilities."""
    arrays: dict[str, Array] = {}
    for answer in answers:
        lead = "" if len(answers) == 1 else f"{answer.label}_"
        arrays[f"{lead}y"] = answer.y
        if answer.of_classes:
            arrays[f"{lead}class"] = predicted(answer.y, answer.meaning)
            arrays[f"{lead}classes"] = np.array(answer.class_names())
        share = probabilities(answer.y, answer.meaning)
        if share is not None:
            arrays[f"{lead}probabilities"] = of_every_class(share) if answer.of_classes else share
    return arrays


def _columns(answer: Answers, alone: bool) -> Iterator[tuple[str, Array]]:
    share = probabilities(answer.y, answer.meaning)
    if answer.of_classes:
        names = answer.class_names()
        yield answer.label, np.array(names)[predicted(answer.y, answer.meaning)]
        if share is not None:
            lead = "p" if alone else f"p_{answer.label}"
            every = of_every_class(share).astype(answer.y.dtype)
            yield from ((f"{lead}_{n}", every[:, i]) for i, n in enumerate(names))
        return
    y = answer.y if share is None else share.astype(answer.y.dtype)
    width = y.shape[1]
    if len(answer.numbers) == width:
        names = list(answer.numbers)
    else:
        names = [answer.label] if width == 1 else [f"{answer.label}_{i + 1}" for i in range(width)]
    yield from ((name, y[:, i]) for i, name in enumerate(names))


def _free(name: str, taken: Mapping[str, object]) -> str:
    """Return the name, with a number appended where it is already taken."""
    return next(
        n for i in range(len(taken) + 1) if (n := f"{name}_{i + 1}" if i else name) not in taken
    )


def csv_text(columns: Mapping[str, Array], delimiter: str = ",") -> str:
    """Return a table as CSV text; numbers have the fewest digits that are exact."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(_texts(values) for values in columns.values()), strict=True))
    return text.getvalue()


def _texts(values: Array) -> list[str]:
    return [str(v) for v in (values.astype(str) if values.dtype.kind in "fiub" else values)]


def parquet_bytes(columns: Mapping[str, Array], path: Path) -> bytes:
    """Return a table as Parquet; raises DataError where the package that writes it is missing."""
    try:
        import polars
    except ImportError:
        raise DataError(f"{path}: Parquet needs polars: pip install 'nnc[tables]'") from None
    file = io.BytesIO()
    frame = {n: v.tolist() if v.dtype.kind in "UO" else v for n, v in columns.items()}
    polars.DataFrame(frame).write_parquet(file)
    return file.getvalue()
