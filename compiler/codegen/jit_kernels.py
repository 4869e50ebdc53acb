"""What templates see of compiled kernels: plain values, as in view.py."""

from __future__ import annotations

from dataclasses import dataclass

from ..schedule.statements import Statement


@dataclass(frozen=True, slots=True)
class JitKernel:
    """A compiled function's body: sizes it reads off, arrays it sees, statements, results."""

    dims: tuple[str, ...]
    arrays: tuple[tuple[str, str], ...]
    statements: tuple[Statement, ...]
    results: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """Random numbers that a step needs: the cache's name for them, their place, how to draw them."""

    name: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class JitView:
    """The compiled kernels of a training step and the rooms they work in, with their sizes."""

    forward: JitKernel
    loss: JitKernel
    backward: JitKernel
    rooms: tuple[tuple[str, str, str], ...]
    draws: tuple[Draw, ...]

    @property
    def room_names(self) -> tuple[str, ...]:
        """The flat arrays that kernels work in."""
        return tuple(name for name, _, _ in self.rooms)
