"""Choose whether each weight matrix is stored by rows or by columns, by the cost of its products.

    forward    z  = x W      fast if W is stored by rows
    backward   dx = d Wᵀ     fast if W is stored by columns, because Wᵀ is then stored by rows

A matrix library copies an operand stored in the other order before it multiplies: once per call,
whatever the number of rows, unless the result is so small that the library has a special kernel for
it. So each weight gets the layout for which fewer entries are copied:

    input 784 -> dense 100 -> dense 200 -> dense 10, batch 32: entries copied by a step
    before               by rows    by columns      after
    dense1.W                   0        78,400      by rows: nothing needs the data's gradient
    dense2.W              20,000        20,000      by rows: its z is wider than its x
    dense3.W               2,000             0      by columns

`dW = xᵀ d` costs the same in both layouts: if W is stored by columns, dWᵀ = dᵀ x is computed.
"""

from __future__ import annotations

from ..ir.dims import Dim, evaluate, fixed, symbols
from ..ir.op_graph import Graph, Node

SMALL_RESULT = 1200
"""Entries of a result up to which OpenBLAS (0.3.31, x86) multiplies without packing."""

NARROW = 8
"""A matrix this many times higher than wide is better stored by columns: its rows are short."""


def stored_by_rows(graph: Graph) -> frozenset[str]:
    """Return the parameters stored by rows: tables, arrays of rank other than 2, and by cost.

    Unknown sizes are replaced by the graph's batch size.
    """
    params = [node for node in graph if node.op == "param"]
    return frozenset(p.word("name") for p in params if _by_rows(graph, p))


def _by_rows(graph: Graph, weight: Node) -> bool:
    if weight.type.rank != 2:
        return True
    height, width = map(fixed, weight.type.shape)
    turned = [i for i in graph.users[weight.id] if graph[i].op == "transpose"]
    plain = _products(graph, weight.id)
    transposed = [product for i in turned for product in _products(graph, i)]
    if not plain and not transposed:
        return True  # a table, or the matrix of a core that uses it in every step
    copied_by_columns = sum(_is_large(n, graph.batch) for n in plain)
    copied_by_rows = sum(_is_large(n, graph.batch) for n in transposed)
    if copied_by_columns != copied_by_rows:
        return copied_by_rows < copied_by_columns
    return height <= width if transposed else height <= NARROW * width


def _products(graph: Graph, matrix: int) -> list[Node]:
    """Return the products with this matrix as right operand."""
    users = [graph[i] for i in dict.fromkeys(graph.users[matrix])]
    return [n for n in users if n.op == "matmul" and n.inputs[1] == matrix]


def _is_large(product: Node, batch: int) -> bool:
    rows, columns = product.type.shape[-2:]
    return _size(rows, batch) * _size(columns, batch) > SMALL_RESULT


def _size(dim: Dim, unknown: int) -> int:
    return evaluate(dim, dict.fromkeys(symbols(dim), unknown))
