"""Arguments outside the dtype's range, not finite or no distribution are refused by name, without a warning."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from ..generated import build

LEVELS = (0, 1)
CLASSES = "input 2 -> dense 3 softmax; loss crossentropy"
BALANCED = CLASSES + " weights=balanced"


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def judge(text: str, target, level: int, **keywords) -> float:
    """The loss of as many rows as the target has."""
    module = build(text, level)
    params = module.init_params()
    _, cache = module.forward(params, np.ones((len(target), 2)))
    return module.loss(params, cache, target, **keywords)


# --- casts --------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("large", [1e300, -1e300, 3.5e38])
def test_an_overflow_in_the_cast_is_named(level, large):
    text = "input 2 -> batchnorm -> dense 3; loss mse"
    module = build(text, level, ("vjp", "input-gradient"))
    params, state, x = module.init_params(), module.init_state(), np.ones((2, 2))
    opt, target = module.init_optimizer(params), np.ones((2, 3))
    wide = np.full((2, 2), large)
    with pytest.raises(ValueError, match=r"^x: a number is too large for float32"):
        module.predict(params, wide, state=state)
    with pytest.raises(ValueError, match=r"^x: a number is too large for float32"):
        module.train_step(params, wide, target, opt, 0.1, state=state)
    y, cache = module.forward(params, x, state=state)
    for call in (module.loss, module.backward):
        with pytest.raises(ValueError, match=r"^target: a number is too large for float32"):
            call(params, cache, large * target)
    with pytest.raises(ValueError, match=r"^dy: a number is too large for float32"):
        module.vjp(params, cache, large * y.astype(float) / y)
    with pytest.raises(ValueError, match=r"^params\['dense1.b'\]: a number is too large"):
        module.predict({**params, "dense1.b": np.full(3, large)}, x, state=state)
    with pytest.raises(
        ValueError, match=r"^state\['batchnorm1.running_var'\]: a number is too large"
    ):
        module.predict(params, x, state={**state, "batchnorm1.running_var": np.full(2, large)})
    grads = module.backward(params, cache, target)
    with pytest.raises(ValueError, match=r"^grads\['dense1.b'\]: a number is too large"):
        module.sgd_step(params, {**grads, "dense1.b": np.full(3, large)}, 0.1)


@pytest.mark.parametrize("level", LEVELS)
def test_the_largest_number_is_not_too_large(level):
    module = build("input 2 -> id", level)
    most = np.array([[np.finfo(np.float32).max, -np.finfo(np.float32).max]], float)
    y = module.predict(module.init_params(), most)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, most)


# --- rows of probabilities ----------------------------------------------------------------

LOSSES_OF_ROWS = (CLASSES, BALANCED, "input 2 -> dense 3 log_softmax; loss kl")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("text", LOSSES_OF_ROWS)
@pytest.mark.parametrize("excess", [0.0009, -0.0009, 0.0, 0.0011, -0.0011, 0.2, -0.2])
def test_rows_sum_to_one_within_a_thousandth(text, excess, level):
    """Both rows count: the wrong one is the second."""
    target = np.array([[0.5, 0.25, 0.25], [0.5 + excess, 0.25, 0.25]])
    if abs(excess) < 1e-3:
        assert np.isfinite(judge(text, target, level))
        return
    with pytest.raises(
        ValueError, match=r"^target: rows of probabilities must be at least 0 and sum to 1"
    ):
        judge(text, target, level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("text", LOSSES_OF_ROWS)
@pytest.mark.parametrize(
    "row",
    [
        [np.inf, 0, 0],
        [np.nan, 0, 1],
        [np.inf, -np.inf, 1],
        [1e308, 1e308, 0],
        [-0.2, 0.6, 0.6],
        [3e38, 3e38, 0],
    ],
)
def test_rows_that_are_no_probabilities_are_refused(text, row, level):
    with pytest.raises(ValueError, match=r"^target: (rows of probabilities|a number is too large)"):
        judge(text, np.array([[1.0, 0, 0], row]), level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("bad", [np.inf, np.nan, 1e308, -1.0])
def test_classes_are_checked_before_they_are_counted(bad, level):
    """An infinite entry leaked the warning of a division."""
    module = build(BALANCED, level)
    params, rows = module.init_params(), np.array([[bad, 0, 1.0], [0, 1, 0]])
    opt, x = module.init_optimizer(params), np.ones((2, 2))
    for call in (
        lambda: module.balanced_weights(rows),
        lambda: module.train_step(params, x, rows, opt, 0.1),
        lambda: module.train_epoch(params, x, rows, opt, batch=1, order=[0, 1], lr=0.1),
    ):
        with pytest.raises(ValueError, match=r"^target: rows of probabilities must be"):
            call()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("bad", [np.inf, np.nan, -1.0])
def test_class_weights_are_finite_and_not_negative(bad, level):
    with pytest.raises(
        ValueError, match=r"^class_weights: expected 3 finite numbers of at least 0"
    ):
        judge(BALANCED, [0, 1], level, class_weights=[1.0, bad, 1.0])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("bad", [np.inf, np.nan, -1.0])
def test_counts_and_shares_are_checked(bad, level):
    for loss, words in (("poisson", "counts of at least 0"), ("bce", "numbers from 0 to 1")):
        with pytest.raises(ValueError, match=f"^target: expected {words}"):
            judge(f"input 2 -> dense 1; loss {loss}", np.array([[1.0], [bad]]), level)


# --- files --------------------------------------------------------------------------------

WITH_STATE = "input 2 -> batchnorm -> dense 1; loss mse"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["dense1.W", "batchnorm1.running_mean", "batchnorm1.running_var"])
def test_what_is_not_finite_is_neither_saved_nor_loaded(tmp_path, name, bad, level):
    module = build(WITH_STATE, level)
    params, state = module.init_params(), module.init_state()
    path = tmp_path / "weights.npz"
    (params if name in params else state)[name].reshape(-1)[-1] = bad
    with pytest.raises(ValueError, match=f"^{name}: has entries that are not finite; nothing was"):
        module.save_params(path, params, state)
    assert list(tmp_path.iterdir()) == []
    np.savez(path, **params, **state)
    with pytest.raises(ValueError, match=f"{name} has entries that are not finite"):
        module.load_params(path)
