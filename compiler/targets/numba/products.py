"""Choice of the function that multiplies two matrices, by their sizes and memory order."""

from __future__ import annotations

from math import prod

from ...ir.dims import Dim, Shape
from ...ir.op_graph import Node
from .choices import Applied, Matrix, Product, Value, WholeOp, turned
from .views import Views

SMALL = 32
"""Products of this many numbers per row of the batch may be too small for the matrix library."""

LONG = 16
"""A matrix with this many rows per row of the batch, or with T of them, is long."""

WIDE = 10**6 // 30
"""Entries of a matrix from which on only few of its rows fit into a small product."""


FEW, WIDE_SIZE = 16, 2**16
"""At most this many rows with at least this many entries in all make a matrix wide."""


def product_of(
    left: Matrix, right: Matrix, out: Value, shapes: tuple[Shape, Shape], by_columns: bool
) -> Product:
    """Return a product of matrices, written transposed if its value is in column-major order."""
    sizes = [size for shape in shapes for size in shape]
    known = prod(size for size in (*sizes[:2], sizes[3]) if isinstance(size, int))
    rows, inner, columns = sizes[0], sizes[1], sizes[3]
    if by_columns:
        left, right, out = right.turned, left.turned, turned(out)
        rows, inner, columns = sizes[3], sizes[2], sizes[0]
    wide = _is_wide(inner, columns) or _is_wide(rows, columns)
    if right.order == "C" and wide:
        return Product("wide_times", left.array, right.array, out)
    if left.order == "C" and right.order == "F" and _is_wide(columns, inner):
        return Product("row_dots", left.array, right.turned.array, out)
    if known <= SMALL:
        return Product("small_times", left.array, right.array, out)
    if not any(_is_long(size) for size in sizes):
        return Product("np.dot", left.array, right.array, out)
    return _long_product(left, right, out, known > WIDE)


def _long_product(left: Matrix, right: Matrix, out: Value, large: bool) -> Product:
    """Return a product over many rows, in blocks that fit into the processor's cache."""
    if left.order == "C":
        function = "tiled_times" if large and right.order == "C" else "rows_times"
        return Product(function, left.array, right.array, out)
    if right.order == "C":
        function = "tiled_sum" if large else "sum_times"
        return Product(function, left.turned.array, right.array, out)
    return Product("np.dot", left.array, right.array, out)


def stack_product(views: Views, node: Node, out: Value, note: str) -> WholeOp:
    """Return a product of stacks of matrices, one of which may be transposed."""
    graph = views.arrays.graph
    flips = [_is_turned(graph[i]) for i in node.inputs]
    form = "batch_turned_matmul" if flips[0] else "batch_matmul_turned"
    if sum(flips) != 1:
        form, flips = "batch_matmul", [False, False]
    bases = [graph[i].inputs[0] if t else i for i, t in zip(node.inputs, flips, strict=True)]
    operands = tuple(views.whole(i).array for i in bases)
    return WholeOp(form, Applied(node, operands, views.arrays.shapes(node)), out, note)


def _is_turned(node: Node) -> bool:
    """Return whether a value is a stack of transposed matrices."""
    last = node.type.rank - 1
    return node.op == "transpose" and node.attr("perm") == (*range(last - 1), last, last - 1)


def _is_wide(rows: Dim, columns: Dim) -> bool:
    if not isinstance(rows, int) or not isinstance(columns, int):
        return False
    return rows <= FEW and rows * columns >= WIDE_SIZE


def _is_long(size: Dim) -> bool:
    return not isinstance(size, int) and any(
        factor >= LONG or len(symbols) > 1 for symbols, factor in size.terms
    )
