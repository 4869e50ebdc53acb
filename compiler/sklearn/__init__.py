"""scikit-learn estimators that train the network of a spec: `NNClassifier`, `NNRegressor`."""

from importlib.util import find_spec

if find_spec("sklearn") is None:
    raise ImportError("nnc.sklearn needs scikit-learn: pip install 'nnc[sklearn]'")

from .classifier import NNClassifier
from .regressor import NNRegressor

__all__ = ["NNClassifier", "NNRegressor"]
