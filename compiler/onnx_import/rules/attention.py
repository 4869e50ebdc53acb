"""Products of computed values: attention as a whole is not recognised yet."""

from __future__ import annotations

from onnx import NodeProto

from ..faults import Unsupported
from ..translation import Translation


def attention(t: Translation, node: NodeProto) -> None:
    """A product of two computed values has no stage of its own."""
    raise Unsupported(
        "it multiplies two computed values, as attention does",
        "write `attention HEADS` in the spec and convert its weights by hand",
    )
