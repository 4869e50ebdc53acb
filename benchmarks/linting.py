"""What checking a spec costs: warm and cold, long networks, and 64 KiB of the worst."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from nnc.diagnostics.render import render_summary, render_text
from nnc.driver import check
from nnc.source import Source

from tests.fuzz.judge import load
from tests.fuzz.pathological import PATHOLOGICAL, SIZE

from .compiling import SPEC, process

LOSS = "\nloss mse\noptimizer sgd lr=0.1\n"
SLOW = 0.5
"""Seconds from which a pathological spec is listed by name, however many there are."""


def chain(layers: int) -> str:
    """So many layers, each written out."""
    return "input 16" + "\n  -> dense 16 relu" * layers + LOSS


def repeat(layers: int) -> str:
    """As many layers as four a copy allow."""
    four = " -> ".join(["dense 16 relu"] * 4)
    return f"input 16 -> ({four}) * {layers // 4}{LOSS}"


def lint(text: str) -> float:
    """Seconds of one check, without printing."""
    gc.collect()
    start = perf_counter()
    check(Source("spec.nn", text), load)
    return perf_counter() - start


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
    print(f"\nwarm lint, median of {times}")
    for name, make in (("chain", chain), ("repeat", repeat)):
        for layers in (100, 1000, 9996):
            seconds = median(lint(make(layers)) for _ in range(times))
            print(f"  {name:7} {layers:6,} layers {seconds * 1e3:9.1f} ms")
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "ten.nn"
        spec.write_text(SPEC, encoding="utf-8")
        cold = process("lint", str(spec), times=times)
    print(f"\ncold `nnc lint` of ten layers, a whole process{cold * 1e3:9.1f} ms")
    print(f"\n{len(PATHOLOGICAL)} pathological specs of 64 KiB, check and text, best of 3")
    slowest = sorted(
        ((best_of_three(make(SIZE)), name) for name, make in PATHOLOGICAL.items()), reverse=True
    )
    for at, (seconds, name) in enumerate(slowest):
        if at < 10 or seconds >= SLOW:
            print(f"  {seconds:8.2f} s  {name}")


def best_of_three(text: str) -> float:
    """The best of three, or one where that is quick."""
    first = lint_and_print(text)
    return first if first < SLOW / 2 else min(first, lint_and_print(text), lint_and_print(text))
