"""Numbers near the limits of the dtypes: tests/exact.py against mpmath, and Numba's kernels.

With NUMBA_DISABLE_JIT=1 the kernels run as plain Python, whose scalars warn where compiled code does not.
"""

from __future__ import annotations

import os
from decimal import Decimal

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.source import Source

from ..exact import ACTIVATIONS, extremes, rounded, variable
from ..extreme_kernels import activations, faults_of_activations, faults_of_losses, losses
from ..extreme_norms import NORMS, cut_of, faults_of_norm, norm
from .generated import load

mpmath = pytest.importorskip("mpmath")
JIT = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"

MP = {
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "mish": lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))),
    "gelu": lambda x: x * mpmath.ncdf(x),
    "gelu(approx=tanh)": lambda x: (
        x / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (x + x**3 * mpmath.mpf("0.044715"))))
    ),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "tanh": mpmath.tanh,
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "softsign": lambda x: x / (1 + abs(x)),
}


@pytest.mark.parametrize("name", sorted(MP))
def test_the_decimal_oracle_agrees_with_mpmath(name):
    """Values from 1e-308 to 1e308, derivatives by mpmath's own differences where they are smooth."""
    for x in extremes("float64"):
        got = ACTIVATIONS[name](variable(float(x)))
        with mpmath.workprec(2400):
            at = mpmath.mpf(float(x))
            if abs(x) < 1000:
                assert float(got.value) == pytest.approx(float(MP[name](at)), rel=1e-12, abs=1e-300)
            if 1e-6 < abs(x) < 100:
                slope = mpmath.diff(MP[name], at)
                assert float(got.slope) == pytest.approx(float(slope), rel=1e-14, abs=1e-300)


def test_the_decimal_oracle_has_the_limits():
    """Where mpmath would need numbers of 10³⁰⁸ digits: z σ(z), z Φ(z) and their like tend to 0 and z."""
    for name in ("silu", "mish", "gelu", "gelu(approx=tanh)"):
        for x in (1e38, 1e308):
            up, down = ACTIVATIONS[name](variable(x)), ACTIVATIONS[name](variable(-x))
            assert (float(up.value), float(up.slope)) == (x, 1)
            assert float(down.value) == float(down.slope) == 0
    assert rounded(Decimal("1e39"), "float32") == np.inf


def numba_module(text: str):
    pytest.importorskip("numba", reason="Numba is not installed")
    pytest.importorskip("scipy", reason="SciPy is not installed")
    options = Options(target="numba", format=False)
    return load(compile_source(Source("model.nn", text), options).code)


@pytest.fixture(autouse=True)
def _scalars_may_warn():
    with np.errstate(all="ignore" if not JIT else "warn"):
        yield


@pytest.mark.parametrize("dtype", ["float32"] if JIT else ["float32", "float64"])
def test_compiled_activations(dtype):
    assert not faults_of_activations(numba_module(activations(dtype)), dtype)


@pytest.mark.parametrize("dtype", ["float32"] if JIT else ["float32", "float64"])
def test_compiled_losses(dtype):
    assert not faults_of_losses(numba_module(losses(dtype)), dtype)


@pytest.mark.parametrize("dtype", ["float32"] if JIT else ["float32", "float64"])
@pytest.mark.parametrize("kind", NORMS[1::2] if JIT else NORMS)
def test_compiled_norms(kind, dtype):
    assert not faults_of_norm(numba_module(norm(kind, dtype)), kind, dtype, cut_of(dtype, 1))
