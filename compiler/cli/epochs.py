"""How `nnc train` tells of epochs: above a live display on a terminal, else line by line."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nnc.runtime.callback import Callback
from nnc.runtime.epochs import Epoch, EpochText

from . import terminal

if TYPE_CHECKING:
    from nnc.runtime.session import Session

    from .live import Live

WIDTH = 100
"""Columns of a file or a pipe."""


@dataclass(slots=True)
class Teller:
    """Tells every so many epochs, or none but the last, which is told in any case."""

    text: EpochText
    every: int | None
    say: Callable[[str], None]
    waiting: Epoch | None = field(default=None, init=False)

    def report(self, epoch: Epoch) -> None:
        """Tell an epoch if it is its turn."""
        self.waiting = epoch
        if self.every and epoch.number % self.every == 0:
            self.finish()

    def finish(self) -> None:
        """Tell the last epoch unless that is done."""
        if self.waiting is not None:
            self.say(self.text.of(self.waiting))
        self.waiting = None


class Telling(Callback):
    """Passes epochs to a teller, and everything to a live display where there is one."""

    def __init__(self, teller: Teller, live: Live | None) -> None:
        self.teller, self.live = teller, live

    def start(self, session: Session) -> None:
        """Show where training begins."""
        if self.live:
            self.live.update(session)

    def epoch(self, session: Session, epoch: Epoch) -> None:
        """Tell of an epoch."""
        self.teller.report(epoch)
        if self.live:
            self.live.update(session)


class TellingBatches(Telling):
    """The same on a terminal, where the display moves with every batch."""

    def batch(self, session: Session) -> None:
        """Move the display."""
        if self.live:
            self.live.move(session)


@contextmanager
def telling(every: int | None) -> Iterator[Callback]:
    """A callback that tells of every so many epochs, and the last.

    With None only of the last, in one line, without a display.
    """
    text = EpochText(sys.maxsize if every is None else _width())
    if every is None or not terminal.on_terminal(sys.stdout):
        teller = Teller(text, every, lambda line: print(line, flush=True))
        try:
            yield Telling(teller, None)
        finally:
            teller.finish()
        return
    from .live import live_display

    with live_display(terminal.console(sys.stdout)) as live:
        teller = Teller(text, every, live.say)
        try:
            yield TellingBatches(teller, live)
        finally:
            teller.finish()


def _width() -> int:
    return shutil.get_terminal_size().columns if terminal.on_terminal(sys.stdout) else WIDTH
