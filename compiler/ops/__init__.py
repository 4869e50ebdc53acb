"""The primitive tensor operations. Importing this package imports every family of them."""

from . import activation, elementwise, fused, linear, loss, ragged, reduction, scalar, shape, source
from .registry import OPS, OpDef

__all__ = [
    "OPS",
    "OpDef",
    "activation",
    "elementwise",
    "fused",
    "linear",
    "loss",
    "ragged",
    "reduction",
    "scalar",
    "shape",
    "source",
]
