"""The common base of both estimators: their parameters, fitting, and continued training."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from .network import Array, Network, network
from .scaling import NO_SCALING, Scaling
from .specs import filled, text_of, weighted
from .training import Learned, Plan, Rows, Run, begin

_INT32 = 2**31 - 1


PARAMETERS = """
    Parameters
    ----------
    spec : the text of a spec, or the path of a `.nn` file; None: a hidden layer of 100 units that
        learns on scaled columns. Rows are given the shape of the spec's input.
    lets : values for `let`s of the spec, by name; a grid search may vary them.
    max_iter : epochs at most; None: those of the spec's `train`, else 200.
    epochs : another name for max_iter.
    batch_size : rows in a step; None: the spec's, else 200; never more than there are.
    learning_rate : None: that of the spec's optimizer and schedule.
    tol, n_iter_no_change : training ends when the loss has not fallen by tol in more than so many
        epochs one after the other; with early_stopping, when the score has not risen by it.
        n_iter_no_change=None: never.
    early_stopping : judge by held-out rows after each epoch, and keep the best weights.
    validation_fraction : the share of the rows that is held out; of a classifier from each class.
    warm_start : fit goes on from the last weights.
    random_state : for the first weights, the order of rows and the split; None: the spec's seed,
        else another one each time.

    Attributes
    ----------
    params_, state_ : the trained arrays by name, as the spec's module takes them.
    spec_ : the spec with all sizes filled in; for the default one with the scaling in it.
    loss_curve_, loss_, best_loss_ : the mean loss of each epoch, the last, the lowest.
    n_iter_ : epochs done.
    validation_scores_, best_validation_score_ : with early_stopping; else None.
    n_features_in_, feature_names_in_ : of X; classes_ or n_outputs_ : of y.
    """


Estimator = TypeVar("Estimator", bound=type)


def documented(estimator: Estimator) -> Estimator:
    """Add the parameters that both estimators have to the docstring of one."""
    estimator.__doc__ = f"{(estimator.__doc__ or '').rstrip()}\n{PARAMETERS}"
    return estimator


class NNEstimator(BaseEstimator):
    """An estimator whose model is the network of a spec; see NNClassifier and NNRegressor."""

    def __init__(
        self,
        spec: str | os.PathLike[str] | None = None,
        *,
        lets: Mapping[str, Any] | None = None,
        max_iter: int | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        tol: float = 1e-4,
        n_iter_no_change: int | None = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.spec = spec
        self.lets = lets
        self.max_iter = max_iter
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.random_state = random_state

    # --- what the two kinds of estimator decide ------------------------------------------------

    @abstractmethod
    def _default(self) -> str:
        """Return the default spec."""

    @abstractmethod
    def _sizes(self, y: Array) -> dict[str, int]:
        """Return the lets whose values the targets determine."""

    @abstractmethod
    def _targets(self, net: Network, y: Array) -> Array:
        """Return the targets in the network's form."""

    @abstractmethod
    def _learned_scaling(self, x: Array, y: Array, weights: Array | None) -> Scaling:
        """Return the scaling of columns and targets for a default network."""

    # --- fitting -------------------------------------------------------------------------------

    def _fit(self, x: Array, y: Array, weights: Array | None) -> None:
        """Train on checked data: from initial weights, or from the end of the last training."""
        plan = self._plan()
        if not self._goes_on():
            self._begin(x, y, weights)
        if not self.early_stopping:
            self._train(x, y, weights, plan)
            return
        x, held_x, y, held_y, weights, held_weights = self._held_out(x, y, weights)
        self._train(x, y, weights, plan, (held_x, held_y, held_weights))

    def _goes_on(self) -> bool:
        """Return whether fit continues an earlier training."""
        return bool(self.warm_start) and hasattr(self, "params_")

    def _fit_once(self, x: Array, y: Array, weights: Array | None) -> None:
        """Train one epoch of a training that partial_fit continues."""
        if self.early_stopping:
            raise ValueError("partial_fit has no data to stop early by; set early_stopping=False")
        plan = replace(self._plan(), epochs=1, patience=None)
        if not hasattr(self, "params_"):
            self._begin(x, y, weights)
        self._train(x, y, weights, plan)

    def _begin(self, x: Array, y: Array, weights: Array | None) -> None:
        """Create a network with initial weights, of the size that the data require."""
        text, self._name = (
            (self._default(), "model.nn") if self.spec is None else text_of(self.spec)
        )
        sizes = {"features": int(np.prod(x.shape[1:])), **self._sizes(y)}
        self._text = filled(text, sizes, self.lets)
        self._scaling = NO_SCALING
        if self.spec is None:
            self._scaling = self._learned_scaling(x.reshape(len(x), -1), y, weights)
        net = self._network()
        self._learned = begin(net, self._seed(net))

    def _train(
        self,
        x: Array,
        y: Array,
        weights: Array | None,
        plan: Plan,
        held: tuple[Array, Array, Array | None] | None = None,
    ) -> None:
        net = self._network(weights is not None)
        target = self._targets(net, self._scaling.target(y))
        run = Run(net, self._learned, Rows(self._rows(net, x), target, weights), plan)
        score = None if held is None else lambda learned: self._score(learned, *held)
        watched: list[float] = []
        best: Learned | None = None
        for value in run.train(score):
            if held is not None and value > max(watched, default=-np.inf):
                state = {name: array.copy() for name, array in self._learned.state.items()}
                best = replace(self._learned, state=state)
            watched.append(value)
        if best is not None:
            self._learned.params, self._learned.optimizer = best.params, best.optimizer
            self._learned.state = best.state
        self._publish(watched, held is not None)

    def _publish(self, watched: list[float], held_out: bool) -> None:
        """Set the attributes of a fitted estimator."""
        learned = self._learned
        self.params_, self.state_ = learned.params, learned.state
        self.loss_curve_ = learned.losses
        self.loss_ = learned.losses[-1]
        self.n_iter_ = len(learned.losses)
        self.validation_scores_ = watched if held_out else None
        self.best_validation_score_ = max(watched) if held_out else None
        self.best_loss_ = None if held_out else min(learned.losses)

    def _held_out(self, x: Array, y: Array, weights: Array | None) -> list[Any]:
        """Return training rows and held-out rows: x, x, y, y, weights, weights."""
        arrays = [x, y] if weights is None else [x, y, weights]
        parts = train_test_split(
            *arrays,
            test_size=self.validation_fraction,
            random_state=int(self._learned.random.integers(_INT32)),
            stratify=self._strata(y),
        )
        return [*parts, None, None] if weights is None else list(parts)

    def _strata(self, y: Array) -> Array | None:
        """Return the classes for a stratified split, or None."""
        return None

    @abstractmethod
    def _score(self, learned: Learned, x: Array, y: Array, weights: Array | None) -> float:
        """Return the score of the network at that stage of its training."""

    # --- using ---------------------------------------------------------------------------------

    def _outputs(self, x: Array) -> Array:
        """Return the outputs of the fitted network for checked rows, on its own scale."""
        return self._computed(self._learned, x)

    def _computed(self, learned: Learned, x: Array) -> Array:
        net = self._network()
        keywords = {"state": learned.state} if learned.state else {}
        y: Array = net.module.predict(learned.params, self._rows(net, x), **keywords)
        return y

    def _rows(self, net: Network, x: Array) -> Array:
        return net.rows(self._scaling.rows(x))

    def _checked(self, x: Any) -> Array:
        """Return the rows to predict, checked against the training rows."""
        check_is_fitted(self, "params_")
        checked: Array = validate_data(self, x, reset=False, **_ROWS)
        return checked

    def save_params(self, path: str | os.PathLike[str]) -> None:
        """Write the trained parameters, for `load_params` of the module of `spec_`.

        Raises OSError if the file cannot be written."""
        check_is_fitted(self, "params_")
        state = {"state": self.state_} if self.state_ else {}
        self._network().module.save_params(Path(path), self.params_, **state)

    @property
    def spec_(self) -> str:
        """The spec of the trained network, with all sizes; with `params_`, the complete model."""
        check_is_fitted(self, "params_")
        return self._scaling.written_into(self._text)

    def _network(self, by_weight: bool = False) -> Network:
        return network(weighted(self._text) if by_weight else self._text, self._name)

    # --- parameters ----------------------------------------------------------------------------

    def _plan(self) -> Plan:
        """Return the training parameters, checked."""
        for name in ("max_iter", "epochs", "batch_size", "n_iter_no_change"):
            value = getattr(self, name)
            if value is not None:
                check_scalar(value, name, Integral, min_val=1)
        if self.learning_rate is not None:
            check_scalar(self.learning_rate, "learning_rate", Real, min_val=0)
        check_scalar(self.tol, "tol", Real, min_val=0)
        check_scalar(
            self.validation_fraction,
            "validation_fraction",
            Real,
            min_val=0,
            max_val=1,
            include_boundaries="neither",
        )
        if self.max_iter is not None and self.epochs is not None:
            raise ValueError("max_iter and epochs are two names of one number; give one")
        epochs = self.epochs if self.max_iter is None else self.max_iter
        return Plan(epochs, self.batch_size, self.learning_rate, self.tol, self.n_iter_no_change)

    def _seed(self, net: Network) -> int:
        """Return a seed from `random_state`; if that is None, the spec's seed, if any."""
        if self.random_state is None and "seed" in net.module.TRAIN:
            return int(net.module.TRAIN["seed"])
        return int(check_random_state(self.random_state).randint(_INT32))


_ROWS = {"dtype": "numeric", "allow_nd": True}
"""The check of X: numbers, rows of any shape."""


def checked_pair(estimator: NNEstimator, x: Any, y: Any, reset: bool, **keywords: Any) -> Any:
    """Return the checked X and y of a fit; feature names and counts are stored or compared."""
    return validate_data(estimator, x, y, reset=reset, **_ROWS, **keywords)


def counted(x: Array, y: Array, weights: Any) -> tuple[Array, Array, Array | None]:
    """Return the rows with a weight above 0, and their weights; all rows without weights."""
    if weights is None:
        return x, y, None
    checked: Array = _check_sample_weight(weights, x, dtype=np.float64, ensure_non_negative=True)
    there = checked > 0
    if not there.any():
        raise ValueError("sample_weight: every row has weight 0")
    return x[there], y[there], checked[there]
