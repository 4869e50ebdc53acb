"""The training loop: epochs, measurements after each, and an orderly end whatever happens."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from .dataset import DataError, Dataset
from .fit import Fitted, cast, fit_targets
from .metrics import metric_named
from .module import Array, Arrays, Module, Params
from .ragged import TruePositions
from .scores import confusions, scores_of

DEFAULT_BATCH = 32
DEFAULT_EPOCHS = 10
_CHUNK = 10_000  # rows measured at a time, so that a large set needs no large cache
_PIECES = 50  # how often an epoch says how far it is

Scores = Mapping[str, float]


class Ending(Enum):
    """Why training stopped."""

    DONE = "done"
    INTERRUPTED = "interrupted"
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch came to.

    `loss` is the mean over its rows, each batch's before its step. `train` and `test` are measured
    after the epoch: `loss` (with the regularizer), then the metrics; test is empty without a
    test set.
    """

    number: int
    loss: float
    train: Scores
    test: Scores
    seconds: float

    def __str__(self) -> str:
        parts = [f"epoch {self.number:>3}", f"{self.seconds:7.3f} s"]
        for name, scores in (("train", self.train), ("test", self.test)):
            if scores:
                parts.append(name + "".join(f"  {_score(k, v)}" for k, v in scores.items()))
        return "   ".join(parts)


