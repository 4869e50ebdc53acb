"""The primitive tensor operations. Importing this package imports every family of them."""

from . import (
    activation,
    attention,
    conv,
    elementwise,
    fused,
    linear,
    loss,
    norm,
    pooling,
    ragged,
    recurrent,
    reduction,
    scalar,
    shape,
    source,
    table,
)
from .registry import OPS, OpDef

__all__ = [
    "OPS",
    "OpDef",
    "activation",
    "attention",
    "conv",
    "elementwise",
    "fused",
    "linear",
    "loss",
    "norm",
    "pooling",
    "ragged",
    "recurrent",
    "reduction",
    "scalar",
    "shape",
    "source",
    "table",
]
