"""Answers of PyTorch that were written down: where they are, and how arrays are compared."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import numpy as np

ANSWERS = Path(__file__).parent / "golden" / "answers.json"


def projection(name: str, array: np.ndarray) -> float:
    """Σ a·r with numbers r of the name's own, so that no entry can be wrong unseen."""
    rng = np.random.default_rng(crc32(name.encode()))
    return float(
        (array * rng.uniform(0.5, 1.5, array.shape) * rng.choice([-1, 1], array.shape)).sum()
    )
