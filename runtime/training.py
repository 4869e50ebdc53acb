"""Training of a module's network on data: the `train` function and its result."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from .callback import Callback, Progress, Report
from .dataset import DataError, Dataset
from .diagnosis import diagnose
from .epochs import Epoch
from .fit import cast, fit_targets
from .measuring import metrics_for
from .metrics import split_label
from .module import Array, Module, Params
from .parallel.communicator import Communicator
from .parallel.ranks import RankFailed, Ranks
from .parallel.same_weights import keep_alike, start_alike
from .plan import Plan, plan
from .run import RunError
from .session import Diverged, Ending, NotFinite, Session, Sets, Stopped, Weights
from .weights import WeightsError, named, split_named

__all__ = ["Callback", "Ending", "Epoch", "Plan", "TrainResult", "metrics_for", "plan", "train"]


@dataclass(frozen=True, slots=True)
class TrainResult:
    """The trained parameters and the course of the training.

    `epoch` is the epoch of the weights in `params`, 0 for the initial ones: the best epoch where
    there is a validation set (or patience), or else the last one. After a divergence it is the last
    good one (see `divergence`); `message` says what happened unless all epochs were done.
    `confusion` has, by output, the counts of the spec's `metric confusion`: on the test set, or
    else the validation set, or else the training set. `state` are the running statistics that
    belong to `params`, empty for a model without state; predict takes both, as
    `predict(result.params, x, **result.keywords)`. `error` is the exception with which this rank of
    several has failed."""

    params: Params
    history: tuple[Epoch, ...]
    ending: Ending = Ending.DONE
    message: str = ""
    state: Mapping[str, Array] = field(default_factory=dict)
    confusion: Mapping[str, Array] = field(default_factory=dict)
    epoch: int = 0
    error: Exception | None = None

    @property
    def keywords(self) -> dict[str, Mapping[str, Array]]:
        """The keyword arguments of the module's functions other than parameters: `state=`."""
        return {"state": self.state} if self.state else {}

    def curve(self, name: str = "loss", where: str = "train") -> list[float]:
        """Return a score after each epoch on `train`, `validation` or `test`; nan if missing."""
        return [getattr(epoch, where).get(name, math.nan) for epoch in self.history]

    def save(self, module: Module, path: str | Path) -> None:
        """Write the parameters, and the state where the model has one, to an .npz file.

        `load_params(path)` of any module of this spec reads it: it returns the parameters, or
        `(params, state)` where the model has state. Raises OSError where the file cannot be
        written."""
        module.save_params(path, self.params, **self.keywords)


