"""How another library keeps the weights of each kind of layer, both ways.

A layout takes the weights of one layer by their last names (`W`, `l1.Wx`) and gives those of one
module or layer there (`weight`, `weight_ih_l0`), or the reverse. What does not fit is an error of
NumPy's, or a missing name; `matching.py` takes both as "not this module".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Weights = Mapping[str, Array]
Turn = Callable[[Weights], dict[str, Array]]


@dataclass(frozen=True, slots=True)
class Layout:
    """The two directions; `module` is what the other library calls the kind."""

    module: str
    to_theirs: Turn
    from_theirs: Turn


@dataclass(frozen=True, slots=True)
class Facts:
    """What a layout needs besides the weights: heads of attention, channels of the input, and the
    shape C, H, W of what was flattened before the layer (empty where nothing was)."""

    heads: int = 1
    channels: int = 1
    flattened: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """Another library: its name, and its layout of a kind, None where it has no such layer."""

    name: str
    layout_of: Callable[[str, Weights, Facts], Layout | None]


@dataclass(frozen=True, slots=True)
class Group:
    """The weights of one layer: its name in the network, its kind, the arrays by their last names."""

    name: str
    kind: str
    arrays: Mapping[str, Array]
    library: Library
    facts: Facts = field(default_factory=Facts)

    @property
    def layout(self) -> Layout:
        """How the library keeps them; raises CannotConvert if it has no such layer."""
        found = self.library.layout_of(self.kind, self.arrays, self.facts)
        if found is None:
            raise CannotConvert(f"{self.name}: {self.library.name} has no module for `{self.kind}`")
        return found


class CannotConvert(ValueError):
    """Weights that do not fit the network, or fit in several ways; the message has the candidates."""
