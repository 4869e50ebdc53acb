"""Activations and softmaxes. A gate that somebody computes beside its product is a value, too."""

from __future__ import annotations

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
    return e.add("LeakyRelu", *e.operands(n), alpha=n.real("slope"))


@rule("elu")
def _elu(e: Emitter, n: Node) -> str:
    return e.add("Elu", *e.operands(n), alpha=n.real("alpha"))


@rule("gelu", "gelu_tanh")
def _gelu(e: Emitter, n: Node) -> str:
    """z times its gate, the last operand."""
    operands = e.operands(n)
    return e.add("Mul", operands[0], operands[-1])


@rule("Gelu")
def _whole_gelu(e: Emitter, n: Node) -> str:
    return e.add("Gelu", *e.operands(n), approximate=n.word("approximate"))


@rule("softmax", "log_softmax")
def _softmax(e: Emitter, n: Node) -> str:
    return e.add("Softmax" if n.op == "softmax" else "LogSoftmax", *e.operands(n), axis=-1)
