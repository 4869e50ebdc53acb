"""Layer norm and batch norm."""

from __future__ import annotations

from ..ir.op_graph import Node
from .found import Found


def layer_norms(found: Found) -> None:
    """Fuse standardization by row statistics with gain and bias."""
    for node in list(found.nodes("standardized")):
        stats = found.operand(node, 1, "row_stats")
        if stats is None:
            continue
        eps = stats.real("eps")
        gain = found.only_user(node, "mul")
        shift = found.only_user(gain, "add") if gain is not None else None
        weights = [_row(found, user, of) for user, of in ((gain, node), (shift, gain))]
        if gain is not None and shift is not None and None not in weights:
            inputs = (node.inputs[0], *(w for w in weights if w is not None))
            found.merge(shift, "layer_norm", inputs, eps=eps)
        else:
            found.merge(node, "layer_norm", node.inputs[:1], eps=eps)


def _row(found: Found, user: Node | None, of: Node | None) -> int | None:
    """Return the other operand of a node if it is one row of weights."""
    if user is None or of is None or user.inputs[0] != of.id:
        return None
    other = found[user.inputs[1]]
    return other.id if other.op == "param" and other.type.rank == 1 else None


def batch_norms(found: Found) -> None:
    """Fuse (x − mean) / deviation · gain + bias with running statistics and the channels second."""
    for shift in list(found.nodes("add")):
        parts = _batch_norm(found, shift)
        if parts is not None:
            x, weights, eps = parts
            found.merge(shift, "batch_norm", (x, *weights), eps=eps)


def _batch_norm(found: Found, shift: Node) -> tuple[int, tuple[int, ...], float] | None:
    gained = found.operand(shift, 0, "mul")
    scaled = found.operand(gained, 0, "mul") if gained else None
    free = found.operand(scaled, 0, "sub") if scaled else None
    if gained is None or scaled is None or free is None:
        return None
    stats = _stats(found, free, scaled)
    if stats is None:
        return None
    x = found[free.inputs[0]]
    each = (gained.inputs[1], shift.inputs[1], *stats.inputs)
    weights = [channels(found, id, x) for id in each]
    if None in weights or x.type.rank < 2:
        return None
    return x.id, tuple(w for w in weights if w is not None), stats.real("eps")


def _stats(found: Found, free: Node, scaled: Node) -> Node | None:
    """Return the running statistics that x is standardized by."""
    mean, over = (found.operand(node, 1, "slice") for node in (free, scaled))
    if mean is None or over is None or mean.inputs != over.inputs:
        return None
    if (mean.attr("start"), over.attr("start")) != (0, 1):
        return None
    return found.operand(mean, 0, "running_stats")


def channels(found: Found, id: int, x: Node) -> int | None:
    """Return a weight with one number per channel of x, before its reshape for broadcasting."""
    node = found[id]
    if node.op == "reshape":
        if node.type.shape != (*found[node.inputs[0]].type.shape, *(1,) * (x.type.rank - 2)):
            return None
        node = found[node.inputs[0]]
    leaf = node.op in ("param", "state") and node.type.shape == (x.type.shape[1],)
    reshaped = id != node.id
    return node.id if leaf and (reshaped or x.type.rank == 2) else None
