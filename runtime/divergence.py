"""Detection of divergence, and the last weights from before it.

A training has diverged when its loss is not finite, or when both the mean loss of an epoch and the
loss after it exceed RISE times the loss before training (or RISE times 1, if that loss was less
than 1). The second rule does not apply to `kl` and `poisson`: their losses are not bounded below by
0, so the initial loss does not give the scale of later ones.

Weights are good as long as the loss with them does not exceed the loss before training."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from .module import Array, Params

RISE = 1000.0
"""Diverging losses grow without bound; a training that recovers rarely exceeds this factor."""

NO_LOWER_END = frozenset({"kl", "poisson", "fn"})


class Watch:
    """Monitors a training: its initial loss, its last good weights, and whether it diverged."""

    def __init__(
        self, losses: Iterable[str], start: float, params: Params, state: Mapping[str, Array]
    ) -> None:
        self.losses = frozenset(losses)
        self.begin(start)
        self.keep(0, params, state)

    def begin(self, start: float) -> None:
        """Set the loss before training."""
        self.start = start
        relative = math.isfinite(start) and not NO_LOWER_END & self.losses
        self.limit = RISE * max(1.0, abs(start)) if relative else math.inf

    def keep(self, epoch: int, params: Params, state: Mapping[str, Array]) -> None:
        """Copy the weights of an epoch as the last good ones; epoch 0 is the beginning."""
        self.epoch = epoch
        self.params = {name: array.copy() for name, array in params.items()}
        self.state = {name: array.copy() for name, array in state.items()}

    def is_good(self, loss: float) -> bool:
        """Return whether weights with that loss are worth keeping."""
        return math.isfinite(loss) and not loss > self.start

    def exploded(self, mean: float, after: float) -> bool:
        """Return whether an epoch's finite mean loss and the loss after it are beyond recovery."""
        return min(mean, after) > self.limit

    def message(self, number: int, mean: float, after: float) -> str:
        """Describe what happened in that epoch, a remedy, and the weights that are left."""
        return f"{self.happened(number, mean, after)}. {self.kept()}"

    def happened(self, number: int, mean: float, after: float) -> str:
        """Describe what happened in that epoch, and a remedy."""
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
        """Describe the weights that are left."""
        if self.epoch:
            return f"The weights of epoch {self.epoch} are kept, the last good ones"
        return "No epoch ended with a loss below that before training: there are no good weights"
