"""The training loop: epochs, measurements after each, and an orderly end whatever happens."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from .dataset import DataError, Dataset
from .divergence import Watch
from .epochs import Epoch
from .fit import Fitted, cast, fit_targets
from .metrics import metric_named
from .module import Array, Arrays, Module, Params
from .plan import Plan, plan
from .ragged import TruePositions
from .scores import confusions, scores_of

__all__ = ["Ending", "Epoch", "Plan", "TrainResult", "metrics_for", "plan", "train_spec"]

_CHUNK = 10_000  # rows measured at a time, so that a large set needs no large cache
_PIECES = 50  # how often an epoch says how far it is


class Ending(Enum):
    """Why training stopped."""

    DONE = "done"
    INTERRUPTED = "interrupted"
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True)
class TrainResult:
    """The trained parameters and how it went.

    `epoch` is the number of the one whose weights `params` are, 0 for those that it began with.
    After a divergence that is the last good one (see `divergence`); `message` says what happened
    unless all epochs were done. `confusion` has, by output, the counts of the spec's
    `metric confusion`: on the test set, or without one the training set. `state` are the running
    statistics that belong to `params`, empty for a model without: predict takes both, as
    `predict(result.params, x, **result.keywords)`.
    """

    params: Params
    history: tuple[Epoch, ...]
    ending: Ending = Ending.DONE
    message: str = ""
    state: Mapping[str, Array] = field(default_factory=dict)
    confusion: Mapping[str, Array] = field(default_factory=dict)
    epoch: int = 0

    @property
    def keywords(self) -> dict[str, Mapping[str, Array]]:
        """What the module's functions take beside the parameters: `state=`, or nothing."""
        return {"state": self.state} if self.state else {}

    def save(self, module: Module, path: str | Path) -> None:
        """Write the parameters, and the state where the model has one, to an .npz file.

        `load_params(path)` of any module of this spec reads it: it gives the parameters, or
        `(params, state)` where the model has state. Raises OSError where the file cannot be written.
        """
        module.save_params(path, self.params, **self.keywords)


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
    tell: Callable[[str], None] | None = None,
    allow_divergence: bool = False,
) -> TrainResult:
    """Train a module's network on data and measure it after every epoch.

    What is not given comes from the spec's `train` and `optimizer` statements. `report` gets
    each epoch, `progress` how many rows of how many an epoch has done, `tell` in a sentence, once,
    what else there is to know (a metric that cannot be computed never ends a training). Ctrl-C
    ends training and keeps the weights so far; a divergence ends it too, unless it is allowed
    and the loss is still finite. A module with `solve` is solved at once, in what is reported
    as one epoch, unless a rate is given. Raises DataError where data or plan do not fit the
    module.
    """
    chosen = plan(module, len(data), epochs=epochs, batch=batch, lr=lr, seed=seed)
    exact = lr is None and hasattr(module, "solve")
    _require_rate(module, chosen, exact)
    params = module.init_params(chosen.seed)
    fitted = fit_targets(data, module)
    dtype = np.result_type(*params.values()) if params else np.dtype(np.float32)
    train_set = cast(fitted.data, dtype)
    test_set = cast(fit_targets(test, module).data, dtype) if test else None
    history: list[Epoch] = []
    run = _Run(module, chosen, params, metrics_for(module, fitted), progress, tell)
    try:
        start = run.begin(train_set, test_set)
        if exact:
            return _solve(run, train_set, test_set, history, report or _silent, start)
        watch = Watch(module.LOSSES.values(), start, run.params, run.state)
        return _train(run, train_set, test_set, history, report or _silent, watch, allow_divergence)
    except KeyboardInterrupt:
        done = len(history)
        message = f"interrupted in epoch {done + 1}; the weights so far are kept"
        return TrainResult(
            run.params, tuple(history), Ending.INTERRUPTED, message, run.state, epoch=done
        )
    except DataError:
        raise
    except ValueError as error:  # from the module's validation of arguments
        raise DataError(f"{data.name}: {error}") from error


