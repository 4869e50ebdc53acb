"""The encoding fitted to a training table, which is kept so that new tables are read alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .dataset import Dataset
from .frame import Kind
from .missing import Missing
from .module import Module


@dataclass(frozen=True, slots=True)
class Field:
    """A column as the model uses it.

    `name` is empty in tables without column names, where `place`, counted from 0, identifies the
    column. `words` are the categories or classes in the order of their ids; `fill` replaces missing
    values: the mean of numbers, the most frequent word."""

    name: str
    place: int
    kind: Kind
    words: tuple[str, ...] = ()
    fill: float | str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The columns of one input or target, in order; `ids` says whether it takes whole numbers."""

    name: str
    fields: tuple[Field, ...]
    ids: bool = False


@dataclass(frozen=True)
class Encoding:
    """How a table becomes a data set: its columns, their words, and the values that fill gaps.

    `table` is the name of the training table, `header` whether it had column names, `width` its
    number of columns."""

    table: str
    header: bool
    width: int
    inputs: tuple[Part, ...]
    targets: tuple[Part, ...] = ()
    weights: Field | None = None
    missing: Missing = Missing.ERROR

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names of the target; empty for numbers, or for several targets."""
        fields = [field for part in self.targets for field in part.fields]
        one = len(fields) == 1 and fields[0].kind is Kind.WORDS
        return fields[0].words if one else ()

    def apply(
        self,
        table: str | Path,
        module: Module,
        *,
        need_target: bool = True,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Dataset:
        """Read a new table as the training table was read; raises DataError where it differs.

        Columns are found by name, and those that the model does not use are ignored. The targets
        may be absent unless they are needed; the weights of the rows may always be."""
        from .encode import dataset_of
        from .match import fields_in
        from .table import open_table

        names = [field.name for part in self.inputs for field in part.fields if self.header]
        opened = open_table(Path(table), names=names, tell=tell)
        return dataset_of(opened, fields_in(opened, self, need_target, tell), module, tell)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-compatible form, which `from_json` reads."""
        from .encoding_json import written

        return written(self)

    @staticmethod
    def from_json(raw: object) -> Encoding:
        """Return the encoding that `to_json` wrote; raises DataError where it is damaged."""
        from .encoding_json import read

        return read(raw)
