"""Estimates of the temporary arrays in helper functions of the NumPy target, where large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...ir.dims import Dim, Shape, fixed, product
from ...ir.op_graph import Node
from ...program.training_memory import usual


def scratch(node: Node, shapes: Sequence[Shape], wide: int) -> Dim:
    """Return their bytes, for operands of these shapes and numbers of `wide` bytes."""
    known = SCRATCH.get(node.op)
    return known(node, shapes, wide) if known else 0


def _time_loop(node: Node, shapes: Sequence[Shape], wide: int) -> Dim:
    """Return the bytes of the reordered state matrix, and of one or two values of every step."""
    _, kernel, d_state = shapes[:3]
    return wide * (product(kernel) + (1 if node.op == "gru_back" else 2) * product(d_state))


def _tiles(node: Node, shapes: Sequence[Shape], wide: int) -> Dim:
    """Return the bytes of an example's windows under one kernel row, for every row."""
    back = node.op == "weighted_pool_dw"
    image, kernel = shapes[back], _sizes(node, "kernel") if back else shapes[1]
    width = fixed(kernel[-1])
    return wide * (product(image[1:]) // width * product(kernel[:-1]))


def _pooled(node: Node, shapes: Sequence[Shape], wide: int) -> Dim:
    """Return the bytes of a block reduced along one axis, or of its remaining gradient."""
    image, given = (shapes[0], ()) if node.op == "max_pool" else (shapes[1], shapes[0])
    row = wide * usual(product(image[1:]))
    rows = min(usual(image[0]), max(POOL_BYTES // row, 1))
    edges = rows * row if any(_sizes(node, "pad")) else 0
    if given:  # two arrays of numbers and one of flags
        return 2 * edges + rows * (2 * wide + 1) * product(given[1:])
    return edges + rows * row // _sizes(node, "kernel")[0]


def _sizes(node: Node, name: str) -> tuple[int, ...]:
    """Return an attribute of numbers, or of pairs of numbers, flattened."""
    if name not in dict(node.attrs):
        return ()
    found: Any = node.attr(name)
    return tuple(n for item in found for n in (item if isinstance(item, tuple) else (item,)))


POOL_BITS = 19
POOL_BYTES = 1 << POOL_BITS
"""Bytes of a block in pooling, which fits into the cache; passed to helper functions."""

SCRATCH: dict[str, Callable[[Node, Sequence[Shape], int], Dim]] = {
    "lstm_back": _time_loop,
    "gru_back": _time_loop,
    "rnn_back": _time_loop,
    "weighted_pool": _tiles,
    "weighted_pool_dw": _tiles,
    "max_pool": _pooled,
    "max_pool_dx": _pooled,
}
"""The estimate for each op."""
