"""Ops without operands in the graph: inputs, parameters, targets, constants, random masks."""

from __future__ import annotations

from ..ir.types import DType, TensorType
from .build import Builder, Value
from .registry import ZERO, Attrs, OpDef, Types, op


def _declared(_: Types, attrs: Attrs) -> TensorType:
    return TensorType(attrs["shape"], DType(attrs["dtype"]))


LEAVES = (
    *("input", "param", "target", "state", "lengths", "train", "upstream"),
    *("stream", "position"),
)
"""Ops whose values are provided from outside the graph.

`state` are arrays that training updates besides the parameters (running statistics), `lengths`
the lengths of padded rows, `train` whether this is training, `upstream` the caller's gradient
for an output, `stream` an array of what was remembered of earlier positions, `position` the number
of the position.
"""

KEPT_LEAVES = ("input", "lengths", "train")
"""Leaves that forward caches for loss and backward, which do not take them as arguments."""

RANDOM = ("dropout_mask", "gaussian_noise")
"""Ops that draw random numbers in training; a target passes them `train` and `rng`."""

FREE = (*LEAVES, "const", "ones")
"""Ops without cost: leaves, constants, cached arrays."""

for _name in LEAVES:
    op(OpDef(_name, _declared, ZERO))

op(
    OpDef(
        "const",
        lambda _, attrs: TensorType(attrs["shape"]),
        ZERO,
    )
)

op(
    OpDef(
        "zeros",
        lambda _, attrs: TensorType(attrs["shape"]),
        ZERO,
    )
)

# Inverted dropout: entries are 0 with probability `rate`, else 1/(1-rate), in training;
# 1 otherwise. `name` distinguishes the masks of a model.
op(OpDef("dropout_mask", lambda types, _: types[0], ZERO))

# Normal numbers of standard deviation `std`, shaped like x, in training; zeros otherwise.
op(OpDef("gaussian_noise", lambda types, _: types[0], ZERO))


def leaf(build: Builder, kind: str, name: str, type: TensorType) -> Value:
    """A leaf: an input, parameter or target, by its name in the module."""
    return build.emit(kind, name=name, shape=type.shape, dtype=type.dtype.value)


def training(build: Builder) -> Value:
    """Whether this is training, known at run time; all callers share one leaf."""
    found = next((node for node in build.nodes if node.op == "train"), None)
    if found is not None:
        return build.value(found.id)
    value = leaf(build, "train", "train", TensorType((), DType.BOOL))
    return build.describe(value, hint="train")


def const(build: Builder, value: float) -> Value:
    """A scalar constant."""
    return build.emit("const", value=float(value), shape=())


def const_array(build: Builder, values: tuple[float, ...]) -> Value:
    """A constant vector."""
    return build.emit("const", value=tuple(float(v) for v in values), shape=(len(values),))
