"""Layouts of arrays, and their conversion to nnc's layout.

nnc has rows of samples, weights (in, out), biases (n,), images NCHW and filters (out, in, h, w).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from ..interpreter import Array
from .network import Axes, Network

WORDS = ("rows", "columns", "in-out", "out-in", "nchw", "nhwc")
"""The words of `--layout`."""


@dataclass(frozen=True, slots=True)
class Folded:
    """Biases appended to the weights: the end of the input axis, and the constant input."""

    first: bool
    sign: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout of arrays; the default is nnc's."""

    columns: bool = False
    out_in: bool = False
    channels_last: bool = False
    folded: Folded | None = None

    @property
    def usual(self) -> bool:
        """Whether samples and weights match: rows with (in, out), columns with (out, in)."""
        return self.columns == self.out_in

    def standard(self, array: Array, axes: Axes, shape: tuple[int, ...]) -> Array:
        """Convert an array to nnc's layout; one that does not fit keeps a shape showing the fault."""
        turned = self._turned(array, axes, len(shape))
        if turned.shape == shape:
            return turned
        if axes is Axes.VECTOR and turned.size == shape[0] and 1 in (*turned.shape, turned.size):
            return turned.reshape(shape)  # the gradient of a single bias is a sum over all entries
        if axes is Axes.NUMBER and turned.size == 1:
            return turned.reshape(())
        if axes is Axes.ROWS and turned.size == np.prod(shape) and turned.ndim == len(shape) - 1:
            return turned.reshape(shape) if 1 in shape else turned
        return turned

    def _turned(self, array: Array, axes: Axes, rank: int) -> Array:
        match axes:
            case Axes.WEIGHT if self.out_in and array.ndim == 2:
                return array.T
            case Axes.FILTER if self.channels_last and array.ndim == 4:
                return array.transpose(3, 2, 0, 1)
            case Axes.ROWS if rank == 4 and self.channels_last and array.ndim == 4:
                return array.transpose(0, 3, 1, 2)
            case Axes.ROWS | Axes.VECTOR if self.columns and array.ndim == 2 and rank <= 2:
                return array.T
        return array

    def back(self, index: tuple[int, ...], axes: Axes, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Convert an index in nnc's layout to one of the given array of that shape."""
        turned = (axes is Axes.WEIGHT and self.out_in) or (axes is Axes.ROWS and self.columns)
        if turned and len(index) == 2:
            return index[::-1]
        if axes is Axes.FILTER and self.channels_last and len(index) == 4:
            o, i, h, w = index
            return h, w, i, o
        if axes is Axes.ROWS and self.channels_last and len(index) == 4:
            b, c, h, w = index
            return b, h, w, c
        if len(shape) == 2 and len(index) == 1:
            return (index[0], 0) if shape[1] == 1 else (0, index[0])
        return index

    def sentence(self) -> str:
        """The layout as a phrase."""
        parts = [
            "samples are columns" if self.columns else "samples are rows",
            f"weights are ({'out, in' if self.out_in else 'in, out'})",
        ]
        if self.channels_last:
            parts.append("images are NHWC and filters (h, w, in, out)")
        if self.folded:
            where = "first" if self.folded.first else "last"
            line = "column" if self.out_in else "row"
            input = "+1" if self.folded.sign > 0 else "−1"
            parts.append(f"biases are the {where} {line} of the weights, for an input of {input}")
        return ", ".join(parts)

    def words(self) -> str:
        """The layout in the words of `--layout`."""
        words = ["columns" if self.columns else "rows", "out-in" if self.out_in else "in-out"]
        return ",".join([*words, *(["nhwc"] if self.channels_last else [])])


def layouts(network: Network, folded: bool, said: tuple[str, ...] = ()) -> Iterator[Layout]:
    """Yield the layouts to try, more usual ones first; the words `said` exclude others."""
    images = any(network.axes(p) is Axes.FILTER for p in network.params)
    images = images or network.rank_of_input == 4
    folds = [Folded(f, s) for f, s in product((False, True), (1, -1))] if folded else [None]
    found = [
        Layout(columns, out_in, last, fold)
        for last, fold, columns, out_in in product(
            (False, True) if images else (False,), folds, (False, True), (False, True)
        )
    ]
    for layout in sorted(found, key=lambda one: not one.usual):
        if all(_agrees(layout, word) for word in said):
            yield layout


def _agrees(layout: Layout, word: str) -> bool:
    match word:
        case "rows" | "columns":
            return layout.columns == (word == "columns")
        case "in-out" | "out-in":
            return layout.out_in == (word == "out-in")
    return layout.channels_last == (word == "nhwc")


def class_ids(array: Array, rank: int, width: Any) -> Array | None:
    """Return class ids if the target contains them, as (B,), (B, 1) or (1, B); else None."""
    if rank != 2 or not isinstance(width, int) or width < 2 or not array.size:
        return None
    flat = array.reshape(-1)
    line = array.ndim == 1 or (array.ndim == 2 and 1 in array.shape)
    if line and np.all(np.isfinite(flat)) and np.all(flat == np.round(flat)):
        return flat.astype(np.int64)
    return None


def layout_of(said: tuple[str, ...]) -> Layout:
    """Return the layout given by words; the rest is nnc's layout."""
    return Layout("columns" in said, "out-in" in said, "nhwc" in said)
