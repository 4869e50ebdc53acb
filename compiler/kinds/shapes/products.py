"""The type of a product of matrices, one a row: which axes of it are padded."""

from __future__ import annotations

from ...ir.types import TensorType


def product_type(a: TensorType, b: TensorType) -> TensorType:
    """The type of a (TxK or K) times b (KxM): positions of a, and positions or features of b."""
    rows, columns = a.shape[:-1], b.shape[-1]
    by_rows = bool(rows) and a.ragged and a.ragged_axis == 0
    by_columns = b.keys or (b.ragged and b.ragged_axis == 1)
    return TensorType(
        (*rows, columns),
        ragged=by_rows or by_columns,
        ragged_axis=0 if by_rows or not rows else int(by_columns),
        keys=by_rows and by_columns,
    )
