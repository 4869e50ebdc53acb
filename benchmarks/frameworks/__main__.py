"""`python -m benchmarks.frameworks [--workloads W1,W5] [--rounds 9] [--threads 1,2]`; --help."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ..threads import environment
from . import report
from .workloads import chosen


def main() -> int:
    """One process for each number of threads; then the report. 1 if contenders disagree."""
    options = arguments()
    if options.measure:
        from .run import run

        results = run(options)
        options.measure.write_text(json.dumps(results), encoding="utf-8")
        return 0
    runs = [measured(options, threads) for threads in options.threads.split(",")]
    text = report.page(runs)
    print(text)
    if options.out:
        report.write(options.out, text, runs)
    return int(any(one["disagreements"] for run in runs for one in run["workloads"]))


def arguments() -> argparse.Namespace:
    """What is asked for; without workloads all of them, and the report goes to docs/."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frameworks")
    parser.add_argument("--workloads", default="", help="W1,W5,… (default all)")
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds (default 9)")
    parser.add_argument("--threads", default="1,2", help="one run for each number (default 1,2)")
    parser.add_argument("--without", default="", help="contenders to leave out: torch.compile,…")
    parser.add_argument(
        "--clock",
        default="wall",
        choices=("wall", "cpu"),
        help="cpu: seconds of the processor, for a busy machine and one thread",
    )
    parser.add_argument("--out", type=Path, help="folder of the report (default docs for all)")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.without = [name for name in options.without.split(",") if name]
    if options.rounds < 2:
        parser.error("a spread needs at least 2 rounds")
    if not all(one.isdecimal() and int(one) for one in options.threads.split(",")):
        parser.error("--threads takes numbers separated by commas")
    if options.clock == "cpu" and options.threads != "1":
        parser.error("seconds of the processor say nothing about several threads")
    try:
        chosen(options.workloads)
    except ValueError as unknown:
        parser.error(str(unknown))
    if options.out is None and not options.workloads:
        options.out = Path("docs")
    return options


def measured(options: argparse.Namespace, threads: str) -> dict[str, Any]:
    """The results of a process whose libraries are held to so many threads."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "results.json"
        command = [sys.executable, "-m", __package__, *sys.argv[1:]]
        command += ["--threads", threads, "--measure", str(out)]
        if subprocess.run(command, env=environment(int(threads))).returncode:
            sys.exit(1)
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    sys.exit(main())
