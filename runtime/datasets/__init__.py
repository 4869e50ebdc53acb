"""Data sets that ship with the package; the README.md here gives their sources."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import numpy as np

from ..dataset import Dataset
from .synthetic import SYNTHETIC

TEST_ROWS = 360
"""The number of digits in the test set, a fifth."""


def digits() -> Dataset:
    """Return 1,797 handwritten digits: x (1797, 8, 8) float32 in 0…1, target (1797,) class ids.

    The rows are in the order of the original file."""
    with (files(__name__) / "digits.npz").open("rb") as file, np.load(file) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    x = (images.astype(np.float32) / np.float32(16)).reshape(-1, 8, 8)
    return Dataset(x, labels.astype(np.int64), "digits")


def digits_split() -> tuple[Dataset, Dataset]:
    """Return the digits as 1,437 training rows and 360 test rows, drawn with seed 0.

    The file is sorted by writer, so its last 360 rows come from writers who do not occur in the
    rest and are harder to classify. The README gives the difference."""
    data = digits()
    return data.split(TEST_ROWS / len(data), seed=0)


SHIPPED: dict[str, Callable[[], tuple[Dataset, Dataset]]] = {"digits": digits_split} | SYNTHETIC
"""Every shipped set by the name a user gives it, as training and test set."""
