"""What processes that train together need of each other: two operations, one at a time."""

from __future__ import annotations

from typing import Protocol

from ..module import Array


class Communicator(Protocol):
    """Processes numbered from 0 to `size` - 1, which call the same operations in the same order."""

    @property
    def rank(self) -> int:
        """The number of this process."""

    @property
    def size(self) -> int:
        """The number of processes."""

    def add_up(self, array: Array) -> None:
        """Replace a contiguous array of real numbers by its sum over all processes, in place."""

    def broadcast(self, data: bytes, root: int) -> bytes:
        """Return the data of process `root`; those of the others are not used."""


class Alone:
    """The communicator of a single process."""

    rank = 0
    size = 1

    def add_up(self, array: Array) -> None:
        """A sum of one."""

    def broadcast(self, data: bytes, root: int) -> bytes:
        """Return the data."""
        return data
