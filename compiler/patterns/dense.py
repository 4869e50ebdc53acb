"""Products of stacked rows: (B, T, D) by (D, H) without reshaping."""

from __future__ import annotations

from dataclasses import replace

from ..ir.op_graph import Node
from .found import Found


def stacked_products(found: Found) -> None:
    """Replace reshape, product, bias, reshape by a product of the stack, and its bias."""
    for node in list(found.nodes("reshape")):
        chain = _chain(found, node)
        if chain is None:
            continue
        product, last, x = chain
        stacked = replace(node.type, shape=(*x.type.shape[:-1], product.type.shape[-1]))
        if stacked.shape != node.type.shape:
            continue
        found.merge(product, "matmul", (x.id, product.inputs[1]))
        found.retype(product, replace(node, origin=product.origin))
        if last.id != product.id:
            found.merge(last, "add", (product.id, last.inputs[1]))
        found.retype(last, node)
        found.alias(node, last)


def _chain(found: Found, node: Node) -> tuple[Node, Node, Node] | None:
    """Return the product after a reshape, its last node including the bias, and the stack before it."""
    last = found.operand(node, 0, "add", "matmul")
    if last is None or found.only_user(last, "reshape") is None:
        return None
    product = last if last.op == "matmul" else found.operand(last, 0, "matmul")
    if product is None or (product is not last and found.only_user(product, "add") is None):
        return None
    if product is not last and found[last.inputs[1]].type.rank != 1:
        return None
    rows = found.operand(product, 0, "reshape")
    if rows is None:
        return None
    x = found[rows.inputs[0]]
    return (product, last, x) if x.type.rank == node.type.rank else None
