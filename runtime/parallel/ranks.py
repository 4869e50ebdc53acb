"""The processes of a training as one team: they add up, stop together, and hear of failures.

Before every operation all ranks agree that none has failed, so a rank that fails anywhere joins
the next agreement in place of its work, and no rank waits for it for ever."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from ..module import Array
from .communicator import Alone, Communicator

VALUES = 30
"""Most numbers that an agreement adds up beside its own."""

_FAILED, _STOP = 0, 1


class RankFailed(Exception):
    """Training cannot go on because a rank failed; the message names it and the reason."""


class Ranks:
    """The ranks of a training, of which rank 0 leads: it measures, prints and writes files."""

    def __init__(self, communicator: Communicator | None = None) -> None:
        self._communicator = communicator or Alone()
        self.rank, self.size = self._communicator.rank, self._communicator.size
        self._wish = self._stopping = False
        self.over = False  # whether a failure has ended all exchange

    @property
    def leads(self) -> bool:
        """Whether this is rank 0."""
        return self.rank == 0

    @property
    def several(self) -> bool:
        """Whether there are others."""
        return self.size > 1

    @property
    def stopping(self) -> bool:
        """Whether training is to stop; all ranks say the same after the same agreement."""
        return self._stopping if self.several else self._wish

    def wish_to_stop(self) -> None:
        """Ask all ranks to stop, at the next agreement; safe to call from a signal handler."""
        self._wish = True

    def agree(self, values: Array | None = None) -> Array:
        """Return at most VALUES numbers, added up; raises RankFailed if any rank has failed."""
        if self.over:
            raise RankFailed("another process has failed")
        count = 0 if values is None else len(values)
        sums = np.zeros(2 + VALUES)
        sums[_STOP] = self._wish
        sums[2 : 2 + count] = 0 if values is None else values
        self._communicator.add_up(sums)
        self._stopping |= bool(sums[_STOP])
        if sums[_FAILED]:
            raise RankFailed(self._reason(""))
        return sums[2 : 2 + count]

    def add_up(self, array: Array) -> None:
        """Replace a contiguous array by its sum over all ranks."""
        if array.ndim == 1 and len(array) <= VALUES:
            array[...] = self.agree(array)
            return
        self.agree()
        self._communicator.add_up(array)

    def add_up_with(self, array: Array, values: Array) -> Array:
        """Do the same in one agreement with a few numbers; return the sums of these."""
        sums = self.agree(values)
        self._communicator.add_up(array)
        return sums

    def broadcast(self, data: bytes = b"") -> bytes:
        """Return the data of rank 0."""
        self.agree()
        return self._communicator.broadcast(data, 0)

    def lead(self, compute: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Return numbers by name that rank 0 computes for all."""
        if not self.several:
            return compute()
        data = json.dumps(compute()).encode() if self.leads else b""
        found: dict[str, float] = json.loads(self.broadcast(data))
        return found

    def fail(self, message: str) -> None:
        """Tell all ranks that this one has failed; nothing if they know of a failure."""
        if self.over or not self.several:
            return
        sums = np.zeros(2 + VALUES)
        sums[_FAILED] = 1
        self._communicator.add_up(sums)
        self._reason(message)

    def _reason(self, message: str) -> str:
        """Learn which rank has failed, the first of several, and why."""
        self.over = True
        failed = np.zeros(self.size)
        failed[self.rank] = bool(message)
        self._communicator.add_up(failed)
        first = int(np.flatnonzero(failed)[0])
        text = self._communicator.broadcast(message.encode(), first)
        return f"rank {first} of {self.size} failed: {text.decode()}"
