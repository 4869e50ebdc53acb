"""A process of a sweep: reads a task a line from standard input, writes a result a line."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

from ..sweeps.points import task_from
from .sweep_task import run_task


def main() -> None:
    """Train until there are no tasks any more; what trainings print goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        answers.write(json.dumps(asdict(run_task(task_from(line)))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
