"""NNRegressor: a spec's network as a scikit-learn regressor."""

from __future__ import annotations

from typing import Any

from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from .base import NNEstimator, checked_pair, counted, documented
from .network import Array, Network
from .scaling import Scaling, scale_of
from .specs import REGRESSOR
from .training import Learned


@documented
class NNRegressor(RegressorMixin, NNEstimator):
    """A regressor whose model is the network of a spec; targets may have several columns.

    A spec's `let features` is set to the number of columns, `let outputs` to that of targets."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> NNRegressor:
        """Train on rows X (n, …) with targets y (n,) or (n, outputs), and sample_weight (n,).

        A row of weight 2 counts as two equal rows, one of weight 0 is ignored.

        Raises ValueError for data that do not fit, CompileError for a spec with errors."""
        x, y = self._pair(X, y, not self._goes_on())
        self._fit(*counted(x, y, sample_weight))
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> NNRegressor:
        """Train one epoch on rows X (n, …) with targets y (n,) or (n, outputs).

        Without a spec, columns and targets are scaled by the rows of the first call. Raises
        ValueError for data that do not fit."""
        x, y = self._pair(X, y, not hasattr(self, "params_"))
        self._fit_once(*counted(x, y, sample_weight))
        return self

    def predict(self, X: Any) -> Array:
        """Return the outputs for each row: (n,) or (n, outputs), as the targets were."""
        x = self._checked(X)
        y = self._scaling.outputs(self._outputs(x))
        return y[:, 0] if self._is_flat else y

    def _pair(self, x: Any, y: Any, reset: bool) -> tuple[Array, Array]:
        """Return checked X, and y of shape (n, outputs)."""
        x, y = checked_pair(self, x, y, reset, multi_output=True, y_numeric=True)
        if reset:
            self._is_flat = y.ndim == 1
            self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        y = y.reshape(len(y), -1)
        if y.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {y.shape[1]} columns, at first it had {self.n_outputs_}")
        return x, y

    def _default(self) -> str:
        return REGRESSOR

    def _sizes(self, y: Array) -> dict[str, int]:
        return {"outputs": y.shape[1]}

    def _targets(self, net: Network, y: Array) -> Array:
        if y.shape[1] != net.width:
            raise ValueError(
                f"y has {y.shape[1]} columns, but the spec's output is {net.width} wide; "
                "`let outputs = 1` and `dense outputs` in the spec take what the data has"
            )
        return y.astype(net.module.DTYPE)

    def _learned_scaling(self, x: Array, y: Array, weights: Array | None) -> Scaling:
        return Scaling(scale_of(x, weights), scale_of(y, weights))

    def _score(self, learned: Learned, x: Array, y: Array, weights: Array | None) -> float:
        outputs = self._scaling.outputs(self._computed(learned, x))
        return float(r2_score(y, outputs, sample_weight=weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags
