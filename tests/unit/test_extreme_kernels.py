"""Training functions near the limits of the dtypes: activations, losses and norms against oracles."""

from __future__ import annotations

import pytest

from ..extreme_kernels import activations, faults_of_activations, faults_of_losses, losses
from ..extreme_norms import NORMS, cut_of, faults_of_norm, norm
from ..generated import build

LEVELS, DTYPES = (0, 1), ("float32", "float64")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_activations_in_training(dtype, level):
    assert not faults_of_activations(build(activations(dtype), level), dtype)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_losses_in_training(dtype, level):
    assert not faults_of_losses(build(losses(dtype), level), dtype)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", NORMS)
def test_norms_of_rows_whose_squares_are_too_large(kind, dtype, level):
    assert not faults_of_norm(build(norm(kind, dtype), level), kind, dtype, cut_of(dtype, level))
