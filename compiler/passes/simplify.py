"""Simplify formulas by algebra, so that they read as in textbooks and need fewer operations.

    before  %7 = broadcast(scale(1, 1/B))     the gradient of a mean
            %8 = mul(sub(y, t), %7)
    after   %8 = scale(sub(y, t), 1/B)        (y - t) / B

Every rule is exact in real arithmetic and gives the same value up to rounding. The pass runs at
both levels, because unsimplified gradients do not look like hand-written ones.
"""

from __future__ import annotations

from ..ir.dims import Dim, common_factor
from ..ir.op_graph import Graph, Node
from ..ir.types import DType
from ..ops import OPS
from ..ops.build import Builder, Value
from ..ops.elementwise import scale
from ..ops.ragged import as_real
from ..ops.shape import broadcast, reshape, transpose
from .rewrite import rewrite


def simplify(graph: Graph) -> Graph:
    """Apply the rules below once to every node, inputs first."""
    return rewrite(graph, _rule)


def _rule(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    inputs = _drop_broadcasts(build, node, inputs)
    match node.op:
        case "mul":
            return _mul(build, inputs) or build.emit("mul", *inputs)
        case "add":
            return _add(build, inputs) or build.emit("add", *inputs)
        case "scale":
            return _scale(build, node, inputs[0])
        case "reshape":
            return _reshape(build, node, inputs[0])
        case "broadcast":
            return broadcast(_unspread(build, inputs[0]), node.type.shape)
        case "transpose":
            return _transpose(build, node, inputs[0])
    if OPS[node.op].elementwise and any(
        v.id != i for v, i in zip(inputs, node.inputs, strict=True)
    ):
        return build.append(node.op, tuple(v.id for v in inputs), node.attrs, node.type)
    return None


def _node(build: Builder, value: Value) -> Node:
    return build.nodes[value.id]


def _constant(build: Builder, value: Value) -> tuple[float, Dim] | None:
    """Return (c, n) if the value is the scalar c/n with n a count."""
    node = _node(build, value)
    if node.op == "const" and node.type.shape == ():
        return node.real("value"), 1
    if node.op == "scale" and node.type.shape == ():
        inner = _constant(build, build.value(node.inputs[0]))
        if inner is not None:
            factor, over = _scaling(node)
            return inner[0] * factor, inner[1] * over
    return None


def _scaling(node: Node) -> tuple[float, Dim]:
    return node.real("factor"), node.dim("over")


def _drop_broadcasts(build: Builder, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...]:
    """Remove broadcasts of inputs to elementwise ops, if another input has the full shape."""
    if not OPS[node.op].elementwise or len(inputs) < 2:
        return inputs
    full = [v for v in inputs if v.type.shape == node.type.shape and not _spread(build, v)]
    if not full:
        return inputs
    return tuple(_unspread(build, v) for v in inputs)


def _spread(build: Builder, value: Value) -> bool:
    return _node(build, value).op == "broadcast"


def _unspread(build: Builder, value: Value) -> Value:
    return build.value(_node(build, value).inputs[0]) if _spread(build, value) else value


def _mul(build: Builder, inputs: tuple[Value, ...]) -> Value | None:
    """Turn x · c into a scaling, and a product with a scaled factor into a scaled product."""
    for x, other in (inputs, inputs[::-1]):
        constant = _constant(build, other)
        if constant is not None:
            # A number times booleans would be an array of a dtype chosen by NumPy.
            return _scaled(build, as_real(x) if x.type.dtype is DType.BOOL else x, *constant)
    for x, other in (inputs, inputs[::-1]):
        node = _node(build, other)
        if node.op == "scale" and not _hint(node):
            inner = build.value(node.inputs[0])
            pair = (x, inner) if x is inputs[0] else (inner, x)
            return _scaled(build, pair[0] * pair[1], *_scaling(node))
    return None


def _hint(node: Node) -> str:
    """Return the name of a value; named values are kept, since readers look for them."""
    return node.origin.hint


def _add(build: Builder, inputs: tuple[Value, ...]) -> Value | None:
    for x, other in (inputs, inputs[::-1]):
        if _node(build, other).op == "zeros" or _constant(build, other) == (0.0, 1):
            return x
    return None


def _scale(build: Builder, node: Node, x: Value) -> Value | None:
    return _scaled(build, x, *_scaling(node))


def _scaled(build: Builder, x: Value, factor: float, over: Dim) -> Value:
    """Return x · factor / over, merged with a scaling that x is itself."""
    inner = _node(build, x)
    if inner.op == "scale" and not _hint(inner):
        f, n = _scaling(inner)
        return _scaled(build, build.value(inner.inputs[0]), factor * f, over * n)
    if inner.op == "broadcast":
        small = _scaled(build, build.value(inner.inputs[0]), factor, over)
        return build.emit("broadcast", small, shape=inner.type.shape)
    common = common_factor(over)
    if factor % common == 0:
        factor, over = factor / common, over // common
    if factor == 1.0 and over == 1:
        return x
    return scale(x, factor, over)


def _reshape(build: Builder, node: Node, x: Value) -> Value | None:
    inner = _node(build, x)
    if inner.op == "reshape":
        x = build.value(inner.inputs[0])
    scalar = _unspread(build, x)
    if scalar.type.shape == () and (_spread(build, x) or _constant(build, x)):
        return broadcast(scalar, node.type.shape)
    return reshape(x, node.type.shape)


def _transpose(build: Builder, node: Node, x: Value) -> Value | None:
    """Compose two transposes; transpose a product as the product of the transposes."""
    inner, perm = _node(build, x), node.wholes("perm")
    if perm == tuple(range(len(perm))):
        return x
    if inner.op == "transpose":
        before = inner.wholes("perm")
        composed = tuple(before[i] for i in perm)
        x = build.value(inner.inputs[0])
        return x if composed == tuple(range(len(perm))) else transpose(x, composed)
    if inner.op == "matmul" and not _hint(inner):
        a, b = (build.value(i) for i in inner.inputs)
        return _transposed(build, b) @ _transposed(build, a)
    return None


def _transposed(build: Builder, x: Value) -> Value:
    node = _node(build, x)
    return build.value(node.inputs[0]) if node.op == "transpose" else transpose(x)
