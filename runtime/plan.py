"""The training plan: the caller's arguments, or else the spec's settings, or else the defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .dataset import DataError
from .module import Array, Module

DEFAULT_BATCH = 32
DEFAULT_EPOCHS = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """All settings of a training: the caller's, or else the spec's, or else the defaults."""

    epochs: int
    batch: int
    lr: float | None
    seed: int
    shuffle: bool
    drop_last: bool

    def order(self, rng: np.random.Generator, rows: int | Array) -> Array:
        """Return the order of the rows in the next epoch; `rows` is their number or indices."""
        count = rows if isinstance(rows, int) else len(rows)
        kept = count // self.batch * self.batch if self.drop_last else count
        if self.shuffle:
            return rng.permutation(rows)[:kept]
        return (np.arange(rows) if isinstance(rows, int) else rows)[:kept]


def plan(
    module: Module,
    rows: int,
    *,
    epochs: int | None = None,
    batch: int | None = None,
    lr: float | None = None,
    seed: int | None = None,
) -> Plan:
    """Return the plan for a module and a number of training rows; raises DataError if none fits."""
    spec = module.TRAIN
    chosen = Plan(
        epochs=_first(epochs, spec.get("epochs"), DEFAULT_EPOCHS),
        batch=min(_first(batch, spec.get("batch"), DEFAULT_BATCH), rows),
        lr=lr,
        seed=_first(seed, spec.get("seed"), 0),
        shuffle=_first(spec.get("shuffle"), True),
        drop_last=_first(spec.get("drop_last"), False),
    )
    if chosen.epochs < 0 or chosen.batch < 1:
        raise DataError("epochs must be 0 or more and batch 1 or more")
    return chosen


def _first(*values: Any) -> Any:
    """Return the first value that is not None."""
    return next(value for value in values if value is not None)
