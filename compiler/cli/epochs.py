"""How `nnc train` tells of epochs: above a progress bar on a terminal, else line by line."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import terminal

if TYPE_CHECKING:
    from nnc.runtime.epochs import Epoch, EpochText

WIDTH = 100
"""Columns of a file or a pipe."""

Progress = Callable[[int, int], None]


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


@contextmanager
def telling(
    rows: int, epochs: int, every: int | None
) -> Iterator[tuple[Callable[[Epoch], None], Progress | None]]:
    """What to call with each epoch, and with the rows that are done of it where a bar shows them.

    Every so many epochs are told, and the last; with None only the last, in one line, without a
    bar.
    """
    from nnc.runtime.epochs import EpochText

    text = EpochText(sys.maxsize if every is None else _width())
    if every is None or not terminal.on_terminal(sys.stdout):
        teller = Teller(text, every, lambda line: print(line, flush=True))
        try:
            yield teller.report, None
        finally:
            teller.finish()
        return
    from rich.progress import Progress as Bar

    with Bar(console=terminal.console(sys.stdout), transient=True) as bar:
        task = bar.add_task(f"epoch 1 of {epochs}", total=rows)
        teller = Teller(text, every, lambda line: bar.console.print(line, markup=False))

        def report(epoch: Epoch) -> None:
            teller.report(epoch)
            if epoch.number < epochs:
                bar.reset(task, description=f"epoch {epoch.number + 1} of {epochs}")

        try:
            yield report, lambda done, total: bar.update(task, completed=done, total=total)
        finally:
            teller.finish()


def _width() -> int:
    return shutil.get_terminal_size().columns if terminal.on_terminal(sys.stdout) else WIDTH
