"""Conversion of numbers to those that JSON has: no NaN, no infinity, no NumPy types."""

from __future__ import annotations

import math
from typing import Any


def finite(value: float) -> float | None:
    """Return the number, or None where it is NaN or infinite."""
    return float(value) if math.isfinite(value) else None


def number(value: Any) -> int | float:
    """Return an integer as int, any other number as float."""
    return (
        int(value) if float(value).is_integer() and not isinstance(value, float) else float(value)
    )
