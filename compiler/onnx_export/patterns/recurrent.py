"""Recurrent layers: the products with the inputs of all steps, and the loop over them."""

from __future__ import annotations

from ...ir.op_graph import Node
from .found import Found

TAPES = {"rnn_tape": "RNN", "lstm_tape": "LSTM", "gru_tape": "GRU"}


def recurrent_layers(found: Found) -> None:
    """Fuse x Wx + b, the tape, and the states read from it into a node of x and all weights.

    Where the product is not found, the node takes z itself, with identity input weights.
    """
    for node in list(found.nodes("states_of")):
        tape = found[node.inputs[0]]
        if dict(tape.attrs).get("cells"):  # the last cell is read as well, from the tape
            continue
        z, *rest = tape.inputs
        given = _projection(found, found[z])
        inputs = given or (z,)
        attrs = {**dict(tape.attrs), "weights": len(inputs) > 1, "bias": len(inputs) > 2}
        found.merge(node, TAPES[tape.op], (*inputs, *rest), **attrs)


def _projection(found: Found, z: Node) -> tuple[int, ...] | None:
    """Return the parts of x Wx + b; b is optional."""
    product = found.operand(z, 0, "matmul") if z.op == "add" else z
    if product is None or product.op != "matmul":
        return None
    bias = () if z is product else (z.inputs[1],)
    leaves = (product.inputs[1], *bias)
    return (*product.inputs, *bias) if all(found[i].op == "param" for i in leaves) else None
