"""Numbers as JSON has them: no NaN, no infinity, none of NumPy's own kinds."""

from __future__ import annotations

import math
from typing import Any


def finite(value: float) -> float | None:
    """The number, or None where JSON has no word for it."""
    return float(value) if math.isfinite(value) else None


def number(value: Any) -> int | float:
    """A whole number as such, any other as a float."""
    return (
        int(value) if float(value).is_integer() and not isinstance(value, float) else float(value)
    )
