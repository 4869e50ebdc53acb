"""Computation of some rows of a value only, which is enough to reject most mutants.

Rows of a product are a product of rows, so a weight with 784 rows costs no more than one with 8.
"""

from __future__ import annotations

from types import EllipsisType

import numpy as np

from ..ir.op_graph import Node
from ..ops import OPS
from .interpreter import VALUES, Array, Evaluation

SMALL = 2000
"""Most entries of an array that is compared as a whole."""

ROWS = 8


Part = slice | EllipsisType


def window(array: Array, worst: tuple[int, ...]) -> Part:
    """Return the rows of an array to compare: all of a small one, else those near the largest error."""
    if array.size <= SMALL or not worst:
        return ...
    start = max(0, min(worst[0] - ROWS // 2, len(array) - ROWS))
    return slice(start, start + ROWS)


def rows(values: Evaluation, id: int, part: Part) -> Array:
    """Return some rows of a node's value."""
    node = values.graph[id]
    if part is ... or values.has(id):
        return np.asarray(values[id][part])
    if node.op == "matmul":
        pair = [rows(values, node.inputs[0], part), values[node.inputs[1]]]
        result = np.asarray(pair[0] @ pair[1])
        values.work.add(node.op, pair, result)
        return result
    if node.op == "transpose" and node.attr("perm") == (1, 0):
        return values[node.inputs[0]][:, part].T
    if _entry_by_entry(values, node):
        scalars = {i for i in node.inputs if not values.graph[i].type.rank}
        operands = [values[i] if i in scalars else rows(values, i, part) for i in node.inputs]
        attrs = {name: values.attribute(value) for name, value in node.attrs}
        with np.errstate(all="ignore"):
            result = np.asarray(VALUES[node.op](*operands, **attrs))
        values.work.add(node.op, operands, result)
        return result
    return np.asarray(values[id][part])


def _entry_by_entry(values: Evaluation, node: Node) -> bool:
    """Return whether rows of the value depend on the same rows of the operands only."""
    if node.op not in OPS:
        return False
    alike = all(values.graph[i].type.shape in (node.type.shape, ()) for i in node.inputs)
    return alike and (node.op == "copied" or (node.op in OPS and OPS[node.op].elementwise))
