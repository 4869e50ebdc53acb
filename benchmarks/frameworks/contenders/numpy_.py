"""NumPy by hand: every array fresh, as one writes it; and one example at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from ..harness import Contender, mean_loss
from ..workload import Array, Batch, Params, Workload

Update = Callable[[Params, Params, float], None]


def batched(workload: Workload, start: Params, data: Sequence[Batch]) -> Contender:
    """Whole batches."""
    return contender(workload, start, data, workload.by_hand)


def looping(workload: Workload, start: Params, data: Sequence[Batch]) -> Contender:
    """The gradients of one example at a time, added up."""

    def grads_of(params: Params, x: Array, target: Array) -> tuple[float, dict[str, Array]]:
        total, sums = 0.0, {name: np.zeros_like(value) for name, value in params.items()}
        for i in range(len(x)):
            loss, grads = workload.by_hand(params, x[i : i + 1], target[i : i + 1])
            total += loss
            sums = {name: value + grads[name] for name, value in sums.items()}
        return total / len(x), {name: value / len(x) for name, value in sums.items()}

    return contender(workload, start, data, grads_of)


def contender(
    workload: Workload, start: Params, data: Sequence[Batch], grads_of: Callable[..., Any]
) -> Contender:
    """Steps with gradients from a function, or predictions."""
    params, rows = {name: value.copy() for name, value in start.items()}, cycle(data)
    if workload.inference:

        def predict() -> Any:
            return grads_of(params, next(rows)[0])

        return Contender(predict, mean_loss(predict))
    updates: dict[str, Update] = {"sgd": sgd, "adam": Adam(params)}
    update = updates[workload.optimizer]

    def step() -> float:
        loss, grads = grads_of(params, *next(rows))
        update(params, grads, workload.rate)
        return float(loss)

    return Contender(step, mean_loss(step), lambda: params)


def sgd(params: Params, grads: Params, rate: float) -> None:
    """Plain gradient descent."""
    for name, value in params.items():
        value -= rate * grads[name]


class Adam:
    """Adam (Kingma and Ba 2015) with its bias correction."""

    def __init__(self, params: Params) -> None:
        self.count = 0
        self.m = {name: np.zeros_like(value) for name, value in params.items()}
        self.v = {name: np.zeros_like(value) for name, value in params.items()}

    def __call__(self, params: Params, grads: Params, rate: float) -> None:
        """One step."""
        self.count += 1
        for name, value in params.items():
            g = grads[name]
            m = self.m[name] = 0.9 * self.m[name] + 0.1 * g
            v = self.v[name] = 0.999 * self.v[name] + 0.001 * g * g
            m_hat, v_hat = m / (1 - 0.9**self.count), v / (1 - 0.999**self.count)
            value -= rate * m_hat / (np.sqrt(v_hat) + 1e-8)
