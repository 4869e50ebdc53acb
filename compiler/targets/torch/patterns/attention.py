"""Attention: the softmax of scaled products with the keys, times the values."""

from __future__ import annotations

from dataclasses import replace

from ....ir.op_graph import Attr, Node
from ....patterns.found import Found

FORMULA = "softmax(q kᵀ / √(D/heads)) v, each query's mean of v"


def attentions(found: Found) -> None:
    """F.scaled_dot_product_attention, with the keys that every query may see."""
    for node in list(found.nodes("batch_matmul")):
        weights = found.operand(node, 0, "softmax", "masked_softmax")
        if weights is None or found.only_user(weights, "batch_matmul") is None:
            continue
        pair = _queries_and_keys(found, weights)
        if pair is not None:
            attrs: dict[str, Attr] = {"causal": bool(dict(weights.attrs).get("causal", False))}
            inputs = (*pair, node.inputs[1], *weights.inputs[1:])
            found.merge(node, "F_attention", inputs, **attrs)
            found.retype(node, replace(node, origin=replace(node.origin, formula=FORMULA)))


def _queries_and_keys(found: Found, weights: Node) -> tuple[int, int] | None:
    """Return q and k of softmax(q kᵀ / √d), d the size of a query."""
    scores = found.operand(weights, 0, "scale")
    product = found.operand(scores, 0, "batch_matmul") if scores else None
    keys = found.operand(product, 1, "transpose") if product else None
    if scores is None or product is None or keys is None:
        return None
    size = found[product.inputs[0]].type.shape[-1]
    last = keys.type.rank - 1
    swapped = keys.attr("perm") == (*range(last - 1), last, last - 1)
    usual = isinstance(size, int) and scores.real("factor") == size**-0.5
    if not (swapped and usual and scores.attr("over") == 1 and keys.type.rank == 4):
        return None
    return product.inputs[0], keys.inputs[0]
