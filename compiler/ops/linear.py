"""The matrix product."""

from __future__ import annotations

from ..ir.types import TensorType
from .build import Value
from .registry import Attrs, Gradient, OpDef, Types, op, sample
from .shape import transpose


def _infer(types: Types, _: Attrs) -> TensorType:
    a, b = types
    if a.rank != 2 or b.rank != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"cannot multiply {a.array()} by {b.array()}")
    return TensorType((a.shape[0], b.shape[1]))


def _gradient(c: Gradient) -> list[Value]:
    x, w = c.inputs
    weight = transpose(x) @ c.g  # first, as books write it
    return [c.g @ transpose(w), weight]


op(
    OpDef(
        "matmul",
        _infer,
        _gradient,
        samples=(sample((3, 4), (4, 5)),),
        formulas=("dx = dz Wᵀ", "dW = xᵀ dz"),
    )
)
