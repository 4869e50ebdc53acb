"""scikit-learn's own estimator checks; none is expected to fail."""

from __future__ import annotations

import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed: nnc[sklearn]")

from nnc.sklearn import NNClassifier, NNRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks


@parametrize_with_checks([NNClassifier(), NNRegressor()])
def test_estimators_behave_as_scikit_learn_asks(estimator, check):
    check(estimator)
