"""The live display below the epochs on a terminal: progress, speed, time left, and loss curves."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

if TYPE_CHECKING:
    from nnc.runtime.session import Session

_BLOCKS = "▁▂▃▄▅▆▇█"
_EVERY = 0.1
"""Minimum seconds between two updates, since batches are much faster."""


class Live:
    """The display of a session."""

    def __init__(self, shown: RichLive) -> None:
        self.shown = shown
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[speed]}"),
            console=shown.console,
        )
        self.task = self.bar.add_task("", total=1, speed="")
        self.begin: tuple[float, int] | None = None
        self.next = 0.0

    def say(self, line: str) -> None:
        """Print a permanent line above the display."""
        self.shown.console.print(line, markup=False)

    def move(self, session: Session) -> None:
        """Update the display, unless it was updated very recently."""
        if time.monotonic() >= self.next:
            self.update(session)

    def update(self, session: Session) -> None:
        """Show the position of a session."""
        now = time.monotonic()
        self.next = now + _EVERY
        place, plan = session.position, session.plan
        done = place.epoch * session.rows + place.at
        self.begin = self.begin or (now, done)
        number = min(place.epoch + 1, plan.epochs)
        loss = "" if math.isnan(place.loss) else f"   loss {place.loss:#.4g}"
        self.bar.update(
            self.task,
            description=f"epoch {number} of {plan.epochs}{loss}",
            completed=place.at,
            total=session.rows,
            speed=_speed(
                now - self.begin[0], done - self.begin[1], plan.epochs * session.rows - done
            ),
        )
        self.shown.update(Group(self.bar, *_curves(session, self.shown.console.width)))


@contextmanager
def live_display(console: Console) -> Iterator[Live]:
    """Show a display that is removed when the context ends."""
    with RichLive(console=console, transient=True, refresh_per_second=10) as shown:
        yield Live(shown)


def _speed(seconds: float, rows: int, left: int) -> str:
    """Return the examples per second, and the time left at that speed."""
    if seconds <= 0 or rows <= 0:
        return ""
    return f"{rows / seconds:,.0f} examples/s, {_time(left * seconds / rows)} left"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _curves(session: Session, width: int) -> Iterator[Text]:
    """Yield the loss curves of the training and the validation (or test) set, on one scale."""
    named = {
        "train": [epoch.train["loss"] for epoch in session.history],
        "valid": [epoch.validation.get("loss", math.nan) for epoch in session.history],
        "test": [epoch.test.get("loss", math.nan) for epoch in session.history],
    }
    shown = {name: losses for name, losses in named.items() if any(map(math.isfinite, losses))}
    every = [loss for losses in shown.values() for loss in losses if math.isfinite(loss)]
    for name, losses in shown.items() if len(session.history) > 1 else ():
        curve = sparkline(losses, max(10, width - 30), min(every), max(every))
        yield Text(f"loss {name:5} {curve} {losses[-1]:#.4g}")


def sparkline(values: Sequence[float], width: int, low: float, high: float) -> str:
    """Draw values between `low` and `high` as up to `width` block characters; `?` is non-finite."""
    count = min(width, len(values))
    parts = [values[i * len(values) // count] for i in range(count - 1)] + [values[-1]]
    room = (high - low) or 1.0
    return "".join(
        _BLOCKS[round((value - low) / room * (len(_BLOCKS) - 1))] if math.isfinite(value) else "?"
        for value in parts
    )
