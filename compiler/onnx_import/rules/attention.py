"""Products of computed values; attention is not recognised yet."""

from __future__ import annotations

from onnx import NodeProto

from ..faults import Unsupported
from ..translation import Translation


def attention(t: Translation, node: NodeProto) -> None:
    """Refuse a product of two computed values, which no stage computes."""
    raise Unsupported(
        "it multiplies two computed values, as attention does",
        "write `attention HEADS` in the spec and convert its weights by hand",
    )
