"""Self-attention as PyTorch's exporters write it: some forty nodes, replaced by one.

From a softmax backwards to the projection of q, k and v, and forwards to that of the output. In
between, entries are only moved: labels show that each head gets its columns, and each position its
row. Only what is equal to nnc's `attention` is replaced; all else stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import NodeProto, helper

from .moves import is_move, moved, small
from .network import BATCH, Array, Network, attributes

OP = "nnc.attention"
"""The operator of the node that stands for the whole; no file has one of this name."""


@dataclass(frozen=True, slots=True)
class _Back:
    """Where a value comes from: the first value that is computed, the moves since, the factor."""

    source: str
    moves: list[NodeProto]
    factor: float


@dataclass(frozen=True, slots=True)
class _Projected:
    """A product with a stored matrix: its operand, the matrix, and the bias if it has one."""

    x: str
    w: Array
    b: Array | None
    out: str


class _Other(Exception):
    """It is not the attention that nnc has."""


def fold_attention(net: Network) -> bool:
    """Replace every self-attention by one node; return whether there is one."""
    found: dict[str, NodeProto] = {}
    for node in net.nodes:
        if node.op_type != "Softmax":
            continue
        try:
            made = _attention(net, node)
        except (_Other, LookupError, TypeError, ValueError):
            continue
        found[made.output[0]] = made
    net.nodes = [_instead(node, found) for node in net.nodes]
    return bool(found)


def _instead(node: NodeProto, found: dict[str, NodeProto]) -> NodeProto:
    return next((found[name] for name in node.output if name in found), node)


def _attention(net: Network, softmax: NodeProto) -> NodeProto:
    scores, masked, after = _scores(net, softmax)
    product = net.only_user(softmax.output[0], "MatMul")
    if product is None or product.input[0] != softmax.output[0]:
        raise _Other
    q, k, v = (_back(net, name) for name in (*scores.input, product.input[1]))
    if not q.source == k.source == v.source or v.factor != 1:
        raise _Other
    inner = _projection_behind(net, q.source)
    x = _back(net, inner.x)
    shape = net.shape(x.source)
    if len(shape) != 3 or shape[0] != BATCH or x.factor != 1:
        raise _Other
    rows, steps, size = map(small, shape)
    heads = _check_heads(net, inner, x, (q, k, v), (rows, steps, size))
    if not np.isclose(q.factor * k.factor * after, (size // heads) ** -0.5, rtol=1e-5):
        raise _Other
    outer, end = _end(net, product.output[0], (rows, heads, steps, size // heads))
    if net.shape(end) != shape:
        raise _Other
    return _node(net, x.source, end, heads, masked, inner, outer)


def _scores(net: Network, softmax: NodeProto) -> tuple[NodeProto, bool, float]:
    """The product of q and k before a softmax over the last axis, whether a mask hides what is to
    come, and a factor that comes after the product."""
    rank = len(net.shape(softmax.input[0]))
    if attributes(softmax).get("axis", -1) not in (-1, rank - 1):
        raise _Other
    name, masked, factor = softmax.input[0], False, 1.0
    while (node := net.makers[name]).op_type != "MatMul":
        name, other = _apart(net, node)
        if node.op_type == "Add" and _is_causal(net.constants[other]):
            masked = True
        else:
            factor *= _factor(net, node)
    return node, masked, factor


def _is_causal(mask: Array) -> bool:
    """Whether a constant hides from each position all later ones, and nothing else."""
    if mask.ndim < 2 or mask.shape[-1] != mask.shape[-2] or mask.size != mask.shape[-1] ** 2:
        raise _Other
    later = np.triu(np.ones(mask.shape[-2:], bool), 1)
    grid = mask.reshape(later.shape)
    if not (np.all(grid[later] <= -1e30) and np.all(grid[~later] == 0)):
        raise _Other
    return True


def _apart(net: Network, node: NodeProto) -> tuple[str, str]:
    """The operand that is computed, and the one that is stored."""
    stored = [name for name in node.input if name in net.constants]
    computed = [name for name in node.input if name not in net.constants]
    if len(stored) != 1 or len(computed) != 1:
        raise _Other
    return computed[0], stored[0]


def _factor(net: Network, node: NodeProto) -> float:
    """The number that a node multiplies by."""
    constant = [n for n in node.input if n in net.constants and net.constants[n].size == 1]
    if len(constant) != 1 or node.op_type not in ("Mul", "Div"):
        raise _Other
    number = float(net.constants[constant[0]].reshape(()))
    if node.op_type == "Div" and constant[0] != node.input[1]:
        raise _Other
    return number if node.op_type == "Mul" else 1 / number


def _back(net: Network, name: str) -> _Back:
    moves: list[NodeProto] = []
    factor = 1.0
    while (node := net.makers.get(name)) is not None:
        if is_move(net, node):
            moves.append(node)
            name = node.input[0]
            continue
        try:
            factor *= _factor(net, node)
        except _Other:
            break
        name, _ = _apart(net, node)
    return _Back(name, moves[::-1], factor)


def _projection_behind(net: Network, name: str) -> _Projected:
    """The product with stored weights that makes a value."""
    node, b = net.makers[name], None
    if node.op_type == "Add":
        computed, stored = _apart(net, node)
        b, node = net.constants[stored], net.makers[computed]
    return _projected(net, node, b, name)


def _projected(net: Network, node: NodeProto, b: Array | None, out: str) -> _Projected:
    if node.op_type not in ("MatMul", "Gemm"):
        raise _Other
    given = attributes(node)
    w = net.constants[node.input[1]]
    if node.op_type == "Gemm":
        plain = {"alpha": 1.0, "beta": 1.0, "transA": 0}
        if any(given.get(key, value) != value for key, value in plain.items()):
            raise _Other
        w = w.T if given.get("transB", 0) else w
        b = net.constants[node.input[2]] if len(node.input) > 2 and node.input[2] else b
    if w.ndim != 2 or (b is not None and b.shape != w.shape[1:]):
        raise _Other
    return _Projected(node.input[0], w, b, out)


def _check_heads(
    net: Network,
    inner: _Projected,
    x: _Back,
    parts: Sequence[_Back],
    sizes: tuple[int, int, int],
) -> int:
    """Return the number of heads, where q, k and v are what nnc's attention takes them to be."""
    rows, steps, size = sizes
    if inner.w.shape != (size, 3 * size):
        raise _Other
    labels = np.arange(rows * steps * size).reshape(rows, steps, size)
    row = moved(net, x.moves, labels)
    if row.shape[-1] != size or np.any(row - row[..., :1] != np.arange(size)):
        raise _Other
    width = 3 * size
    projected = row[..., :1] // size * width + np.arange(width)
    q, k, v = (moved(net, part.moves, projected) for part in parts)
    deep = int(q.shape[-1])
    heads = size // deep
    want = np.arange(rows * steps * width).reshape(rows, steps, 3, heads, deep)
    first, second, third = want.transpose(2, 0, 3, 1, 4)
    for found, wanted in ((q, first), (k, second.swapaxes(-1, -2)), (v, third)):
        if not np.array_equal(found.reshape(wanted.shape), wanted):
            raise _Other
        if found.shape[-2:] != wanted.shape[-2:]:
            raise _Other
    return heads


