"""Per-row gradients: the parameters' gradients before their sum over the rows.

    before  %7 : (4, 2) = matmul(transpose(x), dz)         dW, summed over the batch
    after   %9 : (B, 4, 2) = mul(x as (B, 4, 1), dz as (B, 1, 2))

A parameter's gradient is a sum over rows, because every row uses the same parameter. Where the
sum occurs (a product that contracts the rows, a sum over the batch axis, the scatter of an
embedding), the op is replaced by one that keeps the rows separate; the following ops are linear
in it and get an additional first axis. The sum over the rows is the ordinary gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..ir.dims import BATCH, symbols
from ..ir.op_graph import Node
from ..ops.attention import batch_matmul
from ..ops.build import Builder, Value
from ..ops.reduction import sum_over
from ..ops.shape import broadcast, reshape, transpose


class NotPerRow(Exception):
    """An op whose sum over the rows cannot be separated; names the op and its layer."""


def per_row(build: Builder, gradient: Value) -> Value:
    """Return the contributions of the rows to a gradient, along a new first axis."""
    return _Rows(build).parts(build.nodes[gradient.id])


class _Rows:
    """One traversal, with the results of visited nodes."""

    def __init__(self, build: Builder) -> None:
        self.build = build
        self.known: dict[int, Value] = {}
        self.depends: dict[int, bool] = {}

    def parts(self, node: Node) -> Value:
        """Return the row contributions of a node whose value is a sum over rows."""
        if node.id not in self.known:
            rule = _RULES.get(node.op)
            if rule is None:
                raise NotPerRow(f"`{node.op}` of {node.origin.layer}")
            for inside in self.inputs(node):  # before the origin is set to this node's
                if self.is_summed(inside):
                    self.parts(inside)
            self.emit_for(node)
            count, words = len(self.build.nodes), node.origin
            value = rule(self, node)
            if value.id >= count:
                formula = words.formula.removesuffix(" over the rows")
                value = self.build.describe(value, hint=words.hint, formula=formula)
            self.known[node.id] = value
        return self.known[node.id]

    def emit_for(self, node: Node) -> None:
        """Set the origin of the next ops to that of the node."""
        self.build.origin = replace(node.origin, hint="", formula="")

    def inputs(self, node: Node) -> list[Node]:
        return [self.build.nodes[i] for i in node.inputs]

    def value(self, node: Node) -> Value:
        return self.build.value(node.id)

    def is_summed(self, node: Node) -> bool:
        """Return whether a value without a batch axis depends on values with one."""
        return not has_rows(node) and self._depends(node)

    def _depends(self, node: Node) -> bool:
        found = self.depends.get(node.id)
        if found is None:
            found = has_rows(node) or any(self._depends(n) for n in self.inputs(node))
            self.depends[node.id] = found
        return found


Rule = Callable[[_Rows, Node], Value]


def has_rows(node: Node) -> bool:
    """Return whether a value has a batch axis."""
    return any(str(BATCH) in symbols(n) for n in node.type.shape)


def apart(x: Value) -> Value:
    """Split a first axis of B·L entries into (B, L)."""
    first, *rest = x.type.shape
    assert not isinstance(first, int), "the rows come first"
    inner = first // BATCH
    return reshape(x, (BATCH, inner, *rest))


# --- where rows are summed ----------------------------------------------------------------


def _matmul(c: _Rows, node: Node) -> Value:
    """Return xᵀ dz as one product over the positions of each row."""
    left, right = c.inputs(node)
    if c.is_summed(left) or c.is_summed(right):
        raise NotPerRow(f"a product of parameters in {node.origin.layer}")
    x = apart(transpose(c.value(left)))  # (B, L, K)
    dz = apart(c.value(right))  # (B, L, N)
    batch, inner, rows = x.type.shape
    if inner == 1:
        columns = dz.type.shape[-1]
        return reshape(x, (batch, rows, 1)) * reshape(dz, (batch, 1, columns))
    return batch_matmul(transpose(x, (0, 2, 1)), dz)


def _sum(c: _Rows, node: Node) -> Value:
    (inside,) = c.inputs(node)
    axes, keepdims = node.wholes("axes"), bool(node.attr("keepdims"))
    if c.is_summed(inside):
        return sum_over(c.parts(inside), tuple(a + 1 for a in axes), keepdims)
    x = c.value(inside)
    if x.type.shape[0] == BATCH:
        summed = sum_over(x, tuple(a for a in axes if a)) if axes != (0,) else x
    else:
        x = apart(x)  # (B, L, …): axis a of the sum is axis a + 1 here
        summed = sum_over(x, tuple(a + 1 for a in axes))
    return reshape(summed, (BATCH, *node.type.shape))


def _conv_weights(c: _Rows, node: Node) -> Value:
    """Make the rows groups of one image, so that they are not summed."""
    image, positions = (c.value(n) for n in c.inputs(node))
    attrs = {**dict(node.attrs), "groups": BATCH * node.whole("groups")}
    one = (_as_channels(image), _as_channels(positions))
    weights = c.build.emit("conv_weights", *one, **attrs)
    return reshape(weights, (BATCH, *node.type.shape))


def _as_channels(x: Value) -> Value:
    batch, channels, *sizes = x.type.shape
    return reshape(x, (1, batch * channels, *sizes))


def _weighted_pool_dw(c: _Rows, node: Node) -> Value:
    """Make the channels the batch of a convolution, whose groups are the rows."""
    dy, x = (transpose(c.value(n), _swapped(n)) for n in c.inputs(node))
    spatial = len(node.type.shape)
    weights = c.build.emit(
        "conv_weights",
        x,
        dy,
        kernel=node.type.shape,
        stride=node.attr("stride"),
        pad=node.attr("pad"),
        dilation=(1,) * spatial,
        groups=BATCH,
    )
    return reshape(weights, (BATCH, *node.type.shape))


def _swapped(node: Node) -> tuple[int, ...]:
    return (1, 0, *range(2, node.type.rank))


def _local_dw(c: _Rows, node: Node) -> Value:
    return c.build.emit("local_dw_rows", *map(c.value, c.inputs(node)), **dict(node.attrs))


def _add_rows(c: _Rows, node: Node) -> Value:
    """Scatter every row of the batch into a separate table."""
    g, ids = map(c.value, c.inputs(node))
    count = node.whole("count")
    own = c.build.emit("offset_ids", ids, count=count)
    table = c.build.emit("add_rows", g, own, count=BATCH * count)
    return reshape(table, (BATCH, *node.type.shape))


# --- ops that are linear in a sum over rows -----------------------------------------------


def _unary(c: _Rows, node: Node) -> Value:
    (inside,) = c.inputs(node)
    return c.build.emit(node.op, c.parts(inside), **dict(node.attrs))


def _reshape(c: _Rows, node: Node) -> Value:
    (inside,) = c.inputs(node)
    return reshape(c.parts(inside), (BATCH, *node.type.shape))


def _broadcast(c: _Rows, node: Node) -> Value:
    (inside,) = c.inputs(node)
    return broadcast(_aligned(c.parts(inside), node.type.rank), (BATCH, *node.type.shape))


def _transpose(c: _Rows, node: Node) -> Value:
    (inside,) = c.inputs(node)
    perm = tuple(i + 1 for i in node.wholes("perm"))
    return transpose(c.parts(inside), (0, *perm))


def _along(c: _Rows, node: Node) -> Value:
    """Apply slice or embed along the next axis."""
    (inside,) = c.inputs(node)
    attrs = {**dict(node.attrs), "axis": node.whole("axis") + 1}
    return c.build.emit(node.op, c.parts(inside), **attrs)


def _concat(c: _Rows, node: Node) -> Value:
    parts = [c.parts(n) for n in c.inputs(node)]
    return c.build.emit("concat", *parts, axis=node.whole("axis") + 1)


def _add(c: _Rows, node: Node) -> Value:
    left, right = (_aligned(c.parts(n), node.type.rank) for n in c.inputs(node))
    return c.build.emit(node.op, left, right)


def _mul(c: _Rows, node: Node) -> Value:
    """Return a sum over rows times (or divided by) a value independent of the rows."""
    left, right = c.inputs(node)
    if c.is_summed(right) and (c.is_summed(left) or node.op == "div"):
        raise NotPerRow(f"a product of sums in {node.origin.layer}")
    pair = [
        _aligned(c.parts(n), node.type.rank) if c.is_summed(n) else c.value(n)
        for n in (left, right)
    ]
    return c.build.emit(node.op, *pair)


def _select(c: _Rows, node: Node) -> Value:
    condition, *branches = c.inputs(node)
    chosen = [
        _aligned(c.parts(n), node.type.rank) if c.is_summed(n) else c.value(n) for n in branches
    ]
    return c.build.emit("select", c.value(condition), *chosen)


def _zeros(c: _Rows, node: Node) -> Value:
    return c.build.emit("zeros", shape=(BATCH, *node.type.shape))


def _aligned(parts: Value, rank: int) -> Value:
    """Align the row contributions of a value that is broadcast to `rank` axes after the rows."""
    missing = rank + 1 - parts.type.rank
    batch, *rest = parts.type.shape
    return reshape(parts, (batch, *(1,) * missing, *rest)) if missing else parts


_RULES: dict[str, Rule] = {
    "matmul": _matmul,
    "sum": _sum,
    "conv_weights": _conv_weights,
    "weighted_pool_dw": _weighted_pool_dw,
    "local_dw": _local_dw,
    "add_rows": _add_rows,
    "scale": _unary,
    "reshape": _reshape,
    "broadcast": _broadcast,
    "transpose": _transpose,
    "slice": _along,
    "embed": _along,
    "concat": _concat,
    "add": _add,
    "sub": _add,
    "mul": _mul,
    "div": _mul,
    "select": _select,
    "zeros": _zeros,
}
