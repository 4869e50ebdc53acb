"""Cost model of a convolution, in seconds, for each algorithm of the helper functions.

A time is a sum of five kinds of work, each an amount times a constant:

    macs     multiply-adds of matrix products
    streams  numbers copied or added in long runs, and those that products read and write
    moves    numbers copied in short runs
    runs     contiguous runs, each of which has an overhead
    steps    calls of NumPy from Python, for each block of images

The constants were measured on one core of an AMD EPYC (Zen 4) at 3 GHz with NumPy 2.4 and its
OpenBLAS, in float32, as the best fit to the table of benchmarks/convolution.py, which shows the
quality of the choices. Only their ratios matter; other machines differ mostly by a common factor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

MAC, STREAM, MOVE, RUN, STEP = 0.026e-9, 0.033e-9, 0.23e-9, 3.4e-9, 0.75e-6
TURN, SUM, KERNEL = 12.5, 0.62, 90
"""Costs in moves: of moving a number to another axis order, of adding two numbers of a tile, and
of transforming one filter for one channel."""

SMALL = 1000
"""Entries up to which OpenBLAS multiplies without packing (SMALL_PRODUCT of the helpers)."""

BLOCK_BYTES, ITEM = 2**20, 4
"""COLUMN_BYTES of the helpers, and the bytes of a number."""

Sizes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """The amounts of work of each kind."""

    macs: float = 0
    streams: float = 0
    moves: float = 0
    runs: float = 0
    steps: float = 0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.macs + other.macs,
            self.streams + other.streams,
            self.moves + other.moves,
            self.runs + other.runs,
            self.steps + other.steps,
        )

    def times(self, n: float) -> Work:
        """Return n times this work."""
        return Work(n * self.macs, n * self.streams, n * self.moves, n * self.runs, n * self.steps)

    @property
    def seconds(self) -> float:
        """The estimated time."""
        return (
            self.macs * MAC
            + self.streams * STREAM
            + self.moves * MOVE
            + self.runs * RUN
            + self.steps * STEP
        )


@dataclass(frozen=True, slots=True)
class Convolution:
    """The sizes of a convolution of `rows` images (C, size) to (F, positions)."""

    rows: int
    channels: int
    filters: int
    groups: int
    size: Sizes
    positions: Sizes
    kernel: Sizes
    dilation: Sizes
    pad: tuple[tuple[int, int], ...]
    stride: Sizes

    @property
    def can_be_flat(self) -> bool:
        """Whether every kernel entry is a shift of the flat image, with zeros shared by images."""
        axes = zip(self.pad, self.kernel, self.dilation, strict=True)
        near = all(max(p) <= (k - 1) * d for p, k, d in axes)
        wide = self.channels // self.groups * self.kernel[-1] > 1
        return near and wide and set(self.stride) == {1} and self._flat_bytes <= 2 * BLOCK_BYTES

    @property
    def can_be_winograd(self) -> bool:
        """Whether the Winograd algorithm with tiles of 4x4 cells applies."""
        plain = self.groups == 1 and set(self.dilation + self.stride) == {1}
        small = 16 * ITEM * self.channels * self.filters <= BLOCK_BYTES
        return plain and small and self.kernel == (3, 3)

    @property
    def flipped(self) -> Convolution:
        """Return the convolution of dy with the rotated kernel, which gives the gradient of x."""
        axes = zip(self.pad, self.kernel, self.dilation, strict=True)
        pad = tuple(((k - 1) * d - a, (k - 1) * d - b) for (a, b), k, d in axes)
        return replace(
            self,
            channels=self.filters,
            filters=self.channels,
            size=self.positions,
            positions=self.size,
            pad=pad,
        )

    def windows(self) -> Work:
        """conv: windows copied to columns, one product, its rows reordered."""
        product = self._product(self._columns, prod(self.positions))
        return self._calls(self._unfolded + self._lines(self.filters, 1) + product, 18)

    def windows_weights(self) -> Work:
        """conv_weights: the same columns, and a product that sums over the positions."""
        product = self._product(self._columns, prod(self.positions))
        across = Work(streams=2 * self.filters * prod(self.positions))
        return self._calls(self._unfolded + self._lines(self.filters, 1) + product + across, 20)

    def scattered(self) -> Work:
        """conv_transpose: a product to columns, each added to its window."""
        count, columns = prod(self.positions), self.channels * prod(self.kernel)
        product = self._product(self._columns, count)
        added = Work(moves=5 * columns * count, runs=3 * columns * self._runs_each)
        steps = 24 + 3 * prod(map(min, self.kernel, self.positions))
        return self._calls(self._lines(self.filters, 1) + product + added + self._padded, steps)

    def flat(self) -> Work:
        """conv_flat: shifted copies for each kernel column, a product for each kernel row."""
        product = self._flat_product
        sums = Work(streams=(prod(self.kernel[:-1]) - 1) * self.filters * prod(self._lengths))
        out = self._lines(self.filters, prod(self.positions[:-1]))
        return self._flat_calls(product + sums + out, 4)

    def flat_weights(self) -> Work:
        """conv_weights_flat: the same, with flattened positions."""
        out = self._lines(self.filters, prod(self.positions[:-1]))
        zeros = Work(streams=self.filters * prod(self._lengths))
        return self._flat_calls(self._flat_product + out + zeros, 4)

    def winograd(self) -> Work:
        """conv_winograd: tiles transformed, 16 products, tiles transformed back."""
        return self._tiled(spread=24, gathered=12, steps=30)

    def winograd_weights(self) -> Work:
        """conv_weights_winograd: both images transformed to tiles, 16 products."""
        return self._tiled(spread=24, gathered=24, steps=30)

    # --- parts, for one image -------------------------------------------------------------

    @property
    def _columns(self) -> int:
        """The number of terms in one entry of y."""
        return self.channels // self.groups * prod(self.kernel)

    @property
    def _runs_each(self) -> float:
        """The number of contiguous runs that one kernel entry reads."""
        whole = prod(self.positions[:-1])
        return whole if self.stride[-1] == 1 else whole * max(1.0, self.positions[-1] / 8)

    @property
    def _unfolded(self) -> Work:
        columns = self.channels * prod(self.kernel)
        return self._padded + Work(
            moves=columns * prod(self.positions), runs=columns * self._runs_each
        )

    @property
    def _padded(self) -> Work:
        if not any(map(any, self.pad)):
            return Work()
        return self._lines(self.channels, prod(self.size[:-1]), prod(self.size))

    def _lines(self, channels: int, lines: int, count: int = 0) -> Work:
        """Return the work of copying an image in this many runs per channel."""
        return Work(moves=channels * (count or prod(self.positions)), runs=channels * lines)

    def _product(self, inner: int, count: int) -> Work:
        """Return the work of products (filters, inner) @ (inner, count), for all groups."""
        filters = self.filters // self.groups
        slow = 1.0 if filters * inner > SMALL else 0.75
        one = Work(macs=slow * filters * inner * count, streams=(filters + inner) * count)
        return one.times(self.groups)

    def _calls(self, image: Work, steps: float) -> Work:
        """Return the work for all images, in blocks of as many as fit, with `steps` calls each."""
        needed = ITEM * self.channels * prod(self.kernel) * prod(self.positions)
        return self._blocks(image, needed, steps)

    def _blocks(self, image: Work, needed: float, steps: float) -> Work:
        fitting = BLOCK_BYTES // needed
        blocks = (
            -(-self.rows // min(fitting, self.rows))
            if fitting
            else self.rows * needed / BLOCK_BYTES
        )
        return image.times(self.rows) + Work(steps=blocks * (steps + 0.3 * self.groups) + 8)

    # --- parts, flattened -----------------------------------------------------------------

    @property
    def _lengths(self) -> Sizes:
        return tuple(n + max(p) for n, p in zip(self.size, self.pad, strict=True))

    @property
    def _flat_bytes(self) -> int:
        unfolded = self.channels * (self.kernel[-1] + 1) + 2 * self.filters
        return ITEM * unfolded * prod(self._lengths)

    @property
    def _flat_product(self) -> Work:
        inner = self.channels // self.groups * self.kernel[-1]
        return self._product(inner, prod(self._lengths)).times(prod(self.kernel[:-1]))

    def _flat_calls(self, image: Work, steps: float) -> Work:
        shifted = self.channels * self.kernel[-1]
        image += self._lines(self.channels, prod(self.size[:-1]), prod(self.size))
        image += Work(streams=shifted * prod(self._lengths))
        steps += 12 + self.kernel[-1] + 3 * prod(self.kernel[:-1])
        return self._blocks(image, self._flat_bytes, steps)

    # --- parts, in tiles of 2x2 positions -------------------------------------------------

    def _tiled(self, *, spread: int, gathered: int, steps: float) -> Work:
        """Return the work of these sums for every tile, with both images moved to channels last."""
        rows, columns = (-(-n // 2) for n in self.positions)
        tiles, c, f = rows * columns, self.channels, self.filters
        examples = min(max(256 // c, 1), self.rows)
        step = min(max(self._tiles_in_block // (columns * examples), 1), rows)
        strips = -(-rows // step)
        seen = 4 * c * (rows + strips) * (columns + 1)
        sums = SUM * (spread * c + gathered * f) * tiles
        moves = TURN * (seen + f * prod(self.positions)) + sums
        image = Work(macs=16 * c * f * tiles, moves=moves)
        blocks = -(-self.rows // examples) * strips
        once = Work(moves=KERNEL * c * f, steps=20)
        each = Work(steps=steps, streams=gathered * c * f)
        return image.times(self.rows) + each.times(blocks) + once

    @property
    def _tiles_in_block(self) -> int:
        return BLOCK_BYTES // (32 * ITEM * max(self.channels, self.filters))
