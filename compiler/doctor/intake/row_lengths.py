"""The lengths of padded rows among the given arrays: `lengths`, `seq_lens`, `x_lengths`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..interpreter import Array
from .naming import BadArrays
from .network import Network

NAMES = ("lengths", "lens", "seq_lens", "seq_lengths", "sequence_lengths")
"""Usual names, in lower case; with several padded inputs each has `NAME_lengths`."""


def take_lengths(
    network: Network, arrays: Mapping[str, Array]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the lengths by input, and the other arrays; raises BadArrays.

    Of a network without padded rows nothing is taken.
    """
    padded = network.padded
    found: dict[str, Array] = {}
    rest = dict(arrays)
    for name in padded:
        words = (*(NAMES if len(padded) == 1 else ()), f"{name}_lengths")
        own = next((a for a in arrays if a.lower() in words), None)
        if own is None:
            raise BadArrays(
                f"the rows of {name} are padded (`ragged`): give {words[0]}, the true length of each"
            )
        found[name] = _checked(own, np.asarray(rest.pop(own)))
    return found, rest


def _checked(name: str, lengths: Array) -> Array:
    """Return lengths as a vector of whole numbers."""
    flat = lengths.ravel()
    if flat.size != max(lengths.shape, default=0) or (flat != np.floor(flat)).any():
        raise BadArrays(
            f"{name} has shape {lengths.shape}: one whole number for each row is needed"
        )
    if flat.size == 0 or flat.min() < 1:
        raise BadArrays(f"{name} has a length below 1")
    return flat.astype(np.int64)
