"""What was learned from a training table, and kept so that new tables are read alike."""

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

    `name` is empty in tables without column names, where `place`, from 0, tells it. `words` are
    the categories or classes in the order of their ids; `fill` is what stands in for a gap: the
    mean of numbers, the most frequent of words.
    """

    name: str
    place: int
    kind: Kind
    words: tuple[str, ...] = ()
    fill: float | str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The columns of one input or target of the model, in order; `ids` if it reads whole numbers."""

    name: str
    fields: tuple[Field, ...]
    ids: bool = False


@dataclass(frozen=True)
class Encoding:
    """How a table becomes a dataset: which columns, which words, what stands in gaps.

    `table` is the name of the training table, `header` whether it had column names, `width` how
    many columns.
    """

    table: str
    header: bool
    width: int
    inputs: tuple[Part, ...]
    targets: tuple[Part, ...] = ()
    weights: Field | None = None
    missing: Missing = Missing.ERROR

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the target's classes; none where these are numbers, or several targets."""
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
        """A new table as the training table was read; raises DataError where it differs.

        Columns are found by name, and those that the model does not use are left alone. The
        targets may be absent unless they are needed; so may the weights of the rows.
        """
        from .encode import dataset_of
        from .match import fields_in
        from .table import open_table

        names = [field.name for part in self.inputs for field in part.fields if self.header]
        opened = open_table(Path(table), names=names, tell=tell)
        return dataset_of(opened, fields_in(opened, self, need_target, tell), module, tell)

    def to_json(self) -> dict[str, Any]:
        """A plain form for a file; `from_json` reads it."""
        from .encoding_json import written

        return written(self)

    @staticmethod
    def from_json(raw: object) -> Encoding:
        """The encoding that `to_json` wrote; raises DataError where it is damaged."""
        from .encoding_json import read

        return read(raw)
