"""Scaling of columns and targets to mean 0 and deviation 1, for the default networks.

Users' own specs do their own scaling (`normalize`), or a pipeline does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .network import Array


@dataclass(frozen=True, slots=True)
class Scale:
    """The transformation (value − centre) / spread, column by column."""

    centre: Array
    spread: Array

    def apply(self, values: Array) -> Array:
        """Return scaled values."""
        scaled: Array = (values.astype(np.float64) - self.centre) / self.spread
        return scaled

    def undo(self, values: Array) -> Array:
        """Return values on their original scale."""
        return values * self.spread + self.centre


@dataclass(frozen=True, slots=True)
class Scaling:
    """The scaling of rows and targets; None leaves them unchanged."""

    x: Scale | None = None
    y: Scale | None = None

    def rows(self, x: Array) -> Array:
        """Return rows as the network reads them."""
        return x if self.x is None else self.x.apply(x.reshape(len(x), -1))

    def target(self, y: Array) -> Array:
        """Return targets as the network is trained on them."""
        return y if self.y is None else self.y.apply(y)

    def outputs(self, y: Array) -> Array:
        """Return outputs of the network on the scale of the targets."""
        return y if self.y is None else self.y.undo(y)

    def written_into(self, text: str) -> str:
        """Return a default spec with the scaling as stages of its network."""
        if self.x is not None:
            means, spreads = map(_list, (self.x.centre, self.x.spread))
            text = text.replace(" -> ", f" -> normalize mean={means} std={spreads} -> ", 1)
        if self.y is not None:
            stages = f" -> scale {_list(self.y.spread)} -> shift {_list(self.y.centre)}"
            text = text.replace("\nloss", f"{stages}\nloss", 1)
        return text


NO_SCALING = Scaling()


def scale_of(values: Array, weights: Array | None) -> Scale:
    """Return the scale of columns, with weighted rows; a constant column has spread 1."""
    values = values.astype(np.float64)
    centre = np.average(values, axis=0, weights=weights)
    spread = np.sqrt(np.average((values - centre) ** 2, axis=0, weights=weights))
    constant = ~(spread > 1e-12 * np.abs(centre))
    return Scale(centre, np.where(constant, 1.0, spread))


def _list(values: Array) -> str:
    return f"[{', '.join(map(repr, values.tolist()))}]"
