"""Recurrent layers: PyTorch's own loops over the steps where they can be, else loops in the module."""

from __future__ import annotations

from ....ir.op_graph import Attr, Node
from ....ir.types import DType
from ....patterns.found import Found
from ....patterns.recurrent import projection

TAPES = ("rnn_tape", "lstm_tape", "gru_tape")
OWN = ("tanh", "relu")
"""The nonlinearities for which PyTorch has a simple recurrent cell."""


def recurrent_layers(found: Found) -> None:
    """The states of a whole layer: autograd remembers what backward needs, so there is no tape."""
    for node in list(found.nodes("states_of")):
        tape = found[node.inputs[0]]
        attrs = dict(tape.attrs)
        if tape.op not in TAPES or attrs.pop("cells", False):
            continue
        given = _library(found, tape)
        if given is None:
            found.merge(node, tape.op, tape.inputs, **attrs, states=True)
        else:
            inputs, bias = given
            lengths = any(found[i].type.dtype is DType.INT for i in inputs)
            name = tape.op.removesuffix("_tape")
            found.merge(node, f"F_{name}", inputs, **attrs, bias=bias, lengths=lengths)


def _library(found: Found, tape: Node) -> tuple[tuple[int, ...], Attr] | None:
    """Return x, all weights, lengths and first state, and whether there are biases.

    PyTorch's loops read rows of all lengths to the last step of the batch: what is behind a row's
    end does not reach back."""
    attrs = dict(tape.attrs)
    parts = projection(found, found[tape.inputs[0]])
    if parts is None or attrs.get("act", "tanh") not in OWN:
        return None
    x, wx, *bias = parts
    wh, *rest = tape.inputs[1:]
    if tape.op == "gru_tape":
        own, *rest = rest
        bias += [own] if bias else []
    return (x, wx, wh, *bias, *rest), bool(bias)
