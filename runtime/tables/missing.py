"""Treatment of table cells without a value."""

from __future__ import annotations

from enum import StrEnum


class Missing(StrEnum):
    """Refuse the table, drop the row, or fill the cell with the column's mean."""

    ERROR = "error"
    DROP = "drop"
    MEAN = "mean"
