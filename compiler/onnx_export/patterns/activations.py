"""Activations that the op graph has in parts."""

from __future__ import annotations

from .found import Found

APPROXIMATE = {"gelu": "none", "gelu_tanh": "tanh"}


def whole_gelus(found: Found) -> None:
    """z · Φ(z), whose second factor is computed apart in the op graph."""
    for node in list(found.nodes(*APPROXIMATE)):
        if (
            found[node.inputs[0]].type == node.type
        ):  # else one of its operands is still to be repeated
            found.merge(node, "Gelu", node.inputs[:1], approximate=APPROXIMATE[node.op])
