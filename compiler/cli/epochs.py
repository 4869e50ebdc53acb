"""The epochs that `nnc train` prints: above a live display on a terminal, or else line by line."""

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
"""Columns assumed for a file or a pipe."""


@dataclass(slots=True)
class Teller:
    """Prints every n-th epoch (none if `every` is None or 0), and the last one in any case."""

    text: EpochText
    every: int | None
    say: Callable[[str], None]
    waiting: Epoch | None = field(default=None, init=False)

    def report(self, epoch: Epoch) -> None:
        """Record an epoch, and print it if its number is a multiple of `every`."""
        self.waiting = epoch
        if self.every and epoch.number % self.every == 0:
            self.finish()

    def finish(self) -> None:
        """Print the last epoch unless it was printed already."""
        if self.waiting is not None:
            self.say(self.text.of(self.waiting))
        self.waiting = None


class Telling(Callback):
    """Passes epochs to a Teller, and updates a live display if there is one."""

    def __init__(self, teller: Teller, live: Live | None) -> None:
        self.teller, self.live = teller, live

    def start(self, session: Session) -> None:
        """Show the starting position."""
        if self.live:
            self.live.update(session)

    def epoch(self, session: Session, epoch: Epoch) -> None:
        """Report an epoch."""
        self.teller.report(epoch)
        if self.live:
            self.live.update(session)


class TellingBatches(Telling):
    """As Telling, but on a terminal, where the display is updated with every batch."""

    def batch(self, session: Session) -> None:
        """Update the display."""
        if self.live:
            self.live.move(session)


@contextmanager
def telling(every: int | None) -> Iterator[Callback]:
    """Yield a callback that prints every n-th epoch, and the last one.

    With None it prints only the last one, in one line, without a display."""
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
