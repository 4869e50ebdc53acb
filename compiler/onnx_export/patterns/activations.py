"""Activations that are several ops in the op graph."""

from __future__ import annotations

from ...patterns.found import Found


def whole_gelus(found: Found) -> None:
    """Fuse z · Φ(z), whose second factor is an op of its own in the op graph.

    The tanh approximation is not fused: onnxruntime computes it in float64 with constants
    of single precision.
    """
    for node in list(found.nodes("gelu")):
        if found[node.inputs[0]].type == node.type:  # else an operand is broadcast
            found.merge(node, "Gelu", node.inputs[:1])


def clipped_relus(found: Found) -> None:
    """Merge a relu into the clip that is its only user.

    onnxruntime 1.32 fails on the two in float64, when it tries to merge them itself.
    """
    for clip in list(found.nodes("clip")):
        relu = found.operand(clip, 0, "relu")
        if relu is not None and found.only_user(relu, "clip") is not None:
            low = max(clip.real("low"), 0.0)
            found.merge(clip, "clip", relu.inputs, low=low, high=clip.real("high"))
