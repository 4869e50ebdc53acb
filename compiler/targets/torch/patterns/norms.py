"""Norms: those of batches in training, of groups of channels, by the root mean square."""

from __future__ import annotations

from ....ir.op_graph import Node
from ....patterns.found import Found
from ....patterns.norms import channels


def training_norms(found: Found) -> None:
    """F.batch_norm: by the batch in training, by the running statistics else."""
    for shift in list(found.nodes("add")):
        gained = found.operand(shift, 0, "mul")
        hat = found.operand(gained, 0, "standardized") if gained else None
        stats = found.operand(hat, 1, "batch_stats") if hat else None
        if gained is None or hat is None or stats is None:
            continue
        x = found[hat.inputs[0]]
        each = (*stats.inputs[1:3], gained.inputs[1], shift.inputs[1])
        arrays = [channels(found, id, x) for id in each]
        if None not in arrays:
            inputs = (x.id, *(a for a in arrays if a is not None))
            attrs = {name: stats.real(name) for name in ("eps", "momentum")}
            found.merge(shift, "F_batch_norm", inputs, **attrs)


def group_norms(found: Found) -> None:
    """F.group_norm: rows of groups standardized, in their old shape, times gain, plus bias."""
    for shift in list(found.nodes("add")):
        gained = found.operand(shift, 0, "mul")
        back = found.operand(gained, 0, "reshape") if gained else None
        hat = found.operand(back, 0, "standardized") if back else None
        rows = found.operand(hat, 0, "reshape") if hat else None
        stats = found.operand(hat, 1, "row_stats") if hat else None
        if gained is None or rows is None or stats is None:
            continue
        x = found[rows.inputs[0]]
        arrays = [channels(found, id, x) for id in (gained.inputs[1], shift.inputs[1])]
        alone = rows.type.rank != 3 or rows.type.shape[2] == 1  # F.group_norm refuses single values
        if None in arrays or x.type != shift.type or alone:
            continue
        inputs = (x.id, *(a for a in arrays if a is not None))
        groups = rows.type.shape[1]
        found.merge(shift, "F_group_norm", inputs, groups=groups, eps=stats.real("eps"))


def rms_norms(found: Found) -> None:
    """F.rms_norm, with its gain where that follows."""
    for node in list(found.nodes("rms_normalized")):
        size = found.operand(node, 1, "rms_scale")
        if size is None:
            continue
        gain = found.only_user(node, "mul")
        weight = _row(found, gain, node) if gain is not None else None
        if gain is not None and weight is not None:
            found.merge(gain, "F_rms_norm", (node.inputs[0], weight), eps=size.real("eps"))
        else:
            found.merge(node, "F_rms_norm", node.inputs[:1], eps=size.real("eps"))


def _row(found: Found, gain: Node, of: Node) -> int | None:
    other = found[gain.inputs[1]]
    plain = other.op == "param" and other.type.rank == 1 and gain.inputs[0] == of.id
    return other.id if plain else None
