"""Recurrent layers as ONNX's RNN, LSTM and GRU, which have another order of gates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto

from ...ir.op_graph import Node
from ..emitter import Array, Emitter
from ..registry import CannotExport, rule

LSTM_GATES = (0, 3, 1, 2)
"""ONNX has input, output, forget and cell gate; nnc has input, forget, cell, output."""

GRU_GATES = (1, 0, 2)
"""ONNX has update, reset and hidden gate; nnc has reset, update, new."""

CELLS: dict[str, Callable[[float], tuple[str, dict[str, list[float]]]]] = {
    "tanh": lambda _: ("Tanh", {}),
    "relu": lambda _: ("Relu", {}),
    "sigmoid": lambda _: ("Sigmoid", {}),
    "leaky_relu": lambda a: ("LeakyRelu", {"activation_alpha": [a]}),
    "elu": lambda a: ("Elu", {"activation_alpha": [a]}),
    "softplus": lambda _: ("Softplus", {}),
    "softsign": lambda _: ("Softsign", {}),
    "hard_sigmoid": lambda _: (
        "HardSigmoid",
        {"activation_alpha": [1 / 6], "activation_beta": [0.5]},
    ),
    "id": lambda _: ("Affine", {"activation_alpha": [1.0], "activation_beta": [0.0]}),
}
"""ONNX's name of a simple cell's nonlinearity, and its numbers, from the cell's own."""


@rule("RNN")
def _rnn(e: Emitter, n: Node) -> str:
    act = n.word("act")
    if act not in CELLS or (act == "sigmoid" and n.real("number") != 1.0):
        raise CannotExport(f"{e.layer()}: ONNX has no recurrent cell with the nonlinearity {act}")
    name, numbers = CELLS[act](n.real("number"))
    return _recurrent(e, n, "RNN", (0,), activations=[name], **numbers)


@rule("LSTM")
def _lstm(e: Emitter, n: Node) -> str:
    return _recurrent(e, n, "LSTM", LSTM_GATES)


@rule("GRU")
def _gru(e: Emitter, n: Node) -> str:
    return _recurrent(e, n, "GRU", GRU_GATES, linear_before_reset=1)


def _recurrent(e: Emitter, n: Node, op: str, gates: tuple[int, ...], **attributes: Any) -> str:
    """Transpose (B, T, D) to ONNX's (T, B, D), and the states back to (B, T, H)."""
    x, *rest = n.inputs
    steps_first = e.add("Transpose", e.value(x), perm=[1, 0, 2])
    width = e.number(e.graph[x].type.shape[2])
    weights = e.array(rest.pop(0)) if n.attr("weights") else np.eye(width, dtype=e.real)
    none = np.zeros(weights.shape[1], e.real)
    bias = e.array(rest.pop(0)) if n.attr("bias") else none
    hidden = rest.pop(0)
    size = e.array(hidden).shape[0]
    own = e.array(rest.pop(0)) if op == "GRU" else none
    first = _first_states(e, rest.pop(), size, op) if dict(n.attrs).get("started") else []
    biases = np.concatenate([_gates(a, gates) for a in (bias, own)])
    lengths = [e.cast(e.value(i), TensorProto.INT32) for i in rest]
    states = e.add(
        op,
        steps_first,
        _weights(e, n, "W", _gates(weights, gates)),
        _weights(e, n, "R", _gates(e.array(hidden), gates)),
        _weights(e, n, "B", biases),
        *(lengths or [""] if first else lengths),
        *first,
        hidden_size=size,
        direction="reverse" if n.attr("reverse") else "forward",
        **attributes,
    )
    return e.add("Transpose", e.add("Squeeze", states, e.whole(1)), perm=[1, 0, 2])


def _first_states(e: Emitter, start: int, size: int, op: str) -> list[str]:
    """Return the first h, for an LSTM also c, from one array: (1, B, H) each."""
    both = e.value(start)
    if op != "LSTM":
        return [e.add("Unsqueeze", both, e.whole(0))]
    parts = ((0, size), (size, 2 * size))
    slices = [e.add("Slice", both, e.whole(a), e.whole(b), e.whole(1)) for a, b in parts]
    return [e.add("Unsqueeze", part, e.whole(0)) for part in slices]


def _gates(array: Array, order: tuple[int, ...]) -> Array:
    """Reorder the gates, which are blocks of the last axis, and move that axis to the front."""
    blocks = np.split(array, len(order), axis=-1)
    return np.concatenate([blocks[i] for i in order], axis=-1).T


def _weights(e: Emitter, n: Node, letter: str, array: Array) -> str:
    """Return weights with ONNX's axis of directions in front."""
    return e.constant(array[None], hint=f"{n.origin.layer}.{letter}")
