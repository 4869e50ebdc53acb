"""Communicators of threads in one process, which stand in for MPI where only results matter."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np

from ..module import Array

SECONDS = 60.0
"""How long a thread waits for the others before it gives up."""


@dataclass(slots=True)
class _Room:
    """Where threads meet: a place for each of them, and a barrier."""

    barrier: threading.Barrier
    places: list[Array | bytes] = field(default_factory=list)


class ThreadCommunicator:
    """One thread of several; sums are taken in the order of the ranks, so all get the same bits.

    Raises threading.BrokenBarrierError where another thread does not come."""

    def __init__(self, rank: int, room: _Room) -> None:
        self.rank, self.size, self._room = rank, room.barrier.parties, room

    def add_up(self, array: Array) -> None:
        """Replace an array by its sum over all threads, in place."""
        everyone = self._exchange(array.copy())
        array[...] = np.sum([np.asarray(part) for part in everyone], axis=0)

    def broadcast(self, data: bytes, root: int) -> bytes:
        """Return the data of thread `root`."""
        found = self._exchange(data)[root]
        assert isinstance(found, bytes)
        return found

    def _exchange(self, mine: Array | bytes) -> list[Array | bytes]:
        self._room.places[self.rank] = mine
        self._room.barrier.wait(SECONDS)
        everyone = list(self._room.places)
        self._room.barrier.wait(SECONDS)
        return everyone


def thread_communicators(size: int) -> list[ThreadCommunicator]:
    """Return the communicators of so many threads."""
    room = _Room(threading.Barrier(size), [b""] * size)
    return [ThreadCommunicator(rank, room) for rank in range(size)]
