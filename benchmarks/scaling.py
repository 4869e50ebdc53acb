"""`python -m benchmarks.scaling`: rows per second on one rank and on two, each with one thread.

Weak scaling: every rank has 128 rows of each batch of a 784-1024-1024-10 network. Both contenders
run in turns in the same processes, each bound to a core of its own, so that other programs disturb
both alike. One rank is the step of a single process with the module as it is without shares."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from .scaling_model import Job, table
from .threads import environment

ROWS = 128
SPEC = """\
input 784 -> dense 1024 relu -> dense 1024 relu -> dense 10 softmax
loss crossentropy
optimizer sgd lr=0.01
"""


def main() -> None:
    """Start two ranks of this program, or be one of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--rounds", type=int, default=60, help="interleaved rounds (default 60)")
    parser.add_argument("--steps", type=int, default=10, help="steps of a round (default 10)")
    parser.add_argument("--target", default="numpy", help="numpy or numba")
    chosen = parser.parse_args()
    if "PMI_RANK" in os.environ:
        measure(chosen.rounds, chosen.steps, chosen.target)
        return
    beside = Path(sys.executable).parent / "mpirun"
    mpirun = str(beside.resolve()) if beside.is_file() else shutil.which("mpirun") or "mpirun"
    again = [sys.executable, "-m", "benchmarks.scaling", *sys.argv[1:]]
    words = [mpirun, "-n", "2", "-bind-to", "core", *again]
    sys.exit(subprocess.run(words, check=False, env=environment()).returncode)


class Contenders:
    """The steps of one rank alone and of two together, and the operations in between."""

    def __init__(self, ranks: Any, target: str) -> None:
        import numpy as np

        self.ranks = ranks
        rng = np.random.default_rng(0)
        self.x = rng.normal(size=(2 * ROWS, 784)).astype(np.float32)
        self.ids = rng.integers(0, 10, 2 * ROWS)
        self.order = np.arange(2 * ROWS)
        self.flat: Any = None
        self._make(target)

    def _make(self, target: str) -> None:
        from nnc.driver import Options, compile_source
        from nnc.runtime.mapped import take_rows
        from nnc.runtime.module import import_module
        from nnc.runtime.parallel.shared_step import SharedStep
        from nnc.source import Source

        made: list[Any] = []
        with TemporaryDirectory() as folder:
            for emit in ((), ("shares",)):
                path = Path(folder) / f"model{len(emit)}.py"
                options = Options(target=target, emit=emit, format=False)
                path.write_text(compile_source(Source("mlp.nn", SPEC), options).code)
                made.append(import_module(path))
            self.module, shared = made
            self.params, both = self.module.init_params(0), shared.init_params(0)
            self.opt = self.module.init_optimizer(self.params)
            weights = both, shared.init_optimizer(both)
            self.shared = SharedStep(shared, self.ranks, weights, {}, take_rows, None)
            self.alone()  # kernels are compiled while the files are there
            self.together()
        self.flat = self.shared.gradient.flat if self.shared.gradient else None

    def alone(self) -> None:
        """One step of one process."""
        mine = self.order[:ROWS]
        x, ids = self.x.take(mine, axis=0), self.ids.take(mine)
        self.module.train_step(self.params, x, ids, self.opt)

    def together(self) -> None:
        """One step of two ranks."""
        self.shared.take_step(self.x, self.ids, {}, self.order, 0)

    def summed(self) -> None:
        """The sum of a gradient, without anything else."""
        self.ranks.add_up(self.flat)
        self.flat.fill(0)

    def agreed(self) -> None:
        """One agreement."""
        self.ranks.agree()


def measure(rounds: int, steps: int, target: str) -> None:
    """Measure on every rank; the first one prints."""
    from nnc.runtime.parallel.mpi import world
    from nnc.runtime.parallel.ranks import Ranks

    ranks = Ranks(world())
    contenders = Contenders(ranks, target)
    calls: dict[str, tuple[Callable[[], None], bool]] = {
        "alone": (contenders.alone, False),
        "together": (contenders.together, True),
        "sum": (contenders.summed, True),
        "agreement": (contenders.agreed, True),
    }
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    order, shuffle = list(calls), random.Random(0)
    for number in range(rounds + 1):
        shuffle.shuffle(order)
        for name in order:
            took = _timed(ranks, *calls[name], steps)
            if number:
                seconds[name].append(took)
    if ranks.leads:
        report(seconds, target, contenders.flat.nbytes)


def _timed(ranks: Any, call: Callable[[], None], all_ranks: bool, steps: int) -> float:
    """Return the seconds of one call; a rank that has no part in it sleeps, and leaves its core."""
    ranks.agree()
    start = time.perf_counter()
    if all_ranks or ranks.leads:
        for _ in range(steps):
            call()
    took = (time.perf_counter() - start) / steps
    data = ranks.broadcast(str(took).encode()) if ranks.leads else b""
    if not ranks.leads:
        if not all_ranks:
            time.sleep(0.9 * steps * EXPECTED)
        data = ranks.broadcast()
    return float(data)


EXPECTED = 0.02
"""Seconds of a step alone, for which the other rank sleeps before it waits for the first."""


def report(seconds: dict[str, list[float]], target: str, gradient: int) -> None:
    """Print medians, their ratio, and what the model says of more ranks."""
    typical = {name: median(taken) for name, taken in seconds.items()}
    pairs = zip(seconds["alone"], seconds["together"], strict=True)
    times = sorted(2 * one / both for one, both in pairs)
    low, high = (times[len(times) * n // 4] for n in (1, 3))
    load = ", ".join(f"{n:.1f}" for n in os.getloadavg())
    print(f"784-1024-1024-10, float32, {target}, {ROWS} rows and one thread a rank")
    print(f"{os.cpu_count()} cores, load average at the end {load}; {len(times)} rounds, medians")
    print(
        f"one rank      {typical['alone'] * 1e3:8.2f} ms a step  {ROWS / typical['alone']:9.0f} rows/s"
    )
    both = typical["together"]
    print(f"two ranks     {both * 1e3:8.2f} ms a step  {2 * ROWS / both:9.0f} rows/s")
    print(
        f"two ranks do  {median(times):8.2f} times the rows of one (quartiles {low:.2f} to {high:.2f})"
    )
    one, two = (min(seconds[name]) for name in ("alone", "together"))
    print(
        f"the fastest rounds of each: {one * 1e3:.2f} and {two * 1e3:.2f} ms, {2 * one / two:.2f} times"
    )
    print(f"sum of {gradient / 1e6:.2f} MB {typical['sum'] * 1e3:6.2f} ms")
    print(f"an agreement  {typical['agreement'] * 1e6:8.1f} µs")
    print()
    print("The model, from the step of one rank:")
    print(table(Job(typical["alone"], ROWS, gradient)))


if __name__ == "__main__":
    main()
