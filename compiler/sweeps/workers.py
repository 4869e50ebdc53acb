"""Processes of this machine that train the points: each takes a task a line, and answers with a line.

A process that dies takes only the task with it that it was at; a new one goes on. Each has its
share of the cores and no more threads than that."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from queue import SimpleQueue

from nnc.runtime.cores import cores, limited

from .outcome import FAILED, Outcome
from .points import Task


class Worker:
    """A process that runs `program`, which reads tasks and writes results."""

    def __init__(self, program: str, threads: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=limited(threads),
            start_new_session=True,  # Ctrl-C reaches the command, which stops its processes
        )

    def do(self, task: Task) -> Outcome | None:
        """Return the result of a task; None if the process died."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(task.to_json() + "\n")
            self.process.stdin.flush()
        except OSError:
            return None
        line = self.process.stdout.readline()
        return Outcome(**json.loads(line)) if line.endswith("\n") else None

    def end(self) -> int:
        """Stop the process; return its exit code, or minus the signal that ended it before."""
        code = self.process.poll()
        self.process.kill()
        self.process.communicate()
        return self.process.returncode if code is None else code


@dataclass(slots=True)
class Workers:
    """As many processes as tasks are trained at once."""

    program: str
    jobs: int
    idle: SimpleQueue[Worker | None] = field(default_factory=SimpleQueue)
    all: list[Worker] = field(default_factory=list)
    stopped: bool = False

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Yield each task with its result, as they are ready."""
        jobs = min(self.jobs, len(tasks))
        for _ in range(jobs):
            self.idle.put(None)
        with ThreadPoolExecutor(max(jobs, 1)) as pool:
            futures = {pool.submit(self._one, task): task for task in tasks}
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
            finally:
                self._stop(futures)

    def _stop(self, futures: dict[Future[Outcome], Task]) -> None:
        self.stopped = True
        for future in futures:
            future.cancel()
        for worker in self.all:
            worker.end()

    def _one(self, task: Task) -> Outcome:
        worker = self.idle.get()
        if worker is None:
            worker = Worker(self.program, max(1, cores() // self.jobs))
            self.all.append(worker)
        found = None if self.stopped else worker.do(task)
        if found is not None:
            self.idle.put(worker)
            return found
        self.idle.put(None)
        self.all.remove(worker)
        worker.process.wait()
        return Outcome(task.key, task.settings, task.seed, FAILED, _death(worker.end()))


def _death(code: int) -> str:
    if code == -getattr(signal, "SIGKILL", 9):
        return "its process was killed; the machine may be short of memory"
    return f"its process ended with code {code}"
