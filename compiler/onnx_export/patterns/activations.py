"""Activations that the op graph has in parts."""

from __future__ import annotations

from .found import Found


def whole_gelus(found: Found) -> None:
    """z · Φ(z), whose second factor is computed apart in the op graph.

    The approximation with tanh stays in parts: onnxruntime computes it in float64 with constants
    of single precision.
    """
    for node in list(found.nodes("gelu")):
        if (
            found[node.inputs[0]].type == node.type
        ):  # else one of its operands is still to be repeated
            found.merge(node, "Gelu", node.inputs[:1])


def clipped_relus(found: Found) -> None:
    """A relu that only a clip uses is part of the clip.

    Besides, onnxruntime 1.32 fails on the two in float64, where it tries to join them itself.
    """
    for clip in list(found.nodes("clip")):
        relu = found.operand(clip, 0, "relu")
        if relu is not None and found.only_user(relu, "clip") is not None:
            low = max(clip.real("low"), 0.0)
            found.merge(clip, "clip", relu.inputs, low=low, high=clip.real("high"))
