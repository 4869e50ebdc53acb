"""Formulas that overflow if computed as written, against 1200 digits of mpmath.

Values and gradients of -O0, -O1 and --target numba, at moderate and at extreme z.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.source import Source

from .generated import load

mpmath = pytest.importorskip("mpmath")

BITS = 4000  # 1 − σ(1000) differs from 1 in the 435th digit


def sigmoid(z):
    return 1 / (1 + mpmath.exp(-z))


def total(row):
    return mpmath.fsum(map(mpmath.exp, row))


ENTRIES = {
    "log(1 + exp(z))": lambda z: mpmath.log(1 + mpmath.exp(z)),
    "log(exp(z) + 1)": lambda z: mpmath.log(mpmath.exp(z) + 1),
    "log(sigmoid(z))": lambda z: mpmath.log(sigmoid(z)),
    "-3 * log(sigmoid(2 * z))": lambda z: -3 * mpmath.log(sigmoid(2 * z)),
    "log(1 - sigmoid(z))": lambda z: mpmath.log(1 - sigmoid(z)),
    "z * log(1 + exp(-z))": lambda z: z * mpmath.log(1 + mpmath.exp(-z)),
}
ROWS = {
    "exp(z) / sum(exp(z))": lambda row: [mpmath.exp(z) / total(row) for z in row],
    "cos(z) * exp(z) / sum(exp(z))": lambda row: [
        mpmath.cos(z) * mpmath.exp(z) / total(row) for z in row
    ],
    "log(sum(exp(z)))": lambda row: [mpmath.log(total(row))],
    "z / 2 + log(sum(exp(z)))": lambda row: [z / 2 + mpmath.log(total(row)) for z in row],
    "log(exp(z) / sum(exp(z)))": lambda row: [mpmath.log(mpmath.exp(z) / total(row)) for z in row],
}


FAR = {"float64": 1000, "float32": 100}
ENTRY_AT = (-1, -0.5, -0.02, -0.003, 0, 0.00075, 0.02, 0.5, 1)
ROWS_AT = ((1, -1, 0), (1, 1, -0.01), (-1, -1, -1), (0.0005, -0.001, 0.002), (0.99, 1, 0.03))
DY = (0.5, -1.5, 2.0)
TARGETS = ("-O0", "-O1", "numba")


@cache
def module(text: str, target: str):
    if target == "numba":
        pytest.importorskip("numba", reason="Numba is not installed")
        pytest.importorskip("scipy", reason="SciPy is not installed")
        options = Options(target="numba", emit=("vjp",), format=False)
    else:
        options = Options(level=int(target[-1]), emit=("vjp",), format=False)
    return load(compile_source(Source("model.nn", text), options).code)


def close(got: np.ndarray, want, what: str) -> None:
    """Within a few units in the last place of the number, or of 1."""
    exact = np.array([[float(w) for w in row] for row in want])
    room = 32 * np.finfo(got.dtype).eps * np.maximum(np.abs(exact), 1)
    assert got.shape == exact.shape
    wrong = ~(np.abs(got - exact) <= room)
    assert not wrong.any(), (what, got[wrong], exact[wrong])


def check(exact, x: np.ndarray, target: str) -> None:
    """All formulas in one module: what forward and predict give, and the gradient of Σ dy · y."""
    lines = [f"fn f{i}x(z) = {formula}" for i, formula in enumerate(exact)]
    lines += [f"input {x.shape[1]} as x", *(f"x -> f{i}x as y{i}" for i in range(len(exact)))]
    lines += [f"output {', '.join(f'y{i}' for i in range(len(exact)))}", f"dtype {x.dtype}"]
    made = module("\n".join(lines), target)
    params = made.init_params()
    y, cached = made.forward(params, x)
    y = {name: np.array(v) for name, v in y.items()}
    predicted = made.predict(params, x)
    for i, (formula, (want, slopes)) in enumerate(exact.items()):
        close(y[f"y{i}"], want, formula)
        close(predicted[f"y{i}"], want, f"predict of {formula}")
        dy = {name: np.zeros_like(v) for name, v in y.items()}
        dy[f"y{i}"] += np.array([*DY[: y[f"y{i}"].shape[1]]], x.dtype) if len(x) > 1 else 1
        _, dx = made.vjp(params, cached, dy)
        close(np.array(dx), slopes, f"gradient of {formula}")


@cache
def exact_entries(far: int):
    """Values and derivatives, formula by formula."""
    with mpmath.workprec(BITS):
        at = [mpmath.mpf(float(np.float32(far * z))) for z in ENTRY_AT]
        return {
            text: ([[f(z) for z in at]], [[mpmath.diff(f, z) for z in at]])
            for text, f in ENTRIES.items()
        }


@cache
def exact_rows(far: int):
    """Rows of values, and the gradients of Σ dy · y by the entries of a row."""
    with mpmath.workprec(BITS):
        at = [[mpmath.mpf(float(np.float32(far * z))) for z in row] for row in ROWS_AT]
        return {
            text: ([f(row) for row in at], [partials(weighted(f), row) for row in at])
            for text, f in ROWS.items()
        }


def partials(function, row) -> list[object]:
    """The derivatives by every entry of a row."""

    def moved(i: int, z):
        return function([*row[:i], z, *row[i + 1 :]])

    return [mpmath.diff(partial(moved, i), z) for i, z in enumerate(row)]


def weighted(function):
    """Σ dy · y."""
    return lambda row: mpmath.fsum(d * y for d, y in zip(DY, function(row), strict=False))


@pytest.mark.parametrize("dtype", FAR)
@pytest.mark.parametrize("target", TARGETS)
def test_formulas_of_one_entry(target, dtype):
    x = (FAR[dtype] * np.array([ENTRY_AT])).astype("float32").astype(dtype)
    check(exact_entries(FAR[dtype]), x, target)


@pytest.mark.parametrize("dtype", FAR)
@pytest.mark.parametrize("target", TARGETS)
def test_formulas_of_a_row(target, dtype):
    x = (FAR[dtype] * np.array(ROWS_AT)).astype("float32").astype(dtype)
    check(exact_rows(FAR[dtype]), x, target)


LOSSES = {
    "t * log(1 + exp(-y)) - (1 - t) * log(1 - sigmoid(y))": lambda y, t: sum(
        b * mpmath.log(1 + mpmath.exp(-a)) - (1 - b) * mpmath.log(1 - sigmoid(a))
        for a, b in zip(y, t, strict=True)
    ),
    "-t * log(exp(y) / sum(exp(y)))": lambda y, t: sum(
        -b * mpmath.log(mpmath.exp(a) / total(y)) for a, b in zip(y, t, strict=True)
    ),
}


@pytest.mark.parametrize("dtype", FAR)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("formula", LOSSES)
def test_losses_of_logits_that_are_far_off(formula, target, dtype):
    text = f"fn f(y, t) = {formula}\ninput 3 -> dense 3\nloss f reduction=sum\ndtype {dtype}\n"
    made = module(text, target)
    params = {"dense1.W": np.eye(3, dtype=dtype), "dense1.b": np.zeros(3, dtype)}
    for logits in ((1, -1, 0), (-1, 0.5, 1), (0.001, 0.002, -0.003)):
        y = (FAR[dtype] * np.array([logits])).astype("float32").astype(dtype)
        t = np.array([[0, 0.25, 0.75]], dtype)
        _, cached = made.forward(params, y)
        value, grads = made.loss(params, cached, t), made.backward(params, cached, t)
        with mpmath.workprec(BITS):
            at, by = ([mpmath.mpf(float(v)) for v in row[0]] for row in (y, t))
            loss = partial(LOSSES[formula], t=by)
            want, slopes = loss(at), partials(loss, at)
        close(np.array([[value]], dtype), [[want]], "loss")
        close(np.array([grads["dense1.b"]]), [slopes], "gradient")
