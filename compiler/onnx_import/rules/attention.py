"""Attention that was recognised as a whole, and other products of computed values."""

from __future__ import annotations

from onnx import NodeProto

from ..attention import OP
from ..faults import Unsupported
from ..network import attributes
from ..translation import Translation, option, reads


@reads(OP)
def _whole(t: Translation, node: NodeProto) -> None:
    """Self-attention with the weights that its node names."""
    given, x = attributes(node), t.plain(node.input[0])
    names = [name.decode() for name in given["weights"]]
    arrays = (t.weights(name, "weights") for name in node.input[1:])
    weights = dict(zip(names, arrays, strict=True))
    causal = option("causal", "true" if given["causal"] else "false", "false")
    bias = option("bias", "true" if "bo" in weights else "false", "true")
    text = f"attention {given['heads']}{causal}{bias}"
    t.give(node.output[0], t.stage(text, [x], t.stages[x].shape, **weights))


def attention(t: Translation, node: NodeProto) -> None:
    """Refuse a product of two computed values, which no stage computes."""
    raise Unsupported(
        "it multiplies two computed values, as attention does, but not as PyTorch's own exports do",
        "write `attention HEADS` in the spec and convert its weights by hand",
    )
