"""Handling of Ctrl-C and SIGTERM: the first stops training between batches, the second at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from .callback import Callback
from .session import Session


class Signals(Callback):
    """A context in which the signals stop the training for which it is a callback."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self.received = 0
        self.before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        # Python allows signal handlers in the main thread only.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def start(self, session: Session) -> None:
        """From now on, stop this session on a signal."""
        self.session = session

    def _hear(self, number: int, frame: FrameType | None) -> None:
        again, self.received = self.received, number
        if again or self.session is None:
            raise KeyboardInterrupt
        self.session.stop()
