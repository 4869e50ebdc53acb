"""Constants, elementwise arithmetic, selection, sums, maxima and products."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from ...ir.op_graph import Node
from ...ir.types import DType
from ..emitter import Emitter
from ..registry import rule, simple
from ..sizes import is_open

for _name, _onnx in {
    "add": "Add",
    "sub": "Sub",
    "mul": "Mul",
    "div": "Div",
    "maximum": "Max",
    "sign": "Sign",
    "select": "Where",
    "exp": "Exp",
    "log": "Log",
    "sqrt": "Sqrt",
    "root": "Sqrt",
    "abs": "Abs",
    "erf": "Erf",
    "sin": "Sin",
    "cos": "Cos",
    "stop": "Identity",
    "copied": "Identity",
    "matmul": "MatMul",
    "batch_matmul": "MatMul",
}.items():
    simple(_name, _onnx)


def _compared(e: Emitter, n: Node, op: str) -> str:
    """Add a comparison; ONNX compares numbers of one dtype, so integers are cast to the real dtype."""
    kinds = [e.graph[i].type.dtype for i in n.inputs]
    mixed = len(set(kinds)) > 1
    operands = zip(e.operands(n), kinds, strict=True)
    return e.add(op, *(e.cast(x) if mixed and k is not DType.FLOAT else x for x, k in operands))


for _name, _onnx in {
    "greater": "Greater",
    "at_least": "GreaterOrEqual",
    "equal": "Equal",
}.items():
    rule(_name)(partial(_compared, op=_onnx))


@rule("const")
def _const(e: Emitter, n: Node) -> str:
    value = n.attr("value")
    shape = n.type.shape
    if not any(map(is_open, shape)):
        sizes = tuple(e.number(dim) for dim in shape)
        return e.constant(np.broadcast_to(np.asarray(value, e.real), sizes))
    return e.add("Expand", e.constant(value), e.shape(shape))


@rule("zeros", "ones")
def _filled(e: Emitter, n: Node) -> str:
    return e.add("Expand", e.constant(float(n.op == "ones")), e.shape(n.type.shape))


@rule("scale")
def _scale(e: Emitter, n: Node) -> str:
    """Add x · factor / over, where `over` may be a symbolic size."""
    (x,), factor, over = e.operands(n), n.real("factor"), n.dim("over")
    if isinstance(over, int):
        return e.add("Mul", x, e.constant(factor / over))
    if factor != 1.0:
        x = e.add("Mul", x, e.constant(factor))
    return e.add("Div", x, e.cast(e.sizes.scalar(over)))


@rule("square")
def _square(e: Emitter, n: Node) -> str:
    (x,) = e.operands(n)
    return e.add("Mul", x, x)


@rule("power")
def _power(e: Emitter, n: Node) -> str:
    return e.add("Pow", *e.operands(n), e.constant(n.real("exponent")))


@rule("base_power")
def _base_power(e: Emitter, n: Node) -> str:
    return e.add("Pow", e.constant(n.real("base")), *e.operands(n))


@rule("clip")
def _clip(e: Emitter, n: Node) -> str:
    low, high = n.real("low"), n.real("high")
    bounds = [e.constant(b) if math.isfinite(b) else "" for b in (low, high)]
    return e.add("Clip", *e.operands(n), *bounds)


@rule("inside")
def _inside(e: Emitter, n: Node) -> str:
    (x,) = e.operands(n)
    above = e.add("Greater", x, e.constant(n.real("low")))
    return e.add("And", above, e.add("Less", x, e.constant(n.real("high"))))


@rule("count_true")
def _count_true(e: Emitter, n: Node) -> str:
    return e.add("Sum", *(e.cast(x) for x in e.operands(n)))


@rule("as_real")
def _as_real(e: Emitter, n: Node) -> str:
    return e.cast(e.operands(n)[0])


@rule("bounded")
def _bounded(e: Emitter, n: Node) -> str:
    """Bound x below by the lowest finite number."""
    return e.add("Clip", *e.operands(n), e.constant(float(np.finfo(e.real).min)))


@rule("sum", "max")
def _reduced(e: Emitter, n: Node) -> str:
    op = "ReduceSum" if n.op == "sum" else "ReduceMax"
    axes = n.wholes("axes")
    if not axes:
        return e.add("Identity", *e.operands(n))
    return e.add(op, *e.operands(n), e.whole(*axes), keepdims=int(bool(n.attr("keepdims"))))


@rule("global_max")
def _global_max(e: Emitter, n: Node) -> str:
    return e.add("ReduceMax", *e.operands(n), e.whole(-1), keepdims=0)


@rule("count_steps")
def _count_steps(e: Emitter, n: Node) -> str:
    return e.cast(e.add("ReduceSum", *e.operands(n), keepdims=0))
