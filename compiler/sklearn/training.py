"""The training of an estimator's network, epoch by epoch with several stopping rules."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .network import Array, Network

DEFAULT_EPOCHS = 200
DEFAULT_BATCH = 200


@dataclass(frozen=True, slots=True)
class Rows:
    """The training rows: inputs and targets as the network takes them, and weights or None."""

    x: Array
    target: Array
    weights: Array | None = None

    def __len__(self) -> int:
        return len(self.x)


@dataclass(slots=True)
class Learned:
    """The state of a training that may be continued: plain arrays, so that it can be pickled."""

    params: dict[str, Array]
    state: dict[str, Array]
    optimizer: dict[str, Any]
    random: np.random.Generator
    losses: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """The training settings; None leaves the choice to the spec, or else to the defaults.

    `tol` and `patience` say when a training has stopped improving: see `Run.train`."""

    epochs: int | None = None
    batch: int | None = None
    lr: float | None = None
    tol: float = 0.0
    patience: int | None = None


def begin(network: Network, seed: int) -> Learned:
    """Return the state before any training."""
    module = network.module
    params = module.init_params(seed)
    state = module.init_state() if hasattr(module, "init_state") else {}
    optimizer = _plain(module.init_optimizer(params))
    return Learned(_plain(params), state, optimizer, np.random.default_rng([seed, 1]))


class Run:
    """A network in training: its state, in the form that its module works on."""

    def __init__(self, network: Network, learned: Learned, rows: Rows, plan: Plan) -> None:
        self.module, self.learned, self.rows, self.plan = network.module, learned, rows, plan
        self.params = self.module.init_params()
        self.params.update(learned.params)
        self.optimizer = self.module.init_optimizer(self.params)
        self.optimizer.update(learned.optimizer)
        self.weights = {} if rows.weights is None else {"weights": rows.weights}
        self.exact = plan.lr is None and hasattr(self.module, "solve")
        self.keywords = {"lr": plan.lr, **dict(self._keywords())}
        spec = self.module.TRAIN
        self.batch = min(first(plan.batch, spec.get("batch"), DEFAULT_BATCH), len(rows))
        self.kept = len(rows) // self.batch * self.batch if spec.get("drop_last") else len(rows)

    def _keywords(self) -> Iterator[tuple[str, Any]]:
        """Yield the other keyword arguments of this module's train_epoch."""
        if "rng" in inspect.signature(self.module.train_epoch).parameters:
            yield "rng", self.learned.random
        if self.learned.state:
            yield "state", self.learned.state
        if hasattr(self.module, "balanced_weights"):
            yield "class_weights", self.module.balanced_weights(self.rows.target, **self.weights)
        yield from self.weights.items()

    def train(self, score: Callable[[Learned], float] | None = None) -> Iterator[float]:
        """Train epoch by epoch; yield the watched value after each: the score, or −loss.

        Ends when the epochs are done, or when the watched value has not exceeded its best by `tol`
        for more than `patience` successive epochs."""
        best, idle = -math.inf, 0
        epochs = first(self.plan.epochs, self.module.TRAIN.get("epochs"), DEFAULT_EPOCHS)
        for _ in range(1 if self.exact else epochs):
            self.epoch()
            watched = score(self.learned) if score else -self.learned.losses[-1]
            yield watched
            idle = 0 if watched > best + self.plan.tol else idle + 1
            best = max(best, watched)
            if self.plan.patience is not None and idle > self.plan.patience:
                return

    def epoch(self) -> None:
        """Train one pass over the rows; raises ValueError if the loss is no longer finite."""
        learned = self.learned
        loss = self._solved() if self.exact else self._descended()
        if not math.isfinite(loss):
            raise ValueError(
                f"the loss became {loss} in epoch {len(learned.losses) + 1}: training diverged. "
                "A smaller learning_rate or scaled columns of X usually help"
            )
        learned.losses.append(loss)
        learned.params, learned.optimizer = _plain(self.params), _plain(self.optimizer)

    def _descended(self) -> float:
        rows, shuffled = self.rows, self.module.TRAIN.get("shuffle") is not False
        order = self.learned.random.permutation(len(rows)) if shuffled else np.arange(len(rows))
        loss: float = self.module.train_epoch(
            self.params,
            rows.x,
            rows.target,
            self.optimizer,
            batch=self.batch,
            order=order[: self.kept],
            **self.keywords,
        )
        return loss

    def _solved(self) -> float:
        """Compute the exact solution of `optimizer lstsq`; return its loss."""
        self.params = self.module.solve(self.rows.x, self.rows.target, **self.weights)
        _, cache = self.module.forward(self.params, self.rows.x)
        loss: float = self.module.loss(self.params, cache, self.rows.target, **self.weights)
        return loss


def first(*values: Any) -> Any:
    """Return the first value that is not None."""
    return next(value for value in values if value is not None)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return a plain dict with copies of arrays; a module's dict types cannot be pickled."""
    return {n: v.copy() if isinstance(v, np.ndarray) else v for n, v in values.items()}
