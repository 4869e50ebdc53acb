"""Activations and softmaxes. The gate of an activation such as silu is a value of its own."""

from __future__ import annotations

import numpy as np

from ...ir.op_graph import Node
from ..emitter import Emitter
from ..registry import rule, simple

for _name, _onnx in {
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "relu": "Relu",
    "prelu": "PRelu",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "silu": "Mul",
    "hard_swish": "Mul",
    "mish": "Mul",
}.items():
    simple(_name, _onnx)


@rule("leaky_relu")
def _leaky_relu(e: Emitter, n: Node) -> str:
    """z where positive, else slope · z."""
    (z,), slope = e.operands(n), n.real("slope")
    if e.real == np.float32:
        return e.add("LeakyRelu", z, alpha=slope)
    return _above_zero(e, z, e.add("Mul", z, e.constant(slope)))


@rule("elu")
def _elu(e: Emitter, n: Node) -> str:
    """z where positive, else α (exp(z) − 1)."""
    (z,), alpha = e.operands(n), n.real("alpha")
    if e.real == np.float32:
        return e.add("Elu", z, alpha=alpha)
    power = e.add("Exp", e.add("Min", z, e.constant(0.0)))
    return _above_zero(e, z, e.add("Mul", e.add("Sub", power, e.constant(1.0)), e.constant(alpha)))


def _above_zero(e: Emitter, z: str, other: str) -> str:
    """Select z where positive, else another value; attributes of ONNX ops are single precision."""
    return e.add("Where", e.add("Greater", z, e.constant(0.0)), z, other)


@rule("gelu", "gelu_tanh")
def _gelu(e: Emitter, n: Node) -> str:
    """z times its gate, which is the last operand."""
    operands = e.operands(n)
    return e.add("Mul", operands[0], operands[-1])


@rule("Gelu")
def _whole_gelu(e: Emitter, n: Node) -> str:
    return e.add("Gelu", *e.operands(n))


@rule("softmax", "log_softmax")
def _softmax(e: Emitter, n: Node) -> str:
    return e.add("Softmax" if n.op == "softmax" else "LogSoftmax", *e.operands(n), axis=-1)
