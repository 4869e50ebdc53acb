"""Small synthetic data sets, generated reproducibly, for a first try of a network.

Each has a training set of 1,000 rows and a test set of 250. All but `sine` have two columns;
`spirals` and `blobs` have three classes, `xor` and `moons` two, and the target of `sine` is a
number."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ..dataset import Dataset
from ..module import Array

ROWS, TEST_ROWS = 1000, 250

Random = np.random.Generator


def xor(rng: Random, rows: int) -> tuple[Array, Array]:
    """Return points of a square; class 1 where the signs of the two columns differ."""
    x = rng.uniform(-1, 1, (rows, 2))
    return x, (x[:, 0] * x[:, 1] < 0).astype(np.int64)


def spirals(rng: Random, rows: int) -> tuple[Array, Array]:
    """Return points of three spiral arms around the origin, with a little noise."""
    ids = rng.integers(0, 3, rows)
    along = rng.uniform(0.05, 1, rows)
    angle = 4 * along + ids * (2 * np.pi / 3) + rng.normal(0, 0.1, rows)
    return along[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), ids


def blobs(rng: Random, rows: int) -> tuple[Array, Array]:
    """Return points of three clusters, centred on a circle, that hardly overlap."""
    ids = rng.integers(0, 3, rows)
    angle = ids * (2 * np.pi / 3)
    centres = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return centres + rng.normal(0, 0.25, (rows, 2)), ids


def moons(rng: Random, rows: int) -> tuple[Array, Array]:
    """Return points of two interleaving half circles."""
    ids = rng.integers(0, 2, rows)
    angle = rng.uniform(0, np.pi, rows)
    upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)
    turned = np.where(ids[:, None] == 1, -upper, upper)
    return turned + rng.normal(0, 0.1, (rows, 2)), ids


def sine(rng: Random, rows: int) -> tuple[Array, Array]:
    """Return one period of a sine between −1 and 1, with noise of standard deviation 0.1."""
    x = rng.uniform(-1, 1, (rows, 1))
    return x, np.sin(np.pi * x[:, 0]) + rng.normal(0, 0.1, rows)


def _sets(make: Callable[[Random, int], tuple[Array, Array]]) -> tuple[Dataset, Dataset]:
    parts = (make(np.random.default_rng(seed), n) for seed, n in ((0, ROWS), (1, TEST_ROWS)))
    first, second = (Dataset(x.astype(np.float32), target, make.__name__) for x, target in parts)
    return first, second


SYNTHETIC: dict[str, Callable[[], tuple[Dataset, Dataset]]] = {
    make.__name__: partial(_sets, make) for make in (xor, spirals, blobs, moons, sine)
}
"""Every such set by the name a user gives it, as training and test set."""
