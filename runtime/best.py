"""The best weights of a training so far, and whether it is time to stop looking for better ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .module import Array, Params
from .plain import finite


@dataclass(slots=True)
class Best:
    """The weights of the epoch with the lowest loss, and for how many epochs none was lower.

    Epoch 0 is none at all. `patience` is how many such epochs are waited for; None is for ever.
    """

    patience: int | None = None
    epoch: int = 0
    loss: float = math.inf
    waited: int = 0
    params: Params = field(default_factory=dict)
    state: Params = field(default_factory=dict)

    def judge(self, epoch: int, loss: float, params: Params, state: Mapping[str, Array]) -> bool:
        """Whether an epoch is the best so far; its weights are copied then."""
        if not loss < self.loss:
            self.waited += 1
            return False
        self.epoch, self.loss, self.waited = epoch, loss, 0
        self.params, self.state = copied(params), copied(state)
        return True

    @property
    def is_over(self) -> bool:
        """Whether patience has ended."""
        return self.patience is not None and self.waited >= self.patience

    def facts(self) -> dict[str, Any]:
        """All but the weights, for a checkpoint."""
        return {"epoch": self.epoch, "loss": finite(self.loss), "waited": self.waited}


def copied(arrays: Mapping[str, Array]) -> Params:
    """Arrays by name, each a copy that later steps do not touch."""
    return {name: array.copy() for name, array in arrays.items()}
