"""When a training has diverged, and the last weights from before it did.

A training has diverged when its loss is not finite any more, or when an epoch's mean loss and the
loss after it are both more than RISE times as high as the loss before training (or as 1, if that
was less). The second rule is not for `kl` and `poisson`: their losses have no lower end at 0, so
the first one says nothing of the scale of the others.

Weights are good as long as the loss with them is not above that before training.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from .module import Array, Params

RISE = 1000.0
"""Losses grow without end once they diverge; a training that recovers rarely goes so far."""

NO_LOWER_END = frozenset({"kl", "poisson", "fn"})


class Watch:
    """Looks after a training: what it began with, its last good weights, whether it diverged."""

    def __init__(
        self, losses: Iterable[str], start: float, params: Params, state: Mapping[str, Array]
    ) -> None:
        self.losses = frozenset(losses)
        self.begin(start)
        self.keep(0, params, state)

    def begin(self, start: float) -> None:
        """Take a loss as the one before training."""
        self.start = start
        relative = math.isfinite(start) and not NO_LOWER_END & self.losses
        self.limit = RISE * max(1.0, abs(start)) if relative else math.inf

    def keep(self, epoch: int, params: Params, state: Mapping[str, Array]) -> None:
        """Copy the weights of an epoch: they are the last good ones; epoch 0 is the beginning."""
        self.epoch = epoch
        self.params = {name: array.copy() for name, array in params.items()}
        self.state = {name: array.copy() for name, array in state.items()}

    def is_good(self, loss: float) -> bool:
        """Whether weights with that loss are worth keeping."""
        return math.isfinite(loss) and not loss > self.start

    def exploded(self, mean: float, after: float) -> bool:
        """Whether finite losses, in the mean of an epoch and after it, are beyond recovery."""
        return min(mean, after) > self.limit

    def message(self, number: int, mean: float, after: float) -> str:
        """What happened in that epoch, what helps, and which weights are left."""
        return f"{self.happened(number, mean, after)}. {self.kept()}"

    def happened(self, number: int, mean: float, after: float) -> str:
        """What happened in that epoch, and what helps."""
        if not math.isfinite(mean) or not math.isfinite(after):
            bad = after if math.isfinite(mean) else mean
            how = f"the loss became {bad} in epoch {number}"
        else:
            before = f"from {self.start:.3g} before training"
            how = f"the loss rose to {after:.3g} in epoch {number}, {before}"
        return (
            f"{how}: training diverged. A smaller learning rate (--lr) or inputs scaled to "
            "about −1…1 usually help"
        )

    def kept(self) -> str:
        """Which weights are left."""
        if self.epoch:
            return f"The weights of epoch {self.epoch} are kept, the last good ones"
        return "No epoch ended with a loss below that before training: there are no good weights"
