"""The best weights of a training so far, and early stopping."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .module import Array, Params
from .plain import finite


@dataclass(slots=True)
class Best:
    """The weights of the epoch with the lowest loss, and the number of epochs since then.

    Epoch 0 means that there is none yet. `patience` is the number of epochs without improvement
    after which training stops; None means never."""

    patience: int | None = None
    epoch: int = 0
    loss: float = math.inf
    waited: int = 0
    params: Params = field(default_factory=dict)
    state: Params = field(default_factory=dict)

    def judge(self, epoch: int, loss: float, params: Params, state: Mapping[str, Array]) -> bool:
        """Return whether an epoch is the best so far; if it is, copy its weights."""
        if not loss < self.loss:
            self.waited += 1
            return False
        self.epoch, self.loss, self.waited = epoch, loss, 0
        self.params, self.state = copied(params), copied(state)
        return True

    @property
    def is_over(self) -> bool:
        """Return whether training should stop because patience is exhausted."""
        return self.patience is not None and self.waited >= self.patience

    def facts(self) -> dict[str, Any]:
        """Return everything but the weights, for a checkpoint."""
        return {"epoch": self.epoch, "loss": finite(self.loss), "waited": self.waited}


def copied(arrays: Mapping[str, Array]) -> Params:
    """Return a copy of each named array, so that later steps do not change it."""
    return {name: array.copy() for name, array in arrays.items()}
