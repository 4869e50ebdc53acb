"""Means, and the losses of torch.nn.functional where they are exactly those of the spec."""

from __future__ import annotations

from ....ir.dims import product
from ....ir.op_graph import Attr, Node
from ....patterns.found import Found

OF_DIFFERENCES = {"square": "F_mse_loss", "abs": "F_l1_loss", "huber": "F_huber_loss"}
OF_PAIRS = {"bce": "F_bce", "crossentropy": "F_cross_entropy", "poisson": "F_poisson"}


def means(found: Found) -> None:
    """A sum over axes divided by the number of its terms."""
    for node in list(found.nodes("scale")):
        total = found.operand(node, 0, "sum")
        if total is None or found.only_user(total, "scale") is None:
            continue
        shape = found[total.inputs[0]].type.shape
        axes = total.wholes("axes")
        if node.attr("over") == product(shape[a] for a in axes) != 1:
            attrs = {**dict(total.attrs), "mean": True}
            if node.real("factor") == 1:
                found.merge(node, "mean", total.inputs, **attrs)
            else:
                found.merge(total, "mean", total.inputs, **attrs)
                found.merge(node, "scale", (total.id,), factor=node.real("factor"), over=1)


def whole_losses(found: Found) -> None:
    """The mean or the sum, over all entries, of a loss that PyTorch has."""
    for node in list(found.nodes("mean", "sum")):
        each = found[node.inputs[0]]
        if len(node.wholes("axes")) != each.type.rank or not found.only_user(each, node.op):
            continue
        attrs: dict[str, Attr] = {"reduction": node.op}
        if each.op in OF_DIFFERENCES:
            _of_difference(found, node, each, attrs)
        elif each.op in OF_PAIRS:
            _of_pair(found, node, each, attrs)


def _of_difference(found: Found, node: Node, each: Node, attrs: dict[str, Attr]) -> None:
    difference = found.operand(each, 0, "sub")
    if difference is None:
        return
    y, t = (found[i] for i in difference.inputs)
    if t.op == "target" and y.type.shape == t.type.shape:
        more = {"delta": each.real("delta")} if each.op == "huber" else {}
        found.merge(node, OF_DIFFERENCES[each.op], difference.inputs, **attrs, **more)


def _of_pair(found: Found, node: Node, each: Node, attrs: dict[str, Attr]) -> None:
    z, t = (found[i] for i in each.inputs)
    smoothing = 0.0
    if each.op == "crossentropy" and t.op == "add":
        t, smoothing = _smoothed(found, t)
    if t.op == "target" and z.type.shape == t.type.shape:
        if each.op == "crossentropy":
            attrs["smoothing"] = smoothing
        found.merge(node, OF_PAIRS[each.op], (z.id, t.id), **attrs)


def _smoothed(found: Found, blend: Node) -> tuple[Node, float]:
    """Return t and ε of (1 − ε)·t + ε/C, or the node itself."""
    rest, spread = (found[i] for i in blend.inputs)
    share = found[spread.inputs[0]] if spread.op == "scale" else spread
    if rest.op != "scale" or share.op != "const" or spread.op != "scale":
        return blend, 0.0
    classes = blend.type.shape[-1]
    if spread.attr("over") != classes or spread.real("factor") != 1 or rest.attr("over") != 1:
        return blend, 0.0
    return found[rest.inputs[0]], share.real("value")
