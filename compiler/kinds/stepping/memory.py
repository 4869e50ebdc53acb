"""The arrays in which a layer remembers earlier positions: parts of the stream given to `step`."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.dims import BATCH, Shape
from ...ir.types import DType, TensorType
from ...ops.build import Builder, Value
from ...ops.source import leaf
from ...ops.stepping import POSITIONS, so_far


@dataclass(frozen=True, slots=True)
class Remembered:
    """An array of the stream: its name, its shape without the rows, and a description.

    `room` is the number of positions for which one that grows has room at first.
    """

    name: str
    shape: Shape
    what: str
    room: int | None = None


@dataclass(slots=True)
class Memory:
    """One layer's part of the stream, for the lowering of its step.

    All layers enter their arrays into one list, `arrays`.
    """

    build: Builder
    layer: str
    arrays: list[Remembered] = field(default_factory=list)
    most: int | None = None

    def before(self, suffix: str, shape: tuple[int, ...], what: str) -> Value:
        """Return an array as of the previous position, (B, *shape); zeros before the first."""
        name = self._enter(suffix, shape, what)
        return leaf(self.build, "stream", name, TensorType((BATCH, *shape)))

    def keep(self, suffix: str, value: Value) -> None:
        """Set the content of an array for the next position."""
        self.build.outputs[f"stream:{self.layer}.{suffix}"] = value.id

    def so_far(self, suffix: str, value: Value, what: str) -> Value:
        """Return the values (B, heads, 1, D) of all positions up to this one, (B, heads, T, D)."""
        _, heads, _, size = value.type.shape
        name = self._enter(suffix, (heads, POSITIONS, size), what, self.most or FIRST_ROOM)
        return so_far(value, self.position(), name)

    def position(self) -> Value:
        """Return the number t of the position, from 0: one leaf shared by all layers."""
        found = next((node for node in self.build.nodes if node.op == "position"), None)
        if found is not None:
            return self.build.value(found.id)
        value = leaf(self.build, "position", "t", TensorType((), DType.INT))
        return self.build.describe(value, hint="t")

    def _enter(self, suffix: str, shape: Shape, what: str, room: int | None = None) -> str:
        name = f"{self.layer}.{suffix}"
        self.arrays.append(Remembered(name, shape, what, room))
        return name


FIRST_ROOM = 16
"""Positions for which arrays that grow have room at first; the room doubles when it is full."""