@dataclass(frozen=True, slots=True)
class TrainResult:
    """The trained parameters and how it went.

    After a divergence `params` are those of the last epoch that was still finite; `message`
    says in a sentence what happened unless all epochs were done. `confusion` has, by output, the
    counts of the spec's `metric confusion`: on the test set, or without one the training set.
    """

    params: Params
    history: tuple[Epoch, ...]
    ending: Ending = Ending.DONE
    message: str = ""
    state: Mapping[str, Array] = field(default_factory=dict)
    confusion: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train, every choice made: what was asked for, else the spec, else the default."""

    epochs: int
    batch: int
    lr: float | None
    seed: int
    shuffle: bool
    drop_last: bool

    def orders(self, rows: int) -> Iterator[Array]:
        """The order of the rows in each epoch."""
        rng = np.random.default_rng(self.seed)
        kept = rows // self.batch * self.batch if self.drop_last else rows
        for _ in range(self.epochs):
            yield (rng.permutation(rows) if self.shuffle else np.arange(rows))[:kept]


def plan(
    module: Module,
    rows: int,
    *,
    epochs: int | None = None,
    batch: int | None = None,
    lr: float | None = None,
    seed: int | None = None,
) -> Plan:
    """The plan for a module and so many training rows; raises DataError if there is none."""
    spec = module.TRAIN
    chosen = Plan(
        epochs=_first(epochs, spec.get("epochs"), DEFAULT_EPOCHS),
        batch=min(_first(batch, spec.get("batch"), DEFAULT_BATCH), rows),
        lr=lr,
        seed=_first(seed, spec.get("seed"), 0),
        shuffle=_first(spec.get("shuffle"), True),
        drop_last=_first(spec.get("drop_last"), False),
    )
    if chosen.epochs < 0 or chosen.batch < 1:
        raise DataError("epochs must be 0 or more and batch 1 or more")
    return chosen


def train_spec(
    module: Module,
    data: Dataset,
    *,
    test: Dataset | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    lr: float | None = None,
    seed: int | None = None,
    report: Callable[[Epoch], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> TrainResult:
    """Train a module's network on data and measure it after every epoch.

    What is not given comes from the spec's `train` and `optimizer` statements. `report` gets
    each epoch, `progress` how many rows of how many an epoch has done. Ctrl-C ends training
    and keeps the weights so far; a loss that is no longer finite ends it too. A module with
    `solve` is solved at once, in what is reported as one epoch, unless a rate is given. Raises
    DataError where data or plan do not fit the module.
    """
    chosen = plan(module, len(data), epochs=epochs, batch=batch, lr=lr, seed=seed)
    exact = lr is None and hasattr(module, "solve")
    if lr is None and not exact and module.TRAIN.get("lr") is None:
        raise DataError(
            "the spec names no learning rate: give one, for example --lr 0.1, "
            "or write `optimizer sgd lr=0.1` in the spec"
        )
    params = module.init_params(chosen.seed)
    fitted = fit_targets(data, module)
    dtype = np.result_type(*params.values()) if params else np.dtype(np.float32)
    train_set = cast(fitted.data, dtype)
    test_set = cast(fit_targets(test, module).data, dtype) if test else None
    history: list[Epoch] = []
    run = _Run(module, chosen, params, metrics_for(module, fitted), progress)
    try:
        run.weigh(train_set)
        if exact:
            return _solve(run, train_set, test_set, history, report or _silent)
        return _train(run, train_set, test_set, history, report or _silent)
    except KeyboardInterrupt:
        message = f"interrupted in epoch {len(history) + 1}; the weights so far are kept"
        return TrainResult(run.params, tuple(history), Ending.INTERRUPTED, message, run.state)
    except DataError:
        raise
    except ValueError as error:  # the module's own, at its door
        raise DataError(f"{data.name}: {error}") from error


def _train(
    run: _Run,
    train: Dataset,
    test: Dataset | None,
    history: list[Epoch],
    report: Callable[[Epoch], None],
) -> TrainResult:
    """All epochs of the plan; `history` grows as they are done."""
    for number, order in enumerate(run.plan.orders(len(train)), 1):
        before = {name: array.copy() for name, array in run.params.items()}
        start = time.perf_counter()
        mean = run.epoch(train, order)
        seconds = time.perf_counter() - start
        if not math.isfinite(mean):
            message = _diverged(mean, number)
            return TrainResult(before, tuple(history), Ending.DIVERGED, message, run.state)
        scores = run.measure(test) if test else {}
        history.append(Epoch(number, mean, run.measure(train), scores, seconds))
        report(history[-1])
    counts = run.confusion(test or train) if "confusion" in run.module.METRICS else {}
    return TrainResult(run.params, tuple(history), state=run.state, confusion=counts)


def _solve(
    run: _Run,
    train: Dataset,
    test: Dataset | None,
    history: list[Epoch],
    report: Callable[[Epoch], None],
) -> TrainResult:
    """The exact solution, as one epoch; its `loss` is that of the fresh parameters."""
    before, start = run.measure(train)["loss"], time.perf_counter()
    run.params = run.module.solve(train.x, train.target)
    seconds = time.perf_counter() - start
    history.append(Epoch(1, before, run.measure(train), run.measure(test) if test else {}, seconds))
    report(history[-1])
    return TrainResult(run.params, tuple(history), state=run.state)


def _silent(_: Epoch) -> None:
    """The report of nobody who wants one."""


def metrics_for(module: Module, fitted: Fitted) -> tuple[str, ...]:
    """The metrics the spec asks for; without any, accuracy where the targets are classes."""
    asked = tuple(label for label in module.METRICS if metric_named(label))
    return asked or (("accuracy",) if fitted.classes else ())


class _Run:
    """A module with its parameters in training, and the keywords its functions want."""

    def __init__(
        self,
        module: Module,
        chosen: Plan,
        params: Params,
        metrics: tuple[str, ...],
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.module, self.plan, self.params = module, chosen, params
        self.metrics, self.progress = metrics, progress
        self.opt = module.init_optimizer(params)
        self.state: dict[str, Array] = module.init_state() if hasattr(module, "init_state") else {}
        self.keywords: dict[str, Any] = {"batch": chosen.batch, "lr": chosen.lr}
        if "rng" in inspect.signature(module.train_epoch).parameters:
            self.keywords["rng"] = np.random.default_rng([chosen.seed, 1])
        if self.state:
            self.keywords["state"] = self.state
        kept = {"state": self.state} if self.state else {}
        self.positions = TruePositions(module, params, kept)

    def weigh(self, data: Dataset) -> None:
        """Count the classes of the training set where the spec says `weights=balanced`."""
        if hasattr(self.module, "balanced_weights"):
            self.keywords["class_weights"] = self.module.balanced_weights(data.target)

    def epoch(self, data: Dataset, order: Array) -> float:
        """One pass over the rows; their mean loss, each batch's before its step."""
        total = done = 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            for piece in self._pieces(order):
                mean = self.module.train_epoch(
                    self.params,
                    data.x,
                    data.target,
                    self.opt,
                    order=piece,
                    **self.keywords,
                    **_lengths(data),
                )
                total, done = total + mean * len(piece), done + len(piece)
                if self.progress:
                    self.progress(int(done), len(order))
                if not math.isfinite(mean):
                    break
        return total / done if done else math.nan

    def _pieces(self, order: Array) -> list[Array]:
        """The order as it is, or in pieces of whole batches where somebody wants to know."""
        if not self.progress:
            return [order]
        batches = math.ceil(len(order) / self.plan.batch)
        step = math.ceil(batches / _PIECES) * self.plan.batch
        return [order[i : i + step] for i in range(0, len(order), step)]

    def measure(self, data: Dataset) -> dict[str, float]:
        """Loss and metrics over all rows; raises DataError where these do not fit the model."""
        try:
            return self._measure(data)
        except ValueError as error:  # the module's own, at its door
            raise DataError(f"{data.name}: {error}") from error

    def _measure(self, data: Dataset) -> dict[str, float]:
        losses, sizes = [], []
        parts = []
        for part, y, loss in self._forward(data):
            losses.append(loss)
            sizes.append(len(part))
            parts.append(self.positions.select(part, y))
        scores = {"loss": float(np.average(losses, weights=sizes))}
        if self.metrics and data.target is not None:
            target = self.positions.select(data, data.target)
            scores |= scores_of(self.metrics, _joined(parts), target)
        return scores

    def confusion(self, data: Dataset) -> dict[str, Array]:
        """True against predicted classes over all rows."""
        assert data.target is not None
        parts = [self.positions.select(part, y) for part, y, _ in self._forward(data)]
        return confusions(_joined(parts), self.positions.select(data, data.target))

    def _forward(self, data: Dataset) -> Iterator[tuple[Dataset, Arrays, float]]:
        """The rows in parts, each with its outputs and loss."""
        keywords = {"state": self.state} if self.state else {}
        weights = {k: v for k, v in self.keywords.items() if k == "class_weights"}
        for start in range(0, len(data), _CHUNK):
            part = data.take(slice(start, start + _CHUNK))
            y, cache = self.module.forward(self.params, part.x, **keywords, **_lengths(part))
            yield part, y, self.module.loss(self.params, cache, part.target, **weights)


def _lengths(data: Dataset) -> dict[str, Any]:
    """The keyword by which functions take the true lengths of padded rows."""
    return {} if data.lengths is None else {"lengths": data.lengths}


def _joined(parts: list[Arrays]) -> Arrays:
    """Outputs of all parts as one array, or as one of each name."""
    if isinstance(parts[0], Mapping):
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return np.concatenate(parts)  # type: ignore[arg-type]


def _first(*values: Any) -> Any:
    """The first that is not None."""
    return next(value for value in values if value is not None)


def _diverged(loss: float, number: int) -> str:
    return (
        f"the loss became {loss} in epoch {number}: training diverged. A smaller learning rate "
        "(--lr) or inputs scaled to about −1…1 usually help"
    )


def _score(name: str, value: float) -> str:
    shown = f"{100 * value:.2f} %" if name.startswith(("accuracy", "top_k")) else f"{value:#.4g}"
    return f"{name} {shown}"
