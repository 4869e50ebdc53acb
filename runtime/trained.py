"""The trained network: its module, its weights, and the encoding of its training table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from .data import load, load_encoded
from .dataset import DataError, Dataset
from .measuring import rows_at_a_time
from .module import Array, Arrays, Module, Params
from .tables.encoding import Encoding
from .tables.frame import Kind
from .tables.table import is_table

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A network for evaluation and prediction; `encoding` is None without a training table."""

    module: Module
    params: Params
    state: Params
    encoding: Encoding | None = None

    def labelled(
        self,
        where: str | Path,
        tell: Tell,
        *,
        target: str | None = None,
        features: str | None = None,
    ) -> Dataset:
        """Load data with targets for evaluation; a source with its own test set gives that set."""
        if self.encoding is not None and is_table(where):
            return load_encoded(where, self.encoding, self.module, tell=tell)
        loaded = load(where, self.module, target=target, features=features, tell=tell)
        if loaded.encoding is not None:
            _refuse_words(loaded.encoding)
        return loaded.test or loaded.train

    def unlabelled(self, where: str | Path, tell: Tell, *, features: str | None = None) -> Dataset:
        """Load data for prediction; targets are not needed, and not used if present."""
        if self.encoding is not None and is_table(where):
            return load_encoded(where, self.encoding, self.module, need_target=False, tell=tell)
        inputs = SimpleNamespace(
            INPUTS=self.module.INPUTS, TARGETS={}, RAGGED=getattr(self.module, "RAGGED", ())
        )
        loaded = load(where, cast(Module, inputs), features=features, tell=tell)
        if loaded.encoding is not None:
            _refuse_words(loaded.encoding)
        return loaded.test or loaded.train

    def predict(self, data: Dataset) -> dict[str, Array]:
        """Return every output by its name, over all rows; raises DataError if rows do not fit."""
        keywords: dict[str, Any] = {"state": self.state} if self.state else {}
        parts: list[Mapping[str, Array]] = []
        size = rows_at_a_time(data)
        for start in range(0, len(data), size):
            part = data.take(slice(start, start + size))
            lengths = {} if part.lengths is None else {"lengths": part.lengths}
            try:
                y = self.module.predict(self.params, part.x, **keywords, **lengths)
            except ValueError as error:  # from the module's argument validation
                raise DataError(f"{data.name}: {error}") from error
            parts.append(self._by_name(y))
            data.give_back()
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _by_name(self, y: Arrays) -> Mapping[str, Array]:
        """Return outputs by name, as copies, because predictions may be views of reused memory.

        A single output comes without a name."""
        if isinstance(y, Mapping):
            return {name: np.array(array) for name, array in y.items()}
        return {next(iter(self.module.OUTPUTS)): np.array(y)}


def _refuse_words(encoding: Encoding) -> None:
    """Refuse a table with words, whose ids only the training encoding knows."""
    for part in (*encoding.inputs, *encoding.targets):
        for field in part.fields:
            if field.kind is Kind.WORDS:
                column = f"`{field.name}`" if field.name else f"column {field.place + 1}"
                raise DataError(
                    f"{encoding.table}: {column} holds words, and how they were numbered in training is "
                    "kept by the run: train with --run DIR, and give DIR in place of the spec"
                )
