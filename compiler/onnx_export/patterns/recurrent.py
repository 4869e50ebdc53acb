"""Recurrent layers: the products with the inputs of all steps, and the loop over them."""

from __future__ import annotations

from ...patterns.found import Found
from ...patterns.recurrent import projection

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
        given = projection(found, found[z])
        inputs = given or (z,)
        attrs = {**dict(tape.attrs), "weights": len(inputs) > 1, "bias": len(inputs) > 2}
        found.merge(node, TAPES[tape.op], (*inputs, *rest), **attrs)