def _end(net: Network, name: str, sizes: tuple[int, int, int, int]) -> tuple[_Projected, str]:
    """The projection of the heads' results, and the value in which each row is in its place."""
    rows, heads, steps, deep = sizes
    size = heads * deep
    whole: Array = np.arange(rows * steps * size).reshape(rows, steps, size)
    place: Array = whole.reshape(rows, steps, heads, deep).transpose(0, 2, 1, 3)
    if len(net.shape(name)) == 3:
        place = place.reshape(rows * heads, steps, deep)
    name, place = _forward(net, name, place, whole)
    node = net.only_user(name, "Gemm", "MatMul")
    if node is None or np.any(place - place[..., :1] != np.arange(size)):
        raise _Other
    plus = net.only_user(node.output[0], "Add") if node.op_type == "MatMul" else None
    b = next((net.constants[n] for n in plus.input if n in net.constants), None) if plus else None
    if b is None or b.ndim != 1:
        plus, b = None, None
    last = plus.output[0] if plus is not None else node.output[0]
    outer = _projected(net, node, b, last)
    if outer.w.shape != (size, size):
        raise _Other
    end, place = _forward(net, last, place, whole)
    if place.shape != whole.shape or not np.array_equal(place, whole):
        raise _Other
    return outer, end


def _forward(net: Network, name: str, place: Array, whole: Array) -> tuple[str, Array]:
    """Follow the moves behind a value, until its entries are in their places or it is used."""
    while not np.array_equal(place, whole):
        users = net.users.get(name, [])
        if len(users) != 1 or not is_move(net, users[0]):
            break
        place = moved(net, users, place)
        name = users[0].output[0]
    return name, place


def _node(
    net: Network,
    x: str,
    end: str,
    heads: int,
    masked: bool,
    inner: _Projected,
    outer: _Projected,
) -> NodeProto:
    """The node that stands for the whole; its weights are constants of their own names."""
    weights = {"Wqkv": inner.w, "Wo": outer.w}
    if inner.b is not None or outer.b is not None:
        weights["bqkv"] = np.zeros(inner.w.shape[1], inner.w.dtype) if inner.b is None else inner.b
        weights["bo"] = np.zeros(outer.w.shape[1], outer.w.dtype) if outer.b is None else outer.b
    names = []
    for last, array in weights.items():
        names.append(f"{end} {last}")
        net.constants[names[-1]] = array
    return helper.make_node(
        OP, [x, *names], [end], end, heads=heads, causal=int(masked), weights=list(weights)
    )
