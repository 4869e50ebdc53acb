"""Lower bounds of the entries of values, as exact integers."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from .bounds import DEFAULT_BATCH
from .dims import Dim, Shape, symbols
from .layer_graph import LayerGraph
from .types import DType, TensorType

_BYTES = {DType.INT: 8, DType.BOOL: 1}


def entries(shape: Shape) -> int:
    """Return the entries of one row, with every symbolic dimension counted as 1.

    >>> from ..ir.dims import symbol
    >>> entries((192, symbol("T") - 2, 3))
    576
    """
    return prod(map(_at_one, shape))


def float_bytes(dtype: str) -> int:
    """Return the bytes of a number in the model's dtype."""
    return 8 if dtype == "float64" else 4


def entry_bytes(type: TensorType, dtype: str) -> int:
    """Return the bytes of one entry if the model computes in `dtype`."""
    return _BYTES.get(type.dtype, float_bytes(dtype))


def open_symbols(shapes: Iterable[Shape]) -> list[str]:
    """Return the symbolic dimensions that were counted as 1, in alphabetical order."""
    found = {name for shape in shapes for dim in shape for name in symbols(dim)}
    return sorted(name for name in found if name.isalnum())


def _at_one(dim: Dim) -> int:
    if isinstance(dim, int):
        return dim
    return max(1, sum(factor for _, factor in dim.terms))


def batch_size(graph: LayerGraph) -> int:
    """Return the rows of a batch: from the spec's train statement, else the default."""
    size = graph.training.train.get("batch")
    return size if isinstance(size, int) else DEFAULT_BATCH
