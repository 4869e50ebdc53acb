"""Timing the steps of a generated module on random data."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean, median, quantiles
from types import ModuleType
from typing import Any

import numpy as np

from .module import Array

WARM_UP = 3
"""Steps before timing starts, in which arrays are allocated and first touched."""

LEAST = 10
"""Minimum number of timed steps, however long they take."""

Step = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds per step: the median, the mean, and the 10th and 90th percentiles."""

    median: float
    mean: float
    low: float
    high: float
    steps: int

    @property
    def rate(self) -> float:
        """Steps per second."""
        return 1 / self.median


class Clock:
    """Accumulates elapsed time by the category of each interval."""

    def __init__(self, places: int) -> None:
        self.spent = [0] * places
        self.place, self.since = 0, time.perf_counter_ns()

    def mark(self, place: int) -> None:
        """Attribute the time from now on to category `place`."""
        now = time.perf_counter_ns()
        self.spent[self.place] += now - self.since
        self.place, self.since = place, now

    def around(self, place: int, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function: its time counts for `place`, the time after it for the rest."""

        def timed(*values: Any, **named: Any) -> Any:
            self.mark(place)
            result = function(*values, **named)
            self.mark(0)
            return result

        return timed

    def restart(self) -> None:
        """Discard everything measured so far."""
        self.spent = [0] * len(self.spent)
        self.place, self.since = 0, time.perf_counter_ns()


def sample(kind: str, shape: tuple[int, ...], below: int, rng: np.random.Generator) -> Array:
    """Return random numbers of the kind that an input or target takes, of shape (B, …)."""
    match kind:
        case "int":
            return rng.integers(0, below, shape)
        case "float":
            return rng.standard_normal(shape)
        case "margins":
            return rng.choice([-1.0, 1.0], shape)
        case "probabilities":
            return rng.dirichlet(np.ones(shape[-1]), shape[:-1])
        case _:
            return rng.random(shape)


def time_steps(step: Step, seconds: float, begin: Step = lambda: None) -> Times:
    """Run a step repeatedly for about `seconds`; `begin` is called when the clock starts."""
    for _ in range(WARM_UP):
        step()
    begin()
    found: list[float] = []
    stop = time.perf_counter() + seconds
    while len(found) < LEAST or time.perf_counter() < stop:
        start = time.perf_counter()
        step()
        found.append(time.perf_counter() - start)
    tenths = quantiles(found, n=10)
    return Times(median(found), fmean(found), tenths[0], tenths[-1], len(found))


def peak_bytes(run: Callable[[], object]) -> int:
    """Return the peak memory, in bytes, that Python and NumPy allocated while `run` ran.

    Memory that was allocated before is not counted."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Random rows and their extra arguments; `random`: training draws random numbers."""

    x: Any
    target: Any
    lengths: Any
    random: bool

    def training(self, module: ModuleType) -> Step:
        """Return a training step on these rows, with its own parameters.

        The learning rate is so small that the parameters hardly change: growing values would change
        the time of a step."""
        params = module.init_params(0)
        opt = module.init_optimizer(params)
        more = self._beside(module)
        if self.random:
            more["rng"] = np.random.default_rng(0)
        if module.TRAIN.get("weights") == "rows":
            more["weights"] = np.ones(len(next(iter(_arrays(self.x)))))
        if module.TRAIN.get("weights") == "balanced":
            more["class_weights"] = module.balanced_weights(self.target)
        return lambda: module.train_step(params, self.x, self.target, opt, _RATE, **more)

    def prediction(self, module: ModuleType) -> Step:
        """Return a step that predicts these rows."""
        params, more = module.init_params(0), self._beside(module)
        return lambda: module.predict(params, self.x, **more)

    def _beside(self, module: ModuleType) -> dict[str, Any]:
        more = {} if self.lengths is None else {"lengths": self.lengths}
        if module.STATE_SHAPES:
            more["state"] = module.init_state()
        return more


_RATE = 1e-9


def _arrays(value: Any) -> list[Array]:
    return list(value.values()) if isinstance(value, dict) else [value]
