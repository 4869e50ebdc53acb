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
"""Steps before the clock runs: arrays are made, and touched for the first time."""

LEAST = 10
"""Steps that are timed, however long they take."""

Step = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of a step: median and mean, and what a tenth of the steps are below and above."""

    median: float
    mean: float
    low: float
    high: float
    steps: int

    @property
    def rate(self) -> float:
        """Steps in a second."""
        return 1 / self.median


class Clock:
    """Adds up the time between marks, by what the marks before were for."""

    def __init__(self, places: int) -> None:
        self.spent = [0] * places
        self.place, self.since = 0, time.perf_counter_ns()

    def mark(self, place: int) -> None:
        """From now on the time is that of `place`."""
        now = time.perf_counter_ns()
        self.spent[self.place] += now - self.since
        self.place, self.since = place, now

    def around(self, place: int, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose time is that of `place`, and behind it that of the rest."""

        def timed(*values: Any, **named: Any) -> Any:
            self.mark(place)
            result = function(*values, **named)
            self.mark(0)
            return result

        return timed

    def restart(self) -> None:
        """Forget everything so far."""
        self.spent = [0] * len(self.spent)
        self.place, self.since = 0, time.perf_counter_ns()


def sample(kind: str, shape: tuple[int, ...], below: int, rng: np.random.Generator) -> Array:
    """Random numbers of the kind that an input or target takes, (B, …)."""
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
    """Run a step for about so many seconds; `begin` is called when the clock starts."""
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
    """The most memory that Python and NumPy held at once for a function, without what was there."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Random rows with what functions take beside them; `random` says that training draws."""

    x: Any
    target: Any
    lengths: Any
    random: bool

    def training(self, module: ModuleType) -> Step:
        """A step of training on these rows, with parameters of its own.

        The rate is so small that the parameters stay as they are: numbers that grow without end
        would take another time.
        """
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
        """A prediction of these rows."""
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
