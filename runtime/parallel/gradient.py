"""The gradient of all parameters as one flat array, which one operation adds up over all ranks."""

from __future__ import annotations

import numpy as np

from ..module import Array, Params
from .ranks import Ranks


class Gradient:
    """The gradient by parameter; modules compiled at -O1 make it of views of one flat array."""

    def __init__(self, grads: Params) -> None:
        self.grads = grads
        self.flat: Array | None = getattr(grads, "flat", None)

    def added_up(self, ranks: Ranks, loss: float, active: bool) -> tuple[float, Params]:
        """Return loss and gradient, added up over all ranks; those not `active` count as 0."""
        flat = self._joined() if self.flat is None else self.flat
        if not active:
            flat.fill(0)
        sums = ranks.add_up_with(flat, np.array([loss if active else 0.0]))
        return float(sums[0]), self.grads if self.flat is not None else self._split(flat)

    def _joined(self) -> Array:
        """Return the entries of all arrays in one new array."""
        return np.concatenate([array.reshape(-1) for array in self.grads.values()])

    def _split(self, flat: Array) -> Params:
        """Return views of such an array."""
        views, start = {}, 0
        for name, array in self.grads.items():
            views[name] = flat[start : start + array.size].reshape(array.shape)
            start += array.size
        return views
