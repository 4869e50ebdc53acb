"""The training session: its position, its weights, and the steps over batches.

All that a later process needs to resume bit-identically is in `position`, `params`, `opt`, `state`,
`rng`, `watch` and `best` (see snapshot.py)."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from . import snapshot
from .best import Best, copied
from .callback import Callback
from .dataset import DataError, Dataset
from .divergence import Watch
from .epochs import Epoch
from .mapped import plain, take_rows
from .measuring import Measure, row_keywords, sample
from .module import Array, Module, Params
from .parallel.ranks import Ranks
from .parallel.same_weights import stay_alike
from .parallel.shared_step import SharedStep, shared_module
from .plan import Plan
from .snapshot import Snapshot
from .weighing import amount, counting, weights_of

_COMPILED_PIECES = 50
"""Calls per epoch of compiled kernels, each of which takes many batches."""


class Ending(Enum):
    """The reason why training stopped."""

    DONE = "done"
    PATIENCE = "patience"
    INTERRUPTED = "interrupted"
    DIVERGED = "diverged"
    FAILED = "failed"


class Stopped(Exception):
    """Training was asked to stop; all weights are consistent, as between two batches."""


class NotFinite(Exception):
    """The loss of a batch is not finite."""

    def __init__(self, loss: float) -> None:
        self.loss = loss


@dataclass(frozen=True, slots=True)
class Sets:
    """The data of a training, as the module takes them."""

    train: Dataset
    validation: Dataset | None = None
    test: Dataset | None = None


@dataclass(slots=True)
class Position:
    """The position of a training: whole epochs, rows of the next one, total steps.

    `total` is the (weighted) sum of the losses of those rows, `seconds` their time, `loss` the loss
    of the last batch; `order` is the state of the generator that draws the epoch's order of rows.
    """

    order: Mapping[str, Any]
    epoch: int = 0
    at: int = 0
    step: int = 0
    total: float = 0.0
    seconds: float = 0.0
    loss: float = math.nan


@dataclass(frozen=True, slots=True)
class Kept:
    """The weights to keep, their epoch, and a sentence that gives the reason."""

    params: Params
    state: Params
    epoch: int
    sentence: str
    is_best: bool = False


Weights = tuple[Mapping[str, Array], Mapping[str, Array]]
"""Parameters and the state that belongs to them."""


class Diverged(Exception):
    """An epoch ended with a loss that shows divergence."""


class Session:
    """The training of a module's network on data, by a plan."""

    def __init__(
        self,
        module: Module,
        plan: Plan,
        sets: Sets,
        metrics: tuple[str, ...],
        *,
        patience: int | None = None,
        callbacks: Sequence[Callback] = (),
        tell: Callable[[str], None] | None = None,
        allow_divergence: bool = False,
        start: Weights | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self.ranks = ranks or Ranks()
        self.module, self.plan, self.sets = module, plan, sets
        self.shared: SharedStep | None = None
        if self.ranks.several:
            shared_module(module)
        self.callbacks, self.allow_divergence = tuple(callbacks), allow_divergence
        self._tell, self._told = tell, set[str]()
        self.params, self.state = _begun_with(module, plan.seed, start)
        self.opt = module.init_optimizer(self.params)
        self.rng = self._generator()
        self.order_rng = np.random.default_rng(plan.seed)
        self.position = Position(self.order_rng.bit_generator.state)
        self.best = Best(patience) if sets.validation or patience is not None else None
        self.history: list[Epoch] = []
        self.ending = Ending.DONE
        self.weights = weights_of(sets.train, module)
        self.counting = counting(sets.train, self.weights)
        self.rows = len(self._ordered(np.random.default_rng(0)))
        self.sample = sample(sets.train, self.counting)
        self.keywords = self._keywords()
        self.measure = Measure(module, self.params, metrics, self.tell, self._class_weights())
        if not self.ranks.several:
            self.measure.check = self._check
        self.clean = True  # whether the weights are consistent, as between two batches
        self.watch: Watch | None = None
        self._clock = 0.0
        self.begun: Snapshot | None = None
        self._hooks = [c.batch for c in callbacks if type(c).batch is not Callback.batch]

    def tell(self, sentence: str) -> None:
        """Report a sentence, once."""
        if self._tell and sentence not in self._told:
            self._tell(sentence)
        self._told.add(sentence)

    def stop(self) -> None:
        """Stop after the current batch; safe to call from a signal handler."""
        self.ranks.wish_to_stop()

    def scores(self, data: Dataset, metrics: bool = True) -> dict[str, float]:
        """Return loss and metrics of the current weights, which rank 0 measures."""
        return self.ranks.lead(lambda: self.measure.scores(self.params, self.state, data, metrics))

    def rate(self) -> float | None:
        """The learning rate of the next step, or None where it is not known."""
        rate = getattr(self.module, "learning_rate", None)
        if rate is None or self.plan.lr is not None or self.module.TRAIN.get("lr") is None:
            return self.plan.lr or self.module.TRAIN.get("lr")
        more = (self.opt,) if len(inspect.signature(rate).parameters) > 1 else ()
        return float(rate(None, *more))

    # --- what the module's functions are given -------------------------------------------------

    def _generator(self) -> np.random.Generator | None:
        random = "rng" in inspect.signature(self.module.train_step).parameters
        return np.random.default_rng([self.plan.seed, 1]) if random else None

    def _keywords(self) -> dict[str, Any]:
        found: dict[str, Any] = {"lr": self.plan.lr, **self._class_weights()}
        if self.rng is not None:
            found["rng"] = self.rng
        if self.state:
            found["state"] = self.state
        return found

    def _class_weights(self) -> dict[str, Any]:
        """Return the weights of classes by their frequency, if the spec has `weights=balanced`."""
        if not hasattr(self.module, "balanced_weights"):
            return {}
        weights = () if self.weights is None else (self.weights,)
        target = self.sets.train.target
        return {"class_weights": self.module.balanced_weights(target, *weights)}

    # --- batches -------------------------------------------------------------------------------

    def order(self) -> Array:
        """Return the order of the rows in the current epoch."""
        self.order_rng.bit_generator.state = self.position.order
        return self._ordered(self.order_rng)

    def _ordered(self, rng: np.random.Generator) -> Array:
        """Return the order of the rows in an epoch, without those of weight 0."""
        rows = len(self.sets.train) if self.counting is None else self.counting
        return self.plan.order(rng, rows)

    def batches(self, order: Array, until: int | None = None, alone: bool = False) -> None:
        """Take steps on the remaining rows of an epoch, or until `until` rows are done.

        With `alone`, steps are taken one by one and no callback is called."""
        data, size = self.sets.train, self.plan.batch
        x, target = plain(data.x), plain(data.target)
        more = {name: plain(value) for name, value in row_keywords(data, self.module).items()}
        position, step = self.position, self._stepping()
        length = size if alone else self._piece(len(order))
        end = len(order) if until is None else until
        self._clock = time.perf_counter()
        with np.errstate(over="ignore", invalid="ignore"):
            while position.at < end:
                rows = order[position.at : position.at + length]
                loss = step(x, target, more, rows)
                position.step += -(-len(rows) // size)
                position.at += len(rows)
                if not math.isfinite(loss):
                    raise NotFinite(loss)
                position.total += loss * amount(self.weights, rows)
                position.loss = loss
                if not alone and (self._hooks or self.ranks.stopping):
                    self._look_around()
        self._take_time()

    def _take_time(self) -> None:
        now = time.perf_counter()
        self.position.seconds, self._clock = self.position.seconds + now - self._clock, now

    def _look_around(self) -> None:
        """Between two batches, report progress and stop if requested."""
        self._take_time()
        for hook in self._hooks:
            hook(self)
        self._check()

    def _check(self) -> None:
        if self.ranks.stopping:
            raise Stopped

    def _compiled(self) -> bool:
        """Return whether train_epoch takes several batches without a return to Python."""
        return hasattr(self.module, "train_rows") and not self.ranks.several

    def _piece(self, rows: int) -> int:
        """Return the rows between two progress checks: one batch, or several in a compiled loop."""
        if not self._compiled():
            return self.plan.batch
        batches = math.ceil(rows / self.plan.batch)
        most = max(1, self.sets.train.rows_at_once(rows) // self.plan.batch)
        return min(math.ceil(batches / _COMPILED_PIECES), most) * self.plan.batch

    def _stepping(self) -> Callable[[Any, Any, dict[str, Any], Array], float]:
        module, params, opt, keywords = self.module, self.params, self.opt, self.keywords
        if self.ranks.several:
            return self._shared_stepping()
        in_files = self.sets.train.rows_at_once(len(self.sets.train)) < len(self.sets.train)
        if self._compiled():

            def piece(x: Any, target: Any, more: dict[str, Any], rows: Array) -> float:
                if in_files:  # rows of a file are read without its map
                    x, target, more = (
                        take_rows(x, rows),
                        take_rows(target, rows),
                        take_rows(more, rows),
                    )
                    rows = np.arange(len(rows))
                return module.train_epoch(
                    params, x, target, opt, batch=self.plan.batch, order=rows, **keywords, **more
                )

            return piece

        def batch(x: Any, target: Any, more: dict[str, Any], rows: Array) -> float:
            picked = (
                {name: take_rows(value, rows) for name, value in more.items()} if more else more
            )
            return module.train_step(
                params, take_rows(x, rows), take_rows(target, rows), opt, **keywords, **picked
            )

        return batch

    def _shared_stepping(self) -> Callable[[Any, Any, dict[str, Any], Array], float]:
        seed = None if self.rng is None else self.plan.seed
        weights = self.params, self.opt
        shared = SharedStep(self.module, self.ranks, weights, self.keywords, take_rows, seed)
        self.shared = shared

        def step(x: Any, target: Any, more: dict[str, Any], rows: Array) -> float:
            return shared.take_step(x, target, more, rows, self.position.step)

        return step

    # --- epochs --------------------------------------------------------------------------------

    def begin(self) -> None:
        """Measure all sets once before the first step; raises DataError if one does not fit."""
        self._refuse_lone_row()
        loss = self.scores(self.sample, metrics=False)["loss"]
        for data in filter(None, (self.sets.validation, self.sets.test)):
            self.scores(data, metrics=False)
        self.watch = Watch(self.module.LOSSES.values(), loss, self.params, self.state)

    def _refuse_lone_row(self) -> None:
        """Refuse a last batch too small for a layer's statistics, before training starts."""
        if not self.state or self.rows % self.plan.batch != 1 % self.plan.batch:
            return
        one, keywords = self.sets.train.take(slice(0, 1)), {
            **row_keywords(self.sets.train, self.module)
        }
        keywords = {name: take_rows(plain(v), np.arange(1)) for name, v in keywords.items()}
        keywords.pop("weights", None)
        if self.rng is not None:
            keywords["rng"] = np.random.default_rng(0)
        try:
            self.module.forward(
                self.params, one.x, train=True, state=copied(self.state), **keywords
            )
        except ValueError as error:
            raise DataError(
                f"{one.name}: of {self.rows} rows in batches of {self.plan.batch} one would stand "
                f"alone: {error}. Set `train drop_last=true` to drop it, or take batches of another size"
            ) from error

    def epoch(self) -> None:
        """Train the rest of an epoch, and measure it."""
        if self.ranks.several:
            stay_alike(self, self.ranks)
        self.begun = snapshot.take(self)
        order = self.order()
        self.batches(order)
        position = self.position
        mean = position.total / amount(self.weights, order) if len(order) else math.nan
        scores = self.scores(self.sample)
        self._refuse_divergence(mean, scores["loss"])
        self.close(mean, scores)

    def _refuse_divergence(self, mean: float, loss: float) -> None:
        assert self.watch is not None
        number, exploded = self.position.epoch + 1, self.watch.exploded(mean, loss)
        if not math.isfinite(loss):
            raise NotFinite(loss)
        if exploded and not self.allow_divergence:
            raise Diverged(self.watch.happened(number, mean, loss))
        if exploded:
            self.tell(self.watch.happened(number, mean, loss))

    def close(self, mean: float, scores: Mapping[str, float]) -> None:
        """Measure the other sets, advance to the next epoch, and report this one."""
        self._finish(self._measured(mean, scores))

    def _measured(self, mean: float, scores: Mapping[str, float]) -> Epoch:
        """Return the epoch's results; the session is not changed until all of them are measured."""
        valid, test = (self.scores(d) if d else {} for d in (self.sets.validation, self.sets.test))
        number, assigned = self.position.epoch + 1, self.position
        loss = (valid or scores)["loss"]
        best = self.best is not None and self.best.judge(number, loss, self.params, self.state)
        return Epoch(
            number, mean, scores, test, assigned.seconds, valid, assigned.step, self.rate(), best
        )

    def _finish(self, epoch: Epoch) -> None:
        """Advance to the next epoch, and report this one."""
        assert self.watch is not None
        if self.watch.is_good(epoch.train["loss"]):
            self.watch.keep(epoch.number, self.params, self.state)
        position = self.position
        order = self.order_rng.bit_generator.state
        position.epoch, position.at, position.total, position.seconds = epoch.number, 0, 0.0, 0.0
        position.order = order
        self.history.append(epoch)
        for callback in self.callbacks:
            callback.epoch(self, epoch)

    def kept(self) -> Kept:
        """Return the weights to keep if training ends here."""
        if self.best is not None and self.best.epoch:
            best = self.best
            sentence = f"the weights of epoch {best.epoch} are kept, the best so far"
            return Kept(best.params, best.state, best.epoch, sentence, True)
        if self.ending is Ending.DIVERGED and self.watch is not None:
            watch = self.watch
            return Kept(watch.params, watch.state, watch.epoch, watch.kept())
        return Kept(self.params, self.state, self.position.epoch, "the last weights are kept")


def _begun_with(module: Module, seed: int, start: Weights | None) -> tuple[Params, Params]:
    """Return initial parameters and state: from the seed, or a copy of the given ones."""
    params = module.init_params(seed)
    state: Params = module.init_state() if hasattr(module, "init_state") else {}
    for own, given in zip((params, state), start or (), strict=False):
        for name, array in own.items():
            array[...] = given[name]
    return params, state
