"""Ops that only passes emit, after gradients exist: calls a target does in one go."""

from __future__ import annotations

from ..ir.types import TensorType
from .registry import NO_GRADIENT, Attrs, OpDef, Types, move_flops, op

op(OpDef("ones", lambda _, attrs: TensorType(attrs["shape"]), NO_GRADIENT, flops=move_flops))


def _column_sums(types: Types, _: Attrs) -> TensorType:
    return TensorType(types[1].shape[1:])


def _row_sums(types: Types, _: Attrs) -> TensorType:
    return TensorType((types[0].shape[0], 1))


# ones @ x and x @ ones: sums over rows and over columns as matrix products.
op(OpDef("column_sums", _column_sums, NO_GRADIENT))
op(OpDef("row_sums", _row_sums, NO_GRADIENT))

# Σ a·b over all entries, one call.
op(OpDef("inner", lambda types, _: TensorType(()), NO_GRADIENT))

# Σ over all entries: the ufunc's own reduction, which starts faster than the general sum.
op(OpDef("grand_sum", lambda types, _: TensorType(()), NO_GRADIENT))

# Adding and subtracting a tiny constant turns denormal entries into exact zeros; matrix
# products over denormals run several times slower.
op(OpDef("flush_denormals", lambda types, _: types[0], NO_GRADIENT, True))
