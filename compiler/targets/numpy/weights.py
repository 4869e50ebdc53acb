"""Embedded weights of a module: lines of base64, with the facts needed to decode them."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass

from ...contents import Weights
from ...ir.layer_graph import TypedGraph
from .frame import clean

COLUMNS = 100
"""Characters of a line of data."""


@dataclass(frozen=True, slots=True)
class WeightsView:
    """The template view of weights; `states` says that there is state among them."""

    file: str
    count: str
    dtype: str
    sha256: str
    states: bool
    lines: tuple[str, ...]


def weights_view(weights: Weights, typed: TypedGraph) -> WeightsView:
    """Return the bytes as lines of text."""
    text = b64encode(weights.data).decode("ascii")
    return WeightsView(
        file=clean(weights.file),
        count=f"{weights.count:,}",
        dtype=typed.graph.dtype,
        sha256=hashlib.sha256(weights.data).hexdigest(),
        states=bool(typed.states),
        lines=tuple(text[i : i + COLUMNS] for i in range(0, len(text), COLUMNS)),
    )
