"""Replace sums by single calls of the matrix library.

    before  sum(sub(a, sum(mul(t, u), axis=1)))          one pass over memory an op
    after   sub(sum(a), inner(t, u))                     inner is one dot product

    before  sum(d, axis=0)                               strided additions
    after   matmul(ones, d)                              the same sums at the speed of BLAS

Only the order of the additions changes.
"""

from __future__ import annotations

from ..ir.dims import product
from ..ir.op_graph import Graph, Node
from ..ops.build import Builder, Value
from ..ops.elementwise import scale
from ..ops.fused import column_sums, row_sums
from .rewrite import rewrite

SUMS = "sums over an axis as products with ones: one call of the matrix library"
INNER = "the sum of all products as one dot product"


def fuse_sums(graph: Graph) -> Graph:
    """Distribute sums over all entries over differences, then choose the call for each sum."""
    return rewrite(graph, _rule)


def _rule(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    if node.op != "sum" or inputs[0].type.dtype.value != "float":
        return None
    x, axes = inputs[0], node.wholes("axes")
    if len(axes) == x.type.rank and not node.attr("keepdims"):
        return _total(build, x)
    if x.type.rank == 2 and axes == (0,) and not node.attr("keepdims"):
        return build.describe(column_sums(x), note=SUMS)
    if x.type.rank == 2 and axes == (1,) and isinstance(x.type.shape[1], int):
        sums = build.describe(row_sums(x), note=SUMS)
        return sums if node.attr("keepdims") else build.emit("reshape", sums, shape=node.type.shape)
    return None


def _total(build: Builder, x: Value) -> Value:
    return _whole(build, x) or build.emit("grand_sum", x)


def _whole(build: Builder, x: Value) -> Value | None:
    """Return the sum over everything, through reshapes, inner sums, scalings, products, squares."""
    inner = build.nodes[x.id]
    parts = [build.value(i) for i in inner.inputs]
    match inner.op:
        case "reshape" | "sum":
            return _total(build, parts[0])
        case "sub" | "add" if all(_covers(p, x) for p in parts):
            left, right = (_total(build, p) for p in parts)
            return build.emit(inner.op, left, right)
        case "scale":
            whole = _total(build, parts[0])
            return scale(whole, inner.real("factor"), inner.dim("over"))
        case "mul" if all(_covers(p, x) for p in parts):
            return build.describe(build.emit("inner", *parts), note=INNER)
        case "square":
            return build.emit("inner", parts[0], parts[0])
        case "row_sums":
            return _total(build, parts[0])
    return None


def _covers(part: Value, whole: Value) -> bool:
    return product(part.type.shape) == product(whole.type.shape)
