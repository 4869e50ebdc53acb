"""Ops of attention: batched matrix products, masked softmax over the keys."""

from __future__ import annotations

from ..ir.dims import Dim, fixed
from ..ir.types import TensorType
from .activation import softmax_gradient
from .build import Value
from .registry import ZERO, Attrs, Gradient, OpDef, Parts, Sample, Types, op, sample
from .shape import reshape, transpose


def batch_matmul(a: Value, b: Value) -> Value:
    """Matrix products over the last two axes, one for each index of the leading axes."""
    return a.builder.emit("batch_matmul", a, b)


def row_products(a: Value, b: Value) -> Value:
    """a (B, T, K) or (B, K) times b (B, K, M), a product for each row: (B, T, M) or (B, M)."""
    if a.type.rank == 3:
        return batch_matmul(a, b)
    batch, size = a.type.shape
    product = batch_matmul(reshape(a, (batch, 1, size)), b)
    return reshape(product, (batch, b.type.shape[2]))


def transposed(x: Value) -> Value:
    """Swap the last two axes of x."""
    last = x.type.rank - 1
    return transpose(x, (*range(last - 1), last, last - 1))


def split_heads(x: Value, rows: tuple[Dim, Dim], heads: int) -> Value:
    """Reshape (B·T, D) to (B, heads, T, D/heads), one column block per head; rows is (B, T)."""
    return x.builder.emit("split_heads", x, rows=rows, heads=heads)


def merge_heads(x: Value) -> Value:
    """Reshape (B, heads, T, D/heads) to (B·T, D), with the heads side by side."""
    batch, _, length, _ = x.type.shape
    return x.builder.emit("merge_heads", x, rows=(batch, length))


def masked_softmax(scores: Value, lengths: Value | None, *, causal: bool) -> Value:
    """Softmax over the unmasked keys (last axis) of each query (last axis but one); 0 elsewhere.

    `causal` masks the keys after the query, `lengths` those beyond a row's length.
    """
    operands = (scores,) if lengths is None else (scores, lengths)
    return scores.builder.emit("masked_softmax", *operands, causal=causal)


def positions(x: Value) -> Value:
    """Sinusoidal position encodings, (T, D), for x of shape (…, T, D)."""
    return x.builder.emit("positions", x)


def _product(types: Types, _: Attrs) -> TensorType:
    a, b = types
    if a.shape[:-2] != b.shape[:-2] or a.shape[-1] != b.shape[-2]:
        raise ValueError(f"cannot multiply {a.array()} by {b.array()}")
    return TensorType((*a.shape[:-1], b.shape[-1]))


def _products(c: Gradient) -> list[Value]:
    a, b = c.inputs
    return [batch_matmul(c.g, transposed(b)), batch_matmul(transposed(a), c.g)]


def _split_type(types: Types, attrs: Attrs) -> TensorType:
    (batch, length), heads, size = attrs["rows"], attrs["heads"], types[0].shape[1]
    return TensorType((batch, heads, length, size // heads))


def _merged_type(types: Types, _: Attrs) -> TensorType:
    batch, heads, length, size = types[0].shape
    return TensorType((batch * length, heads * size))


def _masked_softmax(c: Gradient) -> Parts:
    return [softmax_gradient(c), *[ZERO] * (len(c.inputs) - 1)]


op(
    OpDef(
        "batch_matmul",
        _product,
        _products,
        samples=(sample((2, 3, 4), (2, 4, 5)), sample((2, 1, 3, 2), (2, 1, 2, 3))),
        formulas=("da = dy bᵀ", "db = aᵀ dy"),
    )
)
op(
    OpDef(
        "split_heads",
        _split_type,
        lambda c: [merge_heads(c.g)],
        view=True,
        samples=(sample((6, 8), rows=(2, 3), heads=4), sample((3, 5), rows=(3, 1), heads=1)),
    )
)
op(
    OpDef(
        "merge_heads",
        _merged_type,
        lambda c: [split_heads(c.g, c.attr("rows"), fixed(c.x.type.shape[1]))],
        samples=(sample((2, 4, 3, 2), rows=(2, 3)), sample((3, 1, 1, 5), rows=(3, 1))),
    )
)
op(
    OpDef(
        "masked_softmax",
        lambda types, _: types[0],
        _masked_softmax,
        samples=(
            sample((2, 3, 4, 4), causal=True),
            Sample(((3, 2, 4, 4), (3,)), {"causal": False}, ints={1: 4}),
            Sample(((3, 2, 4, 4), (3,)), {"causal": True}, ints={1: 4}),
            sample((2, 1, 1, 1), causal=True),
            sample((2, 1, 2, 3), causal=True),
            sample((2, 1, 4, 3), causal=True),
            Sample(((3, 2, 2, 4), (3,)), {"causal": False}, ints={1: 4}),
        ),
        formulas=("dz = a · (da − Σ da·a), zero where nothing may be seen",),
    )
)
op(
    OpDef(
        "positions",
        lambda types, _: TensorType(types[0].shape[-2:]),
        ZERO,
    )
)
