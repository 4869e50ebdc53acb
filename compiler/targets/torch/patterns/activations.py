"""Activations that the op graph has in parts, and dropout."""

from __future__ import annotations

from ....patterns.found import Found

GATED = ("gelu", "gelu_tanh", "silu", "mish", "hard_swish")
"""Products of a value and a gate that is computed from it."""


def gated(found: Found) -> None:
    """F.gelu, F.silu and others: x times its gate, in one call."""
    for node in list(found.nodes(*GATED)):
        if found[node.inputs[0]].type == node.type:  # else x is still to be repeated
            found.merge(node, f"F_{node.op}", node.inputs[:1])


def clipped_relus(found: Found) -> None:
    """A relu that only a clip uses is part of the clip."""
    for clip in list(found.nodes("clip")):
        relu = found.operand(clip, 0, "relu")
        if relu is not None and found.only_user(relu, "clip") is not None and clip.real("low") == 0:
            found.merge(clip, "clip", relu.inputs, low=clip.real("low"), high=clip.real("high"))


def dropouts(found: Found) -> None:
    """F.dropout: a value times a mask that nothing else reads."""
    for node in list(found.nodes("mul")):
        mask = found.operand(node, 1, "dropout_mask")
        if mask is not None and found.only_user(mask, "mul") and mask.inputs == node.inputs[:1]:
            found.merge(node, "F_dropout", node.inputs[:1], rate=mask.real("rate"))
