"""Checks that contenders compute the same thing, then times them round by round."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter, process_time, sleep
from typing import Any

import numpy as np

from ..timing import time_calls
from .workload import Array, Params

CHECKED_STEPS = 3
SAMPLE = 2e-3  # seconds that one sample takes at least
PAUSE = 5e-3  # seconds before each sample, until threads of the one before have gone to sleep
CLOCKS = {"wall": perf_counter, "cpu": process_time}


class Skipped(Exception):
    """A contender that cannot run here; the message says why."""


@dataclass(frozen=True, slots=True)
class Contender:
    """`call` does `steps` training steps (or predictions) and gives the loss (or the output).

    `first(n)` does the first n steps and gives their mean loss; `params` what training has made
    of the parameters so far. Without `first` nothing is compared: a floor computes no loss.
    """

    call: Callable[[], Any]
    first: Callable[[int], Any] | None = None
    params: Callable[[], Params] | None = None
    steps: int = 1


@dataclass(frozen=True, slots=True)
class Sampled:
    """Seconds of one step, a sample a round."""

    seconds: list[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.seconds)

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, as a share of the median."""
        low, _, high = quantiles(self.seconds, n=4, method="inclusive")
        return (high - low) / 2 / self.median


def mean_loss(step: Callable[[], Any]) -> Callable[[int], Any]:
    """`first` of a contender that does one step a call."""
    return lambda count: np.mean([np.asarray(step()) for _ in range(count)], axis=0)


def disagreements(contenders: Mapping[str, Contender], start: Params | None) -> list[str]:
    """Who has another mean loss, or other parameters, after the first steps than the first one.

    With `start` the parameters are compared, by how far they have moved from there.
    """
    found: list[str] = []
    reference, moved = None, None
    for name, contender in contenders.items():
        if contender.first is None:
            continue
        loss = contender.first(CHECKED_STEPS)
        if reference is None:
            reference = loss
        elif not np.allclose(loss, reference, rtol=1e-4, atol=1e-6):
            found.append(f"{name}: loss {np.ravel(loss)[:4]}, not {np.ravel(reference)[:4]}")
        if start is None or contender.params is None:
            continue
        step = {key: value - start[key] for key, value in contender.params().items()}
        if moved is None:
            moved = step
        found += [f"{name}: {worst}" for worst in different(step, moved, start)]
    return found


def different(step: Params, other: Params, start: Params) -> list[str]:
    """The parameters that moved elsewhere, by more than float32 rounds.

    Euclidean norms, for a unit close to relu's kink may go either way.
    """
    largest = max(norm(value) for value in other.values())
    found = []
    for name, value in other.items():
        rounding = CHECKED_STEPS * np.finfo(np.float32).eps * norm(start[name])
        error = (norm(step[name] - value) - rounding) / max(norm(value), 1e-3 * largest)
        if not error < 5e-3:
            found.append(f"{name} is off by {error:.1e}")
    return found


def norm(value: Array) -> float:
    """Root of the sum of squares."""
    return float(np.linalg.norm(value))


def measure(
    contenders: Mapping[str, Contender], rounds: int, clock: str = "wall"
) -> dict[str, Sampled]:
    """Each contender once a round, in an order that changes, for at least SAMPLE seconds.

    A pause and a call that does not count come before: the caches hold another one's data.
    """
    calls = {name: enough_calls(contender.call) for name, contender in contenders.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    order, shuffle = list(contenders), random.Random(0)
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        shuffle.shuffle(order)
        for name in order:
            sleep(PAUSE)
            contenders[name].call()
            took = time_calls(contenders[name].call, calls[name], CLOCKS[clock])
            seconds[name].append(took / contenders[name].steps)
        gc.collect()
    gc.enable()
    return {name: Sampled(samples) for name, samples in seconds.items()}


def enough_calls(call: Callable[[], Any]) -> int:
    """How many calls take SAMPLE seconds, found by doubling, which warms up too."""
    calls = 1
    while True:
        start = perf_counter()
        time_calls(call, calls)
        if perf_counter() - start >= SAMPLE:
            return calls
        calls *= 2
