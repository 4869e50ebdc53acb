"""Interleaved timing: every round runs every contender, in an order that changes."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Timings:
    """Seconds of one call, for each contender and round."""

    seconds: Mapping[str, list[float]]

    def typical(self, name: str) -> float:
        """The median over the rounds."""
        return median(self.seconds[name])

    def ratio(self, name: str, to: str) -> float:
        """How long one takes compared with another: the median of the rounds' ratios."""
        pairs = zip(self.seconds[name], self.seconds[to], strict=True)
        return median(one / other for one, other in pairs)


def interleave(
    contenders: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    calls: int,
    clock: Callable[[], float] = perf_counter,
) -> Timings:
    """Time `calls` calls of each contender in each round; the first round warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    order, shuffle = list(contenders), random.Random(0)
    gc.collect()
    gc.disable()
    for round_number in range(rounds + 1):
        shuffle.shuffle(order)
        for name in order:
            took = time_calls(contenders[name], calls, clock)
            if round_number:
                seconds[name].append(took)
    gc.enable()
    return Timings(seconds)


def time_calls(
    call: Callable[[], object], calls: int, clock: Callable[[], float] = perf_counter
) -> float:
    """Seconds of one of so many calls."""
    start = clock()
    for _ in range(calls):
        call()
    return (clock() - start) / calls