def train(
    module: Module,
    data: Dataset,
    *,
    validation: Dataset | None = None,
    test: Dataset | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    lr: float | None = None,
    seed: int | None = None,
    patience: int | None = None,
    callbacks: Sequence[Callback] = (),
    report: Callable[[Epoch], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
    tell: Callable[[str], None] | None = None,
    allow_divergence: bool = False,
    params: Mapping[str, Array] | None = None,
    state: Mapping[str, Array] | None = None,
    communicator: Communicator | Ranks | None = None,
) -> TrainResult:
    """Train a module's network on data and measure it after every epoch.

    Settings that are not given come from the spec. Training begins with `params`, and `state` where
    the module has one (as load_params returns them; neither is changed), or with initial values.
    `report` receives each epoch, `progress` the rows done and all rows of an epoch, `tell` each
    warning once. `callbacks` are called for batches and epochs, and may stop training.
    With a `validation` set the weights of its lowest loss are kept; `patience` ends training after
    that many epochs without a lower loss (on the training set, if there is no validation set).
    Ctrl-C ends training and keeps the weights; so does a divergence, unless it is allowed and the
    loss finite. A module with `solve` is solved directly, as one epoch, unless a rate is given.

    With a `communicator` of several processes (runtime.parallel), which all pass equal arguments,
    each takes a share of every batch's rows, all return the same weights, and rank 0 alone reports.
    Raises DataError where data or plan do not fit, RankFailed where another process failed."""
    chosen = plan(module, len(data), epochs=epochs, batch=batch, lr=lr, seed=seed)
    exact = _is_exact(module, chosen, lr)
    ranks = communicator if isinstance(communicator, Ranks) else Ranks(communicator)
    given = (chosen, *fitted_sets(module, data, validation, test))
    with _faults_of(data):
        session = Session(
            module,
            *given,
            patience=patience,
            callbacks=[*callbacks, *(_told(progress, report) if ranks.leads else ())],
            tell=tell if ranks.leads else None,
            allow_divergence=allow_divergence,
            start=_start(module, params, state),
            ranks=ranks,
        )
        return conduct(session, exact)


def _is_exact(module: Module, chosen: Plan, lr: float | None) -> bool:
    """Return whether the module is solved directly; otherwise its plan needs a rate."""
    exact = lr is None and hasattr(module, "solve")
    _require_rate(module, chosen, exact)
    return exact


@contextmanager
def _faults_of(data: Dataset) -> Iterator[None]:
    """Convert errors of the module's argument validation to DataError."""
    try:
        yield
    except (DataError, RunError):
        raise
    except ValueError as error:
        raise DataError(f"{data.name}: {error}") from error


def _start(
    module: Module, params: Mapping[str, Array] | None, state: Mapping[str, Array] | None
) -> Weights | None:
    """Return given weights as a pair; raises DataError where they do not match the module's."""
    if params is None:
        if state is not None:
            raise DataError("state: it belongs to trained parameters; give params=, too")
        return None
    if getattr(module, "STATE_SHAPES", {}) and state is None:
        raise DataError(
            "params: this network has running statistics, which belong to its parameters; give "
            "both: `params, state = load_params(path)`"
        )
    try:
        return split_named(named(params, state or {}), module, "params")
    except WeightsError as error:
        raise DataError(str(error)) from error


def _told(
    progress: Callable[[int, int], None] | None, report: Callable[[Epoch], None] | None
) -> list[Callback]:
    """Return callbacks that call these functions."""
    listeners: list[Callback] = [Progress(progress)] if progress else []
    return [*listeners, Report(report)] if report else listeners


def fitted_sets(
    module: Module, data: Dataset, validation: Dataset | None, test: Dataset | None
) -> tuple[Sets, tuple[str, ...]]:
    """Return the data sets as the module takes them, and the metrics to measure."""
    fitted = fit_targets(data, module)
    dtype = np.dtype(getattr(module, "DTYPE", np.float32))

    def fit(other: Dataset | None) -> Dataset | None:
        return cast(fit_targets(other, module).data, dtype) if other else None

    sets = Sets(cast(fitted.data, dtype), fit(validation), fit(test))
    return sets, metrics_for(module, fitted)


def _require_rate(module: Module, chosen: Plan, exact: bool) -> None:
    if chosen.lr is None and not exact and module.TRAIN.get("lr") is None:
        raise DataError(
            "the spec names no learning rate: give one, for example --lr 0.1, "
            "or write `optimizer sgd lr=0.1` in the spec"
        )


def conduct(session: Session, exact: bool) -> TrainResult:
    """Run a training from its start or a checkpoint until it ends for any reason."""
    message, begun, failure = "", False, None
    try:
        session.begin()
        for callback in session.callbacks:
            callback.start(session)
        if session.ranks.several:
            start_alike(session, session.ranks)
            begun = True
        if exact:
            _solve(session)
        else:
            message = _epochs(session)
    except RankFailed as error:
        if not begun:
            raise
        message = _failed(session, str(error))
    except (Stopped, KeyboardInterrupt) as error:
        if session.ranks.several and not isinstance(error, Stopped):
            session.ranks.fail("interrupted")
        session.ending, session.clean = Ending.INTERRUPTED, isinstance(error, Stopped)
        if session.shared is not None:
            session.clean = session.shared.consistent
        message = f"interrupted in epoch {session.position.epoch + 1}; the weights so far are kept"
    except Diverged as error:
        session.ending, message = Ending.DIVERGED, str(error)
    except NotFinite as error:
        session.ending, message = Ending.DIVERGED, _not_finite(session, error.loss)
    except Exception as error:
        message, failure = _own_failure(session, error, begun), error
    result = replace(_result(session, message), error=failure)
    for callback in session.callbacks:
        callback.end(session)
    return result


def _own_failure(session: Session, error: Exception, begun: bool) -> str:
    """Tell the other ranks that this one failed; raises the error again where it is alone."""
    ranks = session.ranks
    text = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    ranks.fail(text)
    if not ranks.several or not begun:
        raise error
    return _failed(session, f"rank {ranks.rank} of {ranks.size} failed: {text}")


def _failed(session: Session, message: str) -> str:
    session.ending = Ending.FAILED
    session.clean = session.shared is None or session.shared.consistent
    return f"{message}; the weights of the last step before that are kept"


def _epochs(session: Session) -> str:
    """Train all remaining epochs; return the message about how training ended."""
    while session.position.epoch < session.plan.epochs and not _is_over(session):
        session.epoch()
    watch = session.watch
    if session.history and watch is not None and watch.epoch == 0:
        session.tell("no epoch ended with a loss below that before training: nothing was learned")
    if not _is_over(session):
        return ""
    session.ending = Ending.PATIENCE
    assert session.best is not None
    return f"no lower loss for {session.best.waited} epochs: stopped after epoch {session.position.epoch}"


def _is_over(session: Session) -> bool:
    return session.best is not None and session.best.is_over


def _not_finite(session: Session, loss: float) -> str:
    """Describe what happened, and where the first non-finite value arose."""
    number, watch = session.position.epoch + 1, session.watch
    assert watch is not None
    culprit = diagnose(session)
    return (
        f"{watch.happened(number, loss, loss)}. {culprit}"
        if culprit
        else watch.happened(number, loss, loss)
    )


def _solve(session: Session) -> None:
    """Compute the exact solution as one epoch; its `loss` is that of the initial parameters."""
    if session.position.epoch:
        return
    train, watch, clock = session.sets.train, session.watch, time.perf_counter()
    assert watch is not None
    solution = session.module.solve(train.x, train.target)
    for name, array in solution.items():
        session.params[name][...] = array
    session.position.seconds = time.perf_counter() - clock
    session.close(watch.start, session.scores(session.sample))


def _result(session: Session, message: str) -> TrainResult:
    """Return the kept weights and their results."""
    kept = session.kept()
    if session.ranks.several and not session.ranks.over:
        keep_alike(kept, session.ranks)
    if session.ending is Ending.DIVERGED:
        message = f"{message}. {kept.sentence}"
    elif kept.is_best and kept.epoch != session.position.epoch and message:
        message = f"{message}; {kept.sentence}"
    counts: Mapping[str, Array] = {}
    labels = map(split_label, session.module.METRICS)
    asked = {output for metric, output in labels if metric == "confusion"}
    if session.ending in (Ending.DONE, Ending.PATIENCE) and asked:
        data = session.sets.test or session.sets.validation or session.sets.train
        counts = session.measure.confusion(kept.params, kept.state, data)
        counts = {name: c for name, c in counts.items() if "" in (*asked, name) or name in asked}
    return TrainResult(
        kept.params,
        tuple(session.history),
        session.ending,
        message,
        kept.state,
        counts,
        kept.epoch,
    )
