"""What a layer remembers of the positions before: arrays of the stream that `step` is given."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.dims import BATCH, Shape
from ...ir.types import DType, TensorType
from ...ops.build import Builder, Value
from ...ops.source import leaf
from ...ops.stepping import POSITIONS, so_far


@dataclass(frozen=True, slots=True)
class Remembered:
    """An array of the stream: its name, its shape behind the rows, what it holds.

    `room` is the number of positions for which one that grows has room at first.
    """

    name: str
    shape: Shape
    what: str
    room: int | None = None


@dataclass(slots=True)
class Memory:
    """One layer's part of the stream, as the lowering of its step sees it.

    All layers enter their arrays into one list, `arrays`.
    """

    build: Builder
    layer: str
    arrays: list[Remembered] = field(default_factory=list)
    most: int | None = None

    def before(self, suffix: str, shape: tuple[int, ...], what: str) -> Value:
        """An array as the position before left it, (B, *shape); zeros before the first."""
        name = self._enter(suffix, shape, what)
        return leaf(self.build, "stream", name, TensorType((BATCH, *shape)))

    def keep(self, suffix: str, value: Value) -> None:
        """The new content of an array, for the position after this one."""
        self.build.outputs[f"stream:{self.layer}.{suffix}"] = value.id

    def so_far(self, suffix: str, value: Value, what: str) -> Value:
        """The values (B, heads, 1, D) of all positions up to this one, (B, heads, T, D)."""
        _, heads, _, size = value.type.shape
        name = self._enter(suffix, (heads, POSITIONS, size), what, self.most or FIRST_ROOM)
        return so_far(value, self.position(), name)

    def position(self) -> Value:
        """The number t of the position, from 0: one leaf for all who ask."""
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
