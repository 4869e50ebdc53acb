"""sample against PyTorch with the same normal numbers; in prediction it is the mean.

NNC_ORACLE_PROGRAMS=50 tries that many draws instead of 6.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
import torch.nn.functional as F

from ..generated import build

COUNT = min(int(os.environ.get("NNC_ORACLE_PROGRAMS", "6")), 50)
SPEC = (
    "input {d} -> dense {h} tanh -> [dense {n}, dense {n}] -> sample -> dense {d}\n"
    "loss mse\ndtype float64\n"
)


def reference(p: dict[str, torch.Tensor], x: torch.Tensor, eps: np.ndarray) -> torch.Tensor:
    """The network with ε given."""
    h = torch.tanh(x @ p["dense1.W"] + p["dense1.b"])
    mean, logvar = (h @ p[f"dense{i}.W"] + p[f"dense{i}.b"] for i in (2, 3))
    z = mean + torch.exp(logvar / 2) * torch.from_numpy(eps)
    return z @ p["dense4.W"] + p["dense4.b"]


@pytest.mark.parametrize("seed", range(COUNT))
def test_values_and_gradients_agree(seed):
    rng = np.random.default_rng(seed)
    d, h, n, rows = (int(k) for k in rng.integers(1, 6, 4))
    x, target = rng.normal(size=(rows, d)), rng.normal(size=(rows, d))
    for level in (0, 1):
        made = build(SPEC.format(d=d, h=h, n=n), level)
        params = {k: 0.5 * rng.normal(size=s) for k, s in made.PARAM_SHAPES.items()}
        for train in (True, False):
            eps = np.random.default_rng(seed).standard_normal((rows, n)) * train
            given = {k: torch.from_numpy(v).requires_grad_() for k, v in params.items()}
            y = reference(given, torch.from_numpy(x), eps)
            F.mse_loss(y, torch.from_numpy(target)).backward()
            words = {"train": True, "rng": np.random.default_rng(seed)} if train else {}
            got, cache = made.forward(params, x, **words)
            np.testing.assert_allclose(got, y.detach().numpy(), rtol=1e-12, atol=1e-12)
            for name, g in made.backward(params, cache, target).items():
                want = given[name].grad.numpy()
                np.testing.assert_allclose(g, want, rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("level", [0, 1])
def test_prediction_is_the_mean_whatever_the_variance(level):
    made = build("input 2 -> [id, scale 1e9] -> sample -> dense 2; loss mse; dtype float64", level)
    params = {"dense1.W": np.eye(2), "dense1.b": np.zeros(2)}
    x = np.array([[3.0, -2.0]])
    np.testing.assert_array_equal(made.predict(params, x), x)
