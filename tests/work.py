"""Work counted in calls instead of time: the same on a busy machine as on an idle one."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def work(action: Callable[[], object]) -> int:
    """Lines of Python that are run, calls and returns included.

    Loops count once a round, also those of comprehensions. What a single call into C does is one,
    whatever it takes: a slice of a long text, `in` on a list.
    """
    count = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    gc.disable()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


def growth(make: Callable[[int], Callable[[], object]], size: int) -> float:
    """How much more work twice the size is; 2 where work grows in proportion.

    What is done once in a process is done before: a parser is built, what is remembered is met.
    """
    for each in (size, 2 * size):
        make(each)()
    return work(make(2 * size)) / work(make(size))
