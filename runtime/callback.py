"""The base class of training callbacks, and the simplest callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .epochs import Epoch

if TYPE_CHECKING:
    from .session import Session

_PIECES = 50  # progress reports per epoch


class Callback:
    """Base class: override the methods for the events that you need.

    `session` has the attributes params, state, position, plan and history. `session.stop()` ends
    training after the current batch or epoch."""

    def start(self, session: Session) -> None:
        """Called before the first step, also when training resumes."""

    def batch(self, session: Session) -> None:
        """Called after a batch, or after several where kernels are compiled."""

    def epoch(self, session: Session, epoch: Epoch) -> None:
        """Called after an epoch was measured."""

    def end(self, session: Session) -> None:
        """Called at the end, whatever the reason; `session.ending` names the reason."""


class Report(Callback):
    """Calls a function with each epoch."""

    def __init__(self, report: Callable[[Epoch], None]) -> None:
        self.report = report

    def epoch(self, session: Session, epoch: Epoch) -> None:
        """Pass the epoch on."""
        self.report(epoch)


class Progress(Callback):
    """Calls a function several times per epoch with the rows done and the total rows."""

    def __init__(self, progress: Callable[[int, int], None]) -> None:
        self.progress, self.next = progress, 0

    def batch(self, session: Session) -> None:
        """Report the progress of the epoch if it has advanced far enough."""
        done, rows = session.position.at, session.rows
        if done >= self.next or done == rows:
            self.progress(done, rows)
            self.next = 0 if done == rows else done + max(1, rows // _PIECES)
