"""What may listen to a training: the base of callbacks, and the simplest of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .epochs import Epoch

if TYPE_CHECKING:
    from .session import Session

_PIECES = 50  # how often an epoch says how far it is


class Callback:
    """Override what you want to hear of; `session` has params, state, position, plan and history.

    `session.stop()` ends the training after the batch, or the epoch, that is just done.
    """

    def start(self, session: Session) -> None:
        """Before the first step, also of a training that goes on."""

    def batch(self, session: Session) -> None:
        """After a batch; with compiled kernels after some."""

    def epoch(self, session: Session, epoch: Epoch) -> None:
        """After an epoch was measured."""

    def end(self, session: Session) -> None:
        """At the end, whatever the reason; `session.ending` names it."""


class Report(Callback):
    """Calls a function with every epoch."""

    def __init__(self, report: Callable[[Epoch], None]) -> None:
        self.report = report

    def epoch(self, session: Session, epoch: Epoch) -> None:
        """Pass the epoch on."""
        self.report(epoch)


class Progress(Callback):
    """Calls a function with the rows that are done of an epoch, and all of it, some times."""

    def __init__(self, progress: Callable[[int, int], None]) -> None:
        self.progress, self.next = progress, 0

    def batch(self, session: Session) -> None:
        """Pass on how far the epoch is, where there is something new to say."""
        done, rows = session.position.at, session.rows
        if done >= self.next or done == rows:
            self.progress(done, rows)
            self.next = 0 if done == rows else done + max(1, rows // _PIECES)
