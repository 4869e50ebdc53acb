"""NNClassifier: a spec's network as a scikit-learn classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from nnc.runtime.dataset import Dataset
from nnc.runtime.fit import fit_targets
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, unique_labels

from .base import NNEstimator, checked_pair, counted, documented
from .network import Array, Network
from .outputs import chosen, probabilities, scores
from .scaling import Scaling, scale_of
from .specs import CLASSIFIER
from .training import Learned


def _is_probable(estimator: NNClassifier) -> bool:
    return not hasattr(estimator, "params_") or estimator._network().probable


def _is_not_probable(estimator: NNClassifier) -> bool:
    return not _is_probable(estimator)


@documented
class NNClassifier(ClassifierMixin, NNEstimator):
    """A classifier whose model is the network of a spec.

    A spec's `let features` is set to the number of columns, `let classes` to the number of classes.
    One unit with `bce` or `hinge` is enough for two classes. Labels may be numbers or words."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> NNClassifier:
        """Train on rows X (n, …) with labels y (n,), weighted by sample_weight (n,).

        A row of weight 2 counts as two equal rows, one of weight 0 is ignored.

        Raises ValueError for data that do not fit, CompileError for a spec with errors."""
        x, y = checked_pair(self, X, y, not self._goes_on())
        x, y, weights = counted(x, self._labels(y), sample_weight)
        if not self._goes_on():
            self.classes_ = unique_labels(y)
        self._fit(x, self._ids(y), weights)
        return self

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> NNClassifier:
        """Train one epoch on rows X (n, …) with labels y (n,); the first call names all `classes`.

        Without a spec the columns are scaled by the rows of the first call. Raises ValueError for
        data that do not fit."""
        begun = hasattr(self, "params_")
        if not begun and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        x, y = checked_pair(self, X, y, not begun)
        x, y, weights = counted(x, self._labels(y), sample_weight)
        if not begun:
            self.classes_ = unique_labels(classes)
        elif classes is not None and not np.array_equal(self.classes_, unique_labels(classes)):
            raise ValueError(f"`classes={classes}` is not the same as on the last call")
        self._fit_once(x, self._ids(y), weights)
        return self

    def predict(self, X: Any) -> Array:
        """Return the class of each row, (n,)."""
        x = self._checked(X)
        labels: Array = self.classes_[chosen(self._network(), self._outputs(x))]
        return labels

    @available_if(_is_probable)
    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, (n, classes), in the order of `classes_`.

        Unavailable if the outputs are not probabilities (`loss hinge`)."""
        x = self._checked(X)
        return probabilities(self._network(), self._outputs(x))

    @available_if(_is_not_probable)
    def decision_function(self, X: Any) -> Array:
        """Return a score for each class, (n, classes), or for the second of two, (n,).

        Available only if the outputs are not probabilities."""
        x = self._checked(X)
        return scores(self._network(), self._outputs(x))

    def _labels(self, y: Any) -> Array:
        labels: Array = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        return labels

    def _ids(self, labels: Array) -> Array:
        """Return the index of each label's class."""
        unknown = np.setdiff1d(labels, self.classes_)
        if len(unknown):
            raise ValueError(f"y has classes that were not there at first: {unknown.tolist()}")
        if len(self.classes_) < 2:
            raise ValueError("a classifier needs at least 2 classes, y has 1 class")
        ids: Array = np.searchsorted(self.classes_, labels)
        return ids

    def _default(self) -> str:
        return CLASSIFIER

    def _sizes(self, y: Array) -> dict[str, int]:
        return {"classes": len(self.classes_)}

    def _targets(self, net: Network, y: Array) -> Array:
        classes = len(self.classes_)
        if classes != max(net.width, 2):
            raise ValueError(
                f"y has {classes} classes, but the spec's output is {net.width} wide; "
                "`let classes = 2` and `dense classes` in the spec take what the data has"
            )
        return np.asarray(fit_targets(Dataset(y, y, "y"), net.module).data.target)

    def _learned_scaling(self, x: Array, y: Array, weights: Array | None) -> Scaling:
        return Scaling(scale_of(x, weights))

    def _strata(self, y: Array) -> Array | None:
        return y

    def _score(self, learned: Learned, x: Array, y: Array, weights: Array | None) -> float:
        ids = chosen(self._network(), self._computed(learned, x))
        return float(accuracy_score(y, ids, sample_weight=weights))
