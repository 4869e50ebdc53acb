"""Formulas (`fn`) that overflow if computed as written: which are recognised, and the module's comments."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.kinds.formula.stable import Forms
from nnc.source import Source

from ..generated import build, gradient_error, module_code

LEVELS = (0, 1)
HOW = "which does not overflow"

FORMS = {
    "log(1 + exp(z))": "softplus(z)",
    "log(exp(z) + 1)": "softplus(z)",
    "log(1 + exp(-(z * q)))": "softplus(-(z * q))",
    "log(sigmoid(z))": "−softplus(−z)",
    "log(sigmoid(q * z))": "−softplus(−(q * z))",
    "log(1 - sigmoid(z))": "−softplus(z)",
    "log(sum(exp(z)))": "max(z) + log(sum(exp(z − max(z))))",
    "exp(z) / sum(exp(z))": "softmax(z)",
    "exp(z - max(z)) / sum(exp(z - max(z)))": "softmax(z - max(z))",
    "log(exp(q * z) / sum(exp(q * z)))": "log_softmax(q * z)",
}
OTHERS = (
    "log(z)",
    "log(2 + exp(z))",
    "log(1 + 2 ** z)",
    "log(1 - exp(z))",
    "log(exp(z) - 1)",
    "log(1 + sigmoid(z))",
    "log(sigmoid(z) - 1)",
    "log(sum(z))",
    "log(mean(exp(z)))",
    "log(softmax(z))",
    "exp(z) / sum(exp(2 * z))",
    "exp(z) / sum(exp(z + 1))",
    "exp(3 * z) / sum(exp(2 * z))",
    "exp(sin(z)) / sum(exp(cos(z)))",
    "exp(stop(z)) / sum(exp(z))",
    "exp(z) / stop(sum(exp(z)))",
    "(1 + exp(z)) / sum(exp(z))",
    "z / sum(exp(z))",
    "sum(exp(z)) / exp(z)",
    "1 / sum(exp(z))",
)


def spec(formula: str) -> str:
    numbers = ", q=2" if "q" in formula else ""
    return f"fn f(z{numbers}) = {formula}\ninput 3 -> dense 4 f -> dense 1\nloss mse"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("formula", FORMS)
def test_the_module_says_what_is_written_and_how_it_is_computed(formula, level):
    code = module_code(f"{spec(formula)}\ndtype float64", level)
    assert f"computed as {FORMS[formula]}, {HOW}" in code
    assert f"f = {formula}" in code


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("formula", OTHERS)
def test_other_formulas_are_computed_as_they_are_written(formula, level, monkeypatch):
    def code() -> str:
        return compile_source(
            Source("a.nn", spec(formula)), Options(level=level, format=False)
        ).code

    here = code()
    monkeypatch.setattr(Forms, "computed", lambda *_: None)
    assert here == code()


@pytest.mark.parametrize("level", LEVELS)
def test_a_layer_before_a_formula_is_not_part_of_it(level):
    code = module_code("fn f(z) = log(z)\ninput 3 -> dense 4 sigmoid -> f", level)
    assert "computed as" not in code
    assert "np.log(" in code


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("formula", FORMS)
def test_gradients_are_those_of_differences(formula, level):
    module = build(f"{spec(formula)}\ndtype float64", level)
    data = np.random.default_rng(3)
    x, t = data.normal(size=(5, 3)), data.normal(size=(5, 1))
    assert gradient_error(module, module.init_params(2), x, t) < 1e-6


LIMITS = {
    "log(1 + exp(z))": ([0, 1, 2], [0, 1, 1]),
    "log(exp(z) + 1)": ([0, 1, 2], [0, 1, 1]),
    "log(sigmoid(z))": ([-1, 0, 0], [1, 0, 0]),
    "log(1 - sigmoid(z))": ([0, -1, -2], [0, -1, -1]),
    "log(sum(exp(z)))": ([2], [0, 0, 1]),
    "exp(z) / sum(exp(z))": ([0, 0, 1], [0, 0, 0]),
    "log(exp(z) / sum(exp(z)))": ([-3, -1, 0], [1, 1, -2]),
}
"""At z = (−1, 1, 2) times a large number: values, in units of it but for softmax, and Σ dy/dz."""


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("dtype", "large"), [("float64", 1000), ("float32", 100)])
@pytest.mark.parametrize("formula", LIMITS)
def test_limits_without_a_warning(formula, dtype, large, level):
    module = build(f"fn f(z) = {formula}\ninput 3 -> f\ndtype {dtype}", level, ("vjp",))
    params, x = module.init_params(), large * np.array([[-1, 1, 2]], dtype)
    with warnings.catch_warnings(), np.errstate(under="ignore"):
        warnings.simplefilter("error")
        y, cache = module.forward(params, x)
        _, dx = module.vjp(params, cache, np.ones_like(y))
    values, slopes = LIMITS[formula]
    unit = 1 if formula.startswith("exp") else large
    assert np.allclose(y, [unit * np.array(values)], rtol=0, atol=1e-30)
    assert np.allclose(dx, [slopes], rtol=0, atol=1e-30)


@pytest.mark.parametrize("level", LEVELS)
def test_forms_are_found_through_formulas_that_call_each_other(level):
    text = (
        "let one = 1\nfn up(a) = exp(a)\nfn total(a) = sum(up(a))\nfn rise(a, s=1) = s + up(a)\n"
        "fn soft(a) = up(a) / total(a)\nfn gate(a) = sigmoid(a)\n"
        "fn f(z) = log(rise(z)) + log(total(z)) + log(soft(z)) + log(one - gate(z))\n"
        "input 2 -> f\ndtype float64"
    )
    module = build(text, level)
    y, _ = module.forward(module.init_params(), np.array([[1000.0, -500.0]]))
    assert y.tolist() == [[1000 + 1000 + 0 - 1000, 0 + 1000 - 1500 - 0]]


def test_factors_of_a_softmax_are_each_looked_at_once():
    """x² of x² of …: as many factors as 2 to the power of the formulas in a row."""
    fns = "\n".join(f"fn p{i}x(a) = p{i - 1}x(a) * p{i - 1}x(a)" for i in range(1, 5))
    squares = "a"
    for _ in range(40):
        squares = f"square({squares})"
    text = (
        f"fn square(a) = a * a\nfn p0x(a) = a\n{fns}\n"
        f"fn f(a) = {squares} / sum(exp(a)) + p4x(a) * exp(a) / sum(exp(a))\ninput 2 -> f"
    )
    assert "computed as softmax(a)" in module_code(text, 0)


@pytest.mark.parametrize("level", LEVELS)
def test_padding_stays_out_of_a_stable_form(level):
    text = "fn f(z) = log(1 + exp(z))\nfn own(y, t) = -t * log(sigmoid(y))\n"
    module = build(f"{text}input Tx2 ragged -> f -> dense 2\nloss own\ndtype float64", level)
    params, x, t = module.init_params(0), np.full((2, 3, 2), 900.0), np.ones((2, 3, 2))
    lengths = np.array([3, 1])
    found = []
    for padding in (0.0, np.nan):
        x[1, 1:], t[1, 1:] = padding, padding
        _, cache = module.forward(params, x, lengths=lengths)
        grads = module.backward(params, cache, t)
        found.append([module.loss(params, cache, t), *(np.array(g) for g in grads.values())])
    for one, other in zip(*found, strict=True):
        assert np.isfinite(one).all()
        assert np.array_equal(one, other)
