"""Gradients exactly at kinks and ties: PyTorch modules choose as NumPy modules do.

Weights and rows are small whole numbers, so that values fall on 0, on bounds and on each other.
"""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import numpy as np
import torch

from .torch_modules import twin_errors, twins

ENTRIES = {
    **{
        act: f"input 4 -> dense 6 {act} -> dense 2; loss quadratic"
        for act in (
            *("relu", "leaky_relu(0.2)", "prelu", "elu(1.5)", "selu", "hard_tanh", "softsign"),
            *("relu(max=2)", "hard_sigmoid", "hard_swish", "softplus", "mish"),
        )
    },
    "abs": "fn size(v) = abs(v)\ninput 4 -> dense 6 size -> dense 2; loss quadratic",
    "where": "fn part(v) = where(v > 0, v**2, -v)\ninput 4 -> dense 6 part -> dense 2; loss mse",
    "min": "fn low(a, b) = min(a, b)\ninput 4 -> [dense 6, dense 6] -> low -> dense 2; loss mse",
    "max with a number": "fn up(v) = max(v, 1)\ninput 4 -> dense 6 up -> dense 2; loss mse",
    "max of two": "input 4 -> [dense 6, dense 6] -> max -> dense 2; loss mse",
    "max of three": "input 4 -> [dense 6, dense 6, dense 6] -> max -> dense 2; loss mse",
    "max of an axis": "input 3x4 -> dense 6 -> max axis=0 -> dense 2; loss mse",
    "maxpool": "input 2x6x6 -> conv 3 3x3 -> maxpool 2 -> flatten -> dense 2; loss mse",
    "maxpool with padding": "input 2x7 -> conv 3 3 -> maxpool 3 stride=2 pad=1 -> flatten -> dense 2"
    "; loss mse",
    "global_maxpool": "input 2x6x6 -> conv 3 3x3 -> global_maxpool -> dense 2; loss mse",
    "l2_normalize": "input 4 -> dense 6 -> l2_normalize -> dense 2; loss mse",
    "mae": "input 4 -> dense 6 relu -> dense 3; loss mae",
    "huber": "input 4 -> dense 6 relu -> dense 3; loss huber(delta=1)",
    "hinge": "input 4 -> dense 6 relu -> dense 3; loss hinge",
    "l1": "input 4 -> dense 6 relu -> dense 3; loss mse; regularize l1=0.5",
    "clip": "input 4 -> dense 6 relu -> dense 3; loss mse; optimizer sgd lr=0.1; clip value=0.5",
}


@pytest.mark.parametrize("name", ENTRIES)
def test_the_same_choice(name):
    t = twins(ENTRIES[name])
    for seed in range(3):
        rng = np.random.default_rng(seed)
        for array in t.params.values():
            array[...] = rng.integers(-1, 2, array.shape)
        t.network.load_state_dict({n: torch.tensor(a) for n, a in {**t.params, **t.state}.items()})
        t.x = rng.integers(-1, 2, np.shape(t.x)).astype(float)
        if t.target.dtype.kind == "f":
            t.target = rng.integers(-1, 2, t.target.shape).astype(float)
        found = twin_errors(t, False)
        where = max(found, key=lambda one: found[one])
        assert found[where] <= 1e-12, f"{where}: error {found[where]:.1e}"
