"""Python's search for cycles, put off while much is made of which nothing is garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_later() -> Iterator[None]:
    """Do not look for cycles meanwhile; afterwards it is as it was.

    The tokens and the tree of a spec of 1 MiB are millions of objects without a cycle, and the
    search through them takes a fifth of the time of a check. What a check may hold is bounded.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
