"""Types of values: a shape and a kind of element."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from .dims import BATCH, Shape, array_text, shape_text


class DType(Enum):
    """Kind of element; FLOAT is the model's dtype, float32 or float64."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class TensorType:
    """Shape and element kind of a value.

    In the layer graph the shape excludes the batch axis, as in specs; in the op graph it is the
    full shape. `ragged`: rows are padded along the feature axis `ragged_axis`, which is the first
    one in an input. `keys`: the last axis is padded as well, by the lengths of another sequence.
    """

    shape: Shape
    dtype: DType = DType.FLOAT
    ragged: bool = False
    ragged_axis: int = 0
    keys: bool = False

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def with_shape(self, shape: Shape) -> TensorType:
        """Return the same type with another shape."""
        return replace(self, shape=shape)

    def batched(self) -> TensorType:
        """Return the type with the batch axis in front."""
        return replace(self, shape=(BATCH, *self.shape))

    def __str__(self) -> str:
        """Format as in a spec: `3x28x28`, `T int`, `Tx768 ragged`."""
        words = [shape_text(self.shape)]
        if self.dtype is not DType.FLOAT:
            words.append(self.dtype.value)
        if self.ragged:
            words.append("ragged")
        return " ".join(words)

    def array(self) -> str:
        """Format as in a comment: `(B, 30)`."""
        return array_text(self.shape)