def _require_rate(module: Module, chosen: Plan, exact: bool) -> None:
    if chosen.lr is None and not exact and module.TRAIN.get("lr") is None:
        raise DataError(
            "the spec names no learning rate: give one, for example --lr 0.1, "
            "or write `optimizer sgd lr=0.1` in the spec"
        )


def _train(
    run: _Run,
    train: Dataset,
    test: Dataset | None,
    history: list[Epoch],
    report: Callable[[Epoch], None],
    watch: Watch,
    allow_divergence: bool,
) -> TrainResult:
    """All epochs of the plan; `history` grows as they are done."""
    for number, order in enumerate(run.plan.orders(len(train)), 1):
        begin = time.perf_counter()
        mean = run.epoch(train, order)
        seconds = time.perf_counter() - begin
        scores = run.measure(train) if math.isfinite(mean) else {"loss": mean}
        finite = math.isfinite(mean) and math.isfinite(scores["loss"])
        exploded = watch.exploded(mean, scores["loss"])
        if not finite or (exploded and not allow_divergence):
            return _diverged(watch, history, watch.message(number, mean, scores["loss"]))
        if exploded:
            run.tell(watch.happened(number, mean, scores["loss"]))
        if watch.is_good(scores["loss"]):
            watch.keep(number, run.params, run.state)
        measured = run.measure(test) if test else {}
        history.append(Epoch(number, mean, scores, measured, seconds))
        report(history[-1])
    if history and watch.epoch == 0:
        run.tell("no epoch ended with a loss below that before training: nothing was learned")
    return _done(run, test or train, history)


def _diverged(watch: Watch, history: list[Epoch], message: str) -> TrainResult:
    return TrainResult(
        watch.params,
        tuple(history),
        Ending.DIVERGED,
        message,
        watch.state,
        epoch=watch.epoch,
    )


def _solve(
    run: _Run,
    train: Dataset,
    test: Dataset | None,
    history: list[Epoch],
    report: Callable[[Epoch], None],
    before: float,
) -> TrainResult:
    """The exact solution, as one epoch; its `loss` is that of the fresh parameters."""
    begin = time.perf_counter()
    run.params = run.module.solve(train.x, train.target)
    seconds = time.perf_counter() - begin
    history.append(Epoch(1, before, run.measure(train), run.measure(test) if test else {}, seconds))
    report(history[-1])
    return _done(run, test or train, history)


