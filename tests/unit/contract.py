"""Specs and tools for the tests of the generated module's public contract."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from ..oracle.generated import code, load, module

__all__ = ["CLASSIFIER", "LEVELS", "REGRESSION", "SCALAR", "TWO_HEADS", "TWO_INPUTS"]
__all__ += ["Case", "code", "copied", "load", "module", "same"]

LEVELS = (0, 1)

CLASSIFIER = """\
input 5 -> dense 4 tanh -> dense 3 softmax
loss crossentropy
optimizer sgd lr=0.1 momentum=0.9
dtype float64
"""
REGRESSION = "input 5 -> dense 4 sigmoid -> dense 3; loss mse; dtype float64\n"
SCALAR = "input 5 -> dense 4 sigmoid -> dense 1; loss mse; dtype float64\n"
TWO_INPUTS = """\
input 3 as left -> dense 4 tanh as a
input 2 as right -> dense 4 tanh as b
[a, b] -> add -> dense 2
loss mse
dtype float64
"""
TWO_HEADS = """\
input 5 as features -> dense 6 relu as trunk -> dense 3 softmax as kind
trunk -> dense 1 as size
output kind, size
loss crossentropy on kind weight=0.3
loss mse on size
dtype float64
"""


class Case:
    """A module with parameters, rows and targets to try it on."""

    def __init__(self, text: str = CLASSIFIER, level: int = 1, rows: int = 4) -> None:
        self.module: ModuleType = module(text, level)
        self.params: dict[str, np.ndarray] = self.module.init_params(7)
        self.x: Any = self.rows(rows)
        self.target: Any = self.targets(rows)

    def rows(self, count: int, seed: int = 0) -> Any:
        """Inputs for so many rows."""
        rng = np.random.default_rng(seed)
        made = {
            name: rng.normal(size=(count, *shape[1:])) for name, shape in self.module.INPUTS.items()
        }
        return made if len(made) > 1 else next(iter(made.values()))

    def targets(self, count: int, seed: int = 1) -> Any:
        """Targets for so many rows: class ids for crossentropy, numbers otherwise."""
        rng = np.random.default_rng(seed)
        made = {}
        for name, stated in self.module.TARGETS.items():
            shape = (count, *stated[1:])
            ids = "crossentropy" in self.module.SPEC and name != "size"
            made[name] = rng.integers(0, shape[-1], shape[:-1]) if ids else rng.normal(size=shape)
        return made if len(made) > 1 else next(iter(made.values()))

    def loss(self, x: Any = None, target: Any = None) -> float:
        """The loss at the present parameters."""
        _, cache = self.module.forward(self.params, self.x if x is None else x)
        value: float = self.module.loss(
            self.params, cache, self.target if target is None else target
        )
        return value

    def grads(self) -> dict[str, np.ndarray]:
        """The gradients at the present parameters."""
        _, cache = self.module.forward(self.params, self.x)
        found: dict[str, np.ndarray] = self.module.backward(self.params, cache, self.target)
        return found


def copied(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A dict of copies."""
    return {name: np.array(value) for name, value in arrays.items()}


def same(got: dict[str, np.ndarray], want: dict[str, np.ndarray], tolerance: float = 1e-12) -> None:
    """Both dicts hold the same names and values."""
    assert set(got) == set(want)
    for name, value in want.items():
        np.testing.assert_allclose(got[name], value, rtol=tolerance, atol=tolerance, err_msg=name)
