"""What checking a spec costs: warm and cold, long networks, and 64 KiB of the worst."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

from nnc.diagnostics.render import render_summary, render_text
from nnc.driver import check
from nnc.frontend.parser import MAX_CHARACTERS
from nnc.source import Source

from tests.fuzz.judge import load
from tests.fuzz.pathological import PATHOLOGICAL, SIZE

from .compiling import SPEC, process

LOSS = "\nloss mse\noptimizer sgd lr=0.1\n"
WITHOUT_FN = """\
input 6 -> [dense 4 silu, dense 4] -> mul -> dense 3 tanh -> dense 1
loss mse
optimizer sgd lr=0.1
"""
WITH_FN = """\
fn huberish(z, d=0.5) = where(abs(z) < d, z**2, 2 * d * abs(z) - d**2)
fn swoosh(z, q=2) = z * sigmoid(q * z)
fn gate(a, b) = a * sigmoid(b) + tanh(a)
fn pinball(y, t, q=0.5) = max(q * (t - y), (q - 1) * (t - y))
input 6 -> [dense 4 swoosh, dense 4] -> gate -> dense 3 huberish -> dense 1
loss pinball q=0.9
optimizer sgd lr=0.1
"""
LARGE = (
    "one long list",
    "a long list on many lines",
    "list items",
    "metrics, a line each",
    "metrics on one line",
    "block parameters",
    "lets never used",
    "statements on one line",
    "one long comment",
    "one long misspelt name",
    "names and misspelt names",
    "misspelt layers of different names",
    "forks",
)
"""Of these a spec as large as may be is read, too."""

SLOW = 0.5
"""Seconds from which a pathological spec is listed by name, however many there are."""


def chain(layers: int) -> str:
    """So many layers, each written out."""
    return "input 16" + "\n  -> dense 16 relu" * layers + LOSS


def repeat(layers: int) -> str:
    """As many layers as four a copy allow."""
    four = " -> ".join(["dense 16 relu"] * 4)
    return f"input 16 -> ({four}) * {layers // 4}{LOSS}"


class Cost(NamedTuple):
    """Seconds of the processor and of the clock; they part on a machine with other work."""

    processor: float
    clock: float


def lint(text: str) -> Cost:
    """What one check costs, without printing."""
    gc.collect()
    processor, clock = process_time(), perf_counter()
    check(Source("spec.nn", text), load)
    return Cost(process_time() - processor, perf_counter() - clock)


def reference() -> float:
    """Seconds of the processor for a loop that never changes: how fast the machine is now."""
    start = process_time()
    counts: dict[int, int] = {}
    for i in range(100_000):
        counts[i % 97] = counts.get(i % 97, 0) + i
    return process_time() - start


def best(text: str, times: int) -> tuple[Cost, float]:
    """The cheapest of some checks, and of as many reference loops between them."""
    costs, loops = zip(*((lint(text), reference()) for _ in range(times)), strict=True)
    return Cost(min(c.processor for c in costs), min(c.clock for c in costs)), min(loops)


def lint_and_print(text: str) -> float:
    """Seconds of one check with all its findings made text."""
    gc.collect()
    start = perf_counter()
    report = check(Source("spec.nn", text), load).report
    for diagnostic in report:
        render_text(diagnostic)
    render_summary(report)
    return perf_counter() - start


def main(rounds: int) -> None:
    """Print all figures."""
    times = max(7, rounds // 25)
    lint(SPEC)
    print(f"\nwarm lint, best of {times}: ms of processor, ms of clock, ms of a reference loop")
    for name, make in (("chain", chain), ("repeat", repeat)):
        for layers in (100, 1000, 9996):
            cost, loop = best(make(layers), times)
            figures = "".join(f"{s * 1e3:9.1f}" for s in (*cost, loop))
            print(f"  {name:7} {layers:6,} layers {figures}")
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "ten.nn"
        spec.write_text(SPEC, encoding="utf-8")
        cold = process("lint", str(spec), times=times)
    print(f"\ncold `nnc lint` of ten layers, a whole process{cold * 1e3:9.1f} ms")
    formulas(times)
    largest()
    print(f"\n{len(PATHOLOGICAL)} pathological specs of 64 KiB, check and text, best of 3")
    slowest = sorted(
        ((best_of_three(make(SIZE)), name) for name, make in PATHOLOGICAL.items()), reverse=True
    )
    for at, (seconds, name) in enumerate(slowest):
        if at < 10 or seconds >= SLOW:
            print(f"  {seconds:8.2f} s  {name}")


def formulas(times: int) -> None:
    """Print what formulas add to a cold lint, in turns, as processor time of whole processes."""
    costs: dict[str, list[float]] = {WITHOUT_FN: [], WITH_FN: []}
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "spec.nn"
        for text in (*costs, *costs) * times:
            spec.write_text(text, encoding="utf-8")
            costs[text].append(seconds_of("lint", str(spec)))
    plain, own = map(median, costs.values())
    print(f"  of a spec without `fn` and with four, processor{plain * 1e3:9.1f}{own * 1e3:9.1f} ms")
    print(f"  ratio{own / plain:52.2f}")


def largest() -> None:
    """Print what the largest specs cost that are read, as whole processes."""
    print("\nspecs of 1 MiB, whole processes: s of `nnc lint`, s of `nnc fmt --check`")
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "large.nn"
        for name in LARGE:
            spec.write_text(PATHOLOGICAL[name](MAX_CHARACTERS - 100), encoding="utf-8")
            costs = [seconds_of(*words, str(spec)) for words in (("lint",), ("fmt", "--check"))]
            print("".join(f"{cost:8.2f}" for cost in costs), f" {name}", flush=True)
        spec.write_text(chain(9000), encoding="utf-8")
        print(f"\n`nnc summary` of 9,000 layers{seconds_of('summary', str(spec)):8.2f} s")


def seconds_of(*words: str) -> float:
    """Seconds of the processor that a run of the command line takes, whatever it finds."""
    before = os.times()
    command = [sys.executable, "-m", "nnc", *words]
    subprocess.run(command, capture_output=True, check=False)
    after = os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


def best_of_three(text: str) -> float:
    """The best of three, or one where that is quick."""
    first = lint_and_print(text)
    return first if first < SLOW / 2 else min(first, lint_and_print(text), lint_and_print(text))