def _done(run: _Run, measured: Dataset, history: list[Epoch]) -> TrainResult:
    counts = run.confusion(measured) if "confusion" in run.module.METRICS else {}
    return TrainResult(
        run.params, tuple(history), state=run.state, confusion=counts, epoch=len(history)
    )


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
        tell: Callable[[str], None] | None,
    ) -> None:
        self.module, self.plan, self.params = module, chosen, params
        self.metrics, self.progress = metrics, progress
        self._tell, self._told = tell, set[str]()
        self.losses = frozenset(module.LOSSES.values())
        self.opt = module.init_optimizer(params)
        self.state: dict[str, Array] = module.init_state() if hasattr(module, "init_state") else {}
        self.keywords: dict[str, Any] = {"batch": chosen.batch, "lr": chosen.lr}
        if "rng" in inspect.signature(module.train_epoch).parameters:
            self.keywords["rng"] = np.random.default_rng([chosen.seed, 1])
        if self.state:
            self.keywords["state"] = self.state
        kept = {"state": self.state} if self.state else {}
        self.positions = TruePositions(module, params, kept)

    def tell(self, sentence: str) -> None:
        """Say something, once."""
        if self._tell and sentence not in self._told:
            self._tell(sentence)
        self._told.add(sentence)

    def weigh(self, data: Dataset) -> None:
        """Count the classes of the training set where the spec says `weights=balanced`."""
        if hasattr(self.module, "balanced_weights"):
            self.keywords["class_weights"] = self.module.balanced_weights(data.target)

    def epoch(self, data: Dataset, order: Array) -> float:
        """One pass over the rows; their mean loss, each batch's before its step."""
        total = done = 0.0
        most = data.rows_at_once(len(order))
        with np.errstate(over="ignore", invalid="ignore"):
            for piece in self._pieces(order, most):
                # What stays in files is read past their maps (mapped.take), a piece at a time.
                part = data if most >= len(order) else data.take(piece)
                mean = self.module.train_epoch(
                    self.params,
                    part.x,
                    part.target,
                    self.opt,
                    order=piece if part is data else np.arange(len(piece)),
                    **self.keywords,
                    **_lengths(part),
                )
                total, done = total + mean * len(piece), done + len(piece)
                if self.progress:
                    self.progress(int(done), len(order))
                if not math.isfinite(mean):
                    break
        return total / done if done else math.nan

    def _pieces(self, order: Array, most: int) -> list[Array]:
        """The order as it is, or in pieces of whole batches where somebody wants to know.

        So it is too where no more than `most` rows may be in memory at a time.
        """
        if not self.progress and most >= len(order):
            return [order]
        batches = math.ceil(len(order) / self.plan.batch)
        at_once = max(1, most // self.plan.batch)
        step = min(math.ceil(batches / _PIECES), at_once) * self.plan.batch
        return [order[i : i + step] for i in range(0, len(order), step)]

    def begin(self, train: Dataset, test: Dataset | None) -> float:
        """The loss before training; refuses a test set that does not fit before any time is spent."""
        self.weigh(train)
        start = self.measure(train, metrics=False)["loss"]
        if test:
            self.measure(test, metrics=False)
        return start

    def measure(self, data: Dataset, metrics: bool = True) -> dict[str, float]:
        """Loss and metrics over all rows; raises DataError where these do not fit the model."""
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                return self._measure(data, self.metrics if metrics else ())
        except ValueError as error:  # from the module's validation of arguments
            raise DataError(f"{data.name}: {error}") from error

    def _measure(self, data: Dataset, metrics: tuple[str, ...]) -> dict[str, float]:
        losses, sizes = [], []
        parts = []
        for part, y, loss in self._forward(data):
            losses.append(loss)
            sizes.append(len(part))
            parts.append(self.positions.select(part, y))
        scores = {"loss": float(np.average(losses, weights=sizes))}
        if metrics and data.target is not None:
            target = self.positions.select(data, data.target)
            scores |= scores_of(metrics, self._outputs(parts), target, self.losses, self.tell)
        return scores

    def confusion(self, data: Dataset) -> dict[str, Array]:
        """True against predicted classes over all rows."""
        assert data.target is not None
        parts = [self.positions.select(part, y) for part, y, _ in self._forward(data)]
        target = self.positions.select(data, data.target)
        return confusions(self._outputs(parts), target, self.losses, self.tell)

    def _outputs(self, parts: list[Arrays]) -> Arrays:
        """Outputs of all parts, by name where targets are, too: of an inner stage there are none."""
        joined = _joined(parts)
        if len(self.module.TARGETS) > 1 and not isinstance(joined, Mapping):
            return dict.fromkeys(self.module.OUTPUTS, joined)
        return joined

    def _forward(self, data: Dataset) -> Iterator[tuple[Dataset, Arrays, float]]:
        """The rows in parts, each with its outputs and loss."""
        keywords = {"state": self.state} if self.state else {}
        weights = {k: v for k, v in self.keywords.items() if k == "class_weights"}
        step = data.rows_at_once(_CHUNK)
        for start in range(0, len(data), step):
            part = data.take(slice(start, start + step))
            y, cache = self.module.forward(self.params, part.x, **keywords, **_lengths(part))
            yield part, y, self.module.loss(self.params, cache, part.target, **weights)
            data.give_back()


def _lengths(data: Dataset) -> dict[str, Any]:
    """The keyword by which functions take the true lengths of padded rows."""
    return {} if data.lengths is None else {"lengths": data.lengths}


def _joined(parts: list[Arrays]) -> Arrays:
    """Outputs of all parts as one array, or as one of each name."""
    if isinstance(parts[0], Mapping):
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return np.concatenate(parts)  # type: ignore[arg-type]
