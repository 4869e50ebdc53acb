"""`solve` of a module: when it is available, and that no other parameters fit better."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from nnc.driver import check
from nnc.source import Source

from .contract import LEVELS, module

SPECS = {
    "line": "input 3 -> dense 2",
    "without bias": "input 3 -> dense 2 bias=false",
    "polynomial": "input 1 -> poly 3 -> dense 1 bias=false",
    "fixed layers before": "input 3 -> normalize mean=[1, 2, 3] std=2 -> tanh -> dense 4",
    "scaled": "input 3 -> dense 2 -> scale 3 -> shift -1",
    "scaled by lists": "input 3 -> dense 2 -> scale [3, -0.5] -> shift [1, 2]",
    "normalized": "input 3 -> dense 2 -> normalize mean=[1, 2] std=[3, 4]",
    "reshaped": "input 4 -> dense 6 -> reshape 2x3",
    "scaled, reshaped, scaled": "input 4 -> dense 6 -> scale 2 -> reshape 2x3 -> shift 1 -> flatten",
    "sequence": "input Tx3 -> dense 2 -> scale 2",
    "image": "input 2x3x2 -> flatten -> dense 3",
    "fork before": "input 3 -> [id, scale 2 -> tanh] -> concat -> dense 2",
    "quadratic": "input 3 -> dense 2",
    "second output": "input 3 as x -> dense 2 as y\nx -> scale 2 as z\noutput y, z",
}


def text_of(name: str, dtype: str = "float64") -> str:
    loss = "quadratic" if name == "quadratic" else "mse"
    on = " on y" if name == "second output" else ""
    return f"{SPECS[name]}\nloss {loss}{on}\noptimizer lstsq\ndtype {dtype}\n"


def batch(made, rows=40, seed=0):
    rng = np.random.default_rng(seed)
    (shape,), (wanted,) = made.INPUTS.values(), made.TARGETS.values()
    sizes = {"B": rows, "T": 5}
    x, target = (rng.normal(size=[sizes.get(n, n) for n in s]) for s in (shape, wanted))
    return x, target


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", SPECS)
def test_the_gradient_of_the_loss_vanishes_at_the_solution(name, level):
    made = module(text_of(name), level)
    x, target = batch(made)
    if name == "second output":
        target = {"y": target} if len(made.TARGETS) > 1 else target
    solution = made.solve(x, target)
    assert {n: p.shape for n, p in solution.items()} == dict(made.PARAM_SHAPES)
    _, cache = made.forward(solution, x)
    at_solution = made.backward(solution, cache, target)
    elsewhere = {n: p + 0.1 for n, p in solution.items()}
    _, cache_elsewhere = made.forward(elsewhere, x)
    grads = made.backward(elsewhere, cache_elsewhere, target)
    for key, g in at_solution.items():
        assert np.abs(g).max() <= 1e-11 * max(np.abs(grads[key]).max(), 1), key
    assert made.loss(solution, made.forward(solution, x)[1], target) < made.loss(
        elsewhere, made.forward(elsewhere, x)[1], target
    )


@pytest.mark.parametrize("level", LEVELS)
def test_it_is_numpys_solution(level):
    made = module(text_of("line"), level)
    x, target = batch(made)
    want = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), target, rcond=None)[0]
    got = made.solve(x, target)
    assert np.allclose(got["dense1.W"], want[:-1], rtol=1e-12)
    assert np.allclose(got["dense1.b"], want[-1], rtol=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_of_several_solutions_it_is_the_smallest(level):
    made = module(text_of("without bias"), level)
    x, target = batch(made)
    x[:, 2] = x[:, 1]
    with pytest.warns(RuntimeWarning, match="condition number"):
        found = made.solve(x, target)["dense1.W"]
    assert np.allclose(found[1], found[2])
    few = made.solve(x[:1], target[:1])["dense1.W"]
    assert np.allclose(few, np.linalg.pinv(x[:1]) @ target[:1])


@pytest.mark.parametrize("level", LEVELS)
def test_single_precision_keeps_its_digits_with_many_rows(level):
    made = module(text_of("without bias", "float32"), level)
    x, target = batch(made, rows=5000)
    x = x * [1, 1e-2, 1e-3]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = made.solve(x, target)["dense1.W"]
    assert found.dtype == np.float32
    want = np.linalg.lstsq(x, target, rcond=None)[0]
    assert np.abs(found - want).max() <= 1e-4 * np.abs(want).max()


@pytest.mark.parametrize("level", LEVELS)
def test_what_does_not_fit_is_refused_at_the_door(level):
    made = module(text_of("line"), level)
    x, target = batch(made)
    with pytest.raises(ValueError, match="expected shape"):
        made.solve(x[:, :2], target)
    with pytest.raises(ValueError, match="finite"):
        made.solve(np.where(x > 1, np.nan, x), target)


REFUSED = {
    "input 3 -> dense 2 -> dense 1": "dense 2",
    "input 3 -> dense 2 tanh": "tanh",
    "input 3 -> dense 2 -> scale 0": "scale 0",
    "input 3 -> prelu -> dense 2": "prelu",
    "input 3 -> dropout 0.5 -> dense 2": "dropout 0.5",
    "input 3 -> dense 2 -> tanh": "tanh",
    "input 3 -> scale 2": "input 3",
    "input 3 -> [dense 2, dense 2] -> add": "add",
    "input Tx3 ragged -> dense 2": "input Tx3 ragged",
    "input 3 -> dense 3 as a -> scale 2\na -> dense 2": "dense 3",
}


@pytest.mark.parametrize("spec", REFUSED)
def test_the_layer_in_the_way_is_named(spec):
    report = check(Source("spec.nn", f"{spec}\nloss mse\noptimizer lstsq\n")).report
    (found,) = [d for d in report if d.code.id == "NN317"]
    assert found.span.text == REFUSED[spec]


@pytest.mark.parametrize("spec", [text_of(name) for name in SPECS], ids=SPECS)
def test_what_can_be_solved_is_not_refused(spec):
    assert not check(Source("spec.nn", spec)).report.has_errors
