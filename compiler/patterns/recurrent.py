"""Recurrent layers: the product with the inputs of all steps, which stands before the loop over them."""

from __future__ import annotations

from ..ir.op_graph import Node
from .found import Found


def projection(found: Found, z: Node) -> tuple[int, ...] | None:
    """Return x, Wx and, if there is one, b of z = x Wx + b; None where z is computed otherwise."""
    product = found.operand(z, 0, "matmul") if z.op == "add" else z
    if product is None or product.op != "matmul":
        return None
    bias = () if z is product else (z.inputs[1],)
    leaves = (product.inputs[1], *bias)
    return (*product.inputs, *bias) if all(found[i].op == "param" for i in leaves) else None
