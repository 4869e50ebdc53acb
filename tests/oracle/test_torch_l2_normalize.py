"""`l2_normalize` against PyTorch's F.normalize: rows of all sizes, of zeros, at the limits of a dtype."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
import torch.nn.functional as F

from .variants import modules

DRAWS = 60
EPS = (1e-12, 1e-3, 0.5)
SHAPES = {"5": (5,), "3x4": (3, 4), "Tx3": (4, 3), "2x3x2": (2, 3, 2)}


@pytest.mark.parametrize("eps", EPS)
@pytest.mark.parametrize("size", SHAPES)
def test_values_and_gradients(size, eps):
    """Every draw has rows of zeros, rows below ε, and one whose norm is ε."""
    for what, made in modules(f"input {size} -> l2_normalize eps={eps}\ndtype float64", "vjp"):
        for seed in range(DRAWS // len(EPS) // len(SHAPES)):
            rng = np.random.default_rng(seed)
            x = (
                rng.normal(size=(6, *SHAPES[size]))
                * rng.choice([1e-8, 1, 1e4], (6, 1))[:, :, *[None] * (len(SHAPES[size]) - 1)]
            )
            x[0] = 0
            x[1], x[2] = 0.3 * eps * F.normalize(torch.tensor(x[1]), dim=-1), 0
            x[2, ..., 0] = eps
            given = torch.tensor(x, requires_grad=True)
            want = F.normalize(given, dim=-1, eps=eps)
            dy = rng.normal(size=want.shape)
            want.backward(torch.tensor(dy))
            params = made.init_params()
            got, cache = made.forward(params, x)
            np.testing.assert_allclose(got, want.detach(), rtol=1e-12, atol=1e-12, err_msg=what)
            _, dx = made.vjp(params, cache, dy)
            wanted = given.grad.numpy()
            for row, (a, b) in enumerate(zip(dx, wanted, strict=True)):
                scale = np.abs(b).max()
                assert np.abs(a - b).max() <= 1e-10 * scale, (what, row, seed)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_squares_beyond_the_dtype(dtype):
    """The norm is that of the direction, where PyTorch's overflows."""
    largest, rng = float(np.finfo(dtype).max), np.random.default_rng(0)
    way = rng.normal(size=(4, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    for what, made in modules(f"input 3 -> l2_normalize\ndtype {dtype}", "vjp"):
        for size in (1e-10, largest**0.5, largest / 4):
            x = (size * way).astype(dtype)
            y, cache = made.forward({}, x)
            np.testing.assert_allclose(y, way, rtol=1e-5, atol=1e-6, err_msg=what)
            _, dx = made.vjp({}, cache, way.astype(dtype))
            assert np.abs(dx).max() <= 1e-5 / size, what  # along x nothing changes
