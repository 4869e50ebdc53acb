"""Work in forked processes: libraries are loaded once, nnc anew in each."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

WARM = ("black", "click", "hypothesis", "jinja2", "lark", "networkx", "numpy", "pytest", "rich")
"""What every test run imports; nnc must not be among it."""

TIMED_OUT = -1
TAIL = 3000


@dataclass(frozen=True, slots=True)
class Result:
    """How one process ended: its exit code, or TIMED_OUT; the end of its output; seconds."""

    code: int
    tail: str
    seconds: float


def forked(
    work: Callable[[T], int], items: Sequence[T], jobs: int, limit: float = 1800.0
) -> list[Result]:
    """The result of `work` for each item, in the items' order."""
    results = dict(each_forked(work, items, jobs, limit))
    return [results[i] for i in range(len(items))]


def each_forked(
    work: Callable[[T], int], items: Sequence[T], jobs: int, limit: float
) -> Iterator[tuple[int, Result]]:
    """Run `work` on each item in a process of its own; (index, result) as they end.

    A process that takes more than `limit` seconds is killed with all that it started.
    """
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(
            variable, "1"
        )  # before NumPy is loaded: threads do not outlive a fork
    for name in WARM:
        __import__(name)
    assert not any(m.split(".")[0] == "nnc" for m in sys.modules), "nnc must be loaded anew"
    running: dict[int, tuple[int, float, Path]] = {}
    waiting = list(enumerate(items))
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < jobs:
                index, item = waiting.pop(0)
                out = Path(folder) / str(index)
                running[_start(work, item, out)] = (index, time.monotonic(), out)
            for pid, (index, start, out) in list(running.items()):
                seconds = time.monotonic() - start
                ended, status = os.waitpid(pid, os.WNOHANG)
                if not ended and seconds < limit:
                    continue
                if not ended:
                    os.killpg(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                del running[pid]
                code = os.waitstatus_to_exitcode(status) if ended else TIMED_OUT
                tail = out.read_text(encoding="utf-8", errors="replace")[-TAIL:]
                yield index, Result(code, tail, seconds)
            time.sleep(0.02)


def _start(work: Callable[[T], int], item: T, out: Path) -> int:
    """Fork; in the child, do the work with its output in a file, and leave."""
    out.touch()
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.setpgid(0, 0)
        file = os.open(out, os.O_WRONLY | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(file, stream)
        code = work(item)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
