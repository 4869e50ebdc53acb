"""`train weights=rows`: a weight of each row, for every loss, level and target."""

from __future__ import annotations

import importlib.util
import inspect
import re
from functools import cache

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.losses import LOSSES
from nnc.runtime.module import import_module
from nnc.source import Source

NUMBA = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="no numba here")
FORMS = [(0, "numpy"), (1, "numpy")]
ALL_FORMS = [*FORMS, pytest.param((1, "numba"), marks=NUMBA)]
HERE = "\ntrain weights=rows\ndtype float64\n"
COUNTS = np.array([2, 0, 1, 3, 1])
WEIGHTS = np.array([0.5, 2.0, 0.25, 3.0, 1.0])

NETS = {
    "crossentropy": "input 4 -> dense 5 tanh -> dense 3 softmax; loss crossentropy",
    "smoothing": "input 4 -> dense 3; loss crossentropy smoothing=0.1",
    "class weights": "input 4 -> dense 3; loss crossentropy weights=[1, 2, 0.5]",
    "balanced": "input 4 -> dense 3; loss crossentropy weights=balanced",
    "positions": "input Tx4 -> dense 3; loss crossentropy weights=[1, 2, 0.5]",
    "balanced positions": "input Tx4 -> dense 3; loss crossentropy weights=balanced",
    "positive": "input 4 -> dense 3; loss bce pos_weight=2",
    "weighted": "input 4 -> dense 3 as y; loss mse weight=0.3\nregularize l2=0.1",
    **{name: kind.example.replace("; loss", "\nloss") for name, kind in LOSSES.items()},
}
NETS["huber"] = "input 4 -> dense 1; loss huber delta=0.5"
NETS["hinge"] = "input 4 -> dense 3; loss hinge"
RAGGED = {
    "crossentropy": "input Tx4 ragged -> dense 3; loss crossentropy",
    "mse": "input Tx4 ragged -> dense 3; loss mse",
    "class weights": "input Tx4 ragged -> dense 3; loss crossentropy weights=[1, 2, 0.5]",
    "batchmean": "input Tx4 ragged -> dense 3; loss mse reduction=batchmean",
    "sum": "input Tx4 ragged -> gru 3 return=all; loss mae reduction=sum",
}
HEADS = """\
input 4 as features -> dense 6 tanh as trunk -> dense 3 softmax as kind
trunk -> dense 2 as size
output kind, size
loss crossentropy on kind weight=0.3
loss mse on size
loss huber on size
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A spec's module at a level and for a target, made once for this file."""

    @cache
    def make(text: str, form: tuple[int, str] = (1, "numpy"), emit: tuple[str, ...] = ()):
        options = Options(level=form[0], target=form[1], emit=emit, format=False)
        path = tmp_path_factory.mktemp("weighed") / "model.py"
        path.write_text(compile_source(Source("spec.nn", text), options).code, encoding="utf-8")
        return import_module(path)

    return make


def draw(module, rows: int = 5, seed: int = 0):
    """Inputs, targets and keywords for a module: five positions where their number is open."""
    rng = np.random.default_rng(seed)
    (shape,) = module.INPUTS.values()
    x = rng.normal(size=(rows, *(5 if n == "T" else n for n in shape[1:])))
    target = {name: drawn(module, rng, rows, s) for name, s in module.TARGETS.items()}
    keywords = {}
    if getattr(module, "RAGGED", ()):
        keywords["lengths"] = np.array([5, 2, 4, 1, 3])[:rows]
    return x, target if len(target) > 1 else next(iter(target.values())), keywords


def drawn(module, rng, rows, shape):
    shape = (rows, *(5 if n == "T" else n for n in shape[1:]))
    losses = set(module.LOSSES.values())
    if losses & {"crossentropy", "hinge"} and shape[-1] == 3:
        return rng.integers(0, 3, shape[:-1])
    if losses & {"kl"}:
        return rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    return rng.random(shape)


def taken(value, rows):
    """Rows of an array, or of every array of a dict."""
    if isinstance(value, dict):
        return {name: array[rows] for name, array in value.items()}
    return value[rows]


def judged(module, x, target, keywords, **weights):
    """The loss and the gradients at the fresh parameters of seed 3."""
    params = module.init_params(3)
    _, cached = module.forward(params, x, **keywords)
    grads = module.backward(params, cached, target, **weights)
    return module.loss(params, cached, target, **weights), {
        n: np.array(g) for n, g in grads.items()
    }


def close(got, want, tolerance=1e-12):
    assert got[0] == pytest.approx(want[0], rel=tolerance)
    assert got[1].keys() == want[1].keys()
    for name, grad in want[1].items():
        np.testing.assert_allclose(got[1][name], grad, rtol=tolerance, atol=tolerance, err_msg=name)


def reduced(text: str, reduction: str) -> str:
    return re.sub(r"loss (\w+)", rf"loss \1 reduction={reduction}", text)


REDUCED = ("crossentropy", "class weights", "mse", "hinge", "weighted")
CASES = NETS | {"heads": HEADS}
CASES |= {f"{n}, {how}": reduced(NETS[n], how) for n in REDUCED for how in ("batchmean", "sum")}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
def test_a_row_of_weight_2_is_two_rows_and_one_of_weight_0_is_none(made, name, form):
    module = made(CASES[name] + HERE, form)
    x, target, _ = draw(module)
    again = np.repeat(np.arange(5), COUNTS)
    close(
        judged(module, x, target, {}, weights=COUNTS),
        judged(module, x[again], taken(target, again), {}),
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", RAGGED)
def test_so_it_is_where_rows_have_lengths(made, name, form):
    module = made(RAGGED[name] + HERE, form)
    x, target, keywords = draw(module)
    again = np.repeat(np.arange(5), COUNTS)
    doubled = {"lengths": keywords["lengths"][again]}
    close(
        judged(module, x, target, keywords, weights=COUNTS),
        judged(module, x[again], taken(target, again), doubled),
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [*CASES, "ragged"])
def test_without_weights_the_loss_is_that_of_a_spec_without_them(made, name, form):
    text = RAGGED["class weights"] if name == "ragged" else CASES[name]
    module, plain = made(text + HERE, form), made(text + "\ndtype float64\n", form)
    x, target, keywords = draw(module)
    want = judged(plain, x, target, keywords)
    close(judged(module, x, target, keywords), want)
    if "sum" not in name and "regularize" not in text:
        close(judged(module, x, target, keywords, weights=np.full(5, 7)), want)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["crossentropy", "balanced", "bce", "mse", "poisson"])
def test_it_is_the_weighted_mean_of_the_rows(made, name, form):
    """Σ w·l / Σ w; only the ratios of weights matter."""
    module = made(NETS[name] + HERE, form)
    x, target, _ = draw(module)
    fixed = {"class_weights": [1, 1, 1]} if name == "balanced" else {}
    each = [judged(module, x[i : i + 1], target[i : i + 1], {}, **fixed)[0] for i in range(5)]
    got = judged(module, x, target, {}, weights=WEIGHTS, **fixed)
    assert got[0] == pytest.approx(np.average(each, weights=WEIGHTS))
    close(judged(module, x, target, {}, weights=1000 * WEIGHTS, **fixed), got)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [*CASES, *(f"ragged {name}" for name in RAGGED)])
def test_gradients_are_those_of_central_differences(made, name, form):
    text = RAGGED[name.removeprefix("ragged ")] if name.startswith("ragged ") else CASES[name]
    module = made(text + HERE, form)
    x, target, keywords = draw(module)
    params = module.init_params(3)
    rng = np.random.default_rng(4)

    def loss_at(name, change):
        moved = {**params, name: params[name] + change}
        _, cached = module.forward(moved, x, **keywords)
        return module.loss(moved, cached, target, weights=WEIGHTS)

    _, grads = judged(module, x, target, keywords, weights=WEIGHTS)
    largest = max(np.abs(g).max() for g in grads.values())
    for parameter, grad in grads.items():
        v = rng.normal(size=grad.shape)
        difference = (loss_at(parameter, 1e-6 * v) - loss_at(parameter, -1e-6 * v)) / 2e-6
        assert (grad * v).sum() == pytest.approx(difference, rel=1e-6, abs=1e-7 * largest)


# --- class weights ------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["balanced", "balanced positions"])
@pytest.mark.parametrize("rows", [False, True])
def test_balanced_weights_count_rows_by_their_weights(made, name, rows, form):
    module = made(NETS[name] + HERE, form)
    _, target, _ = draw(module)
    target = np.eye(3)[target] if rows else target
    again = np.repeat(np.arange(5), COUNTS)
    np.testing.assert_allclose(
        module.balanced_weights(target, COUNTS), module.balanced_weights(target[again]), rtol=1e-14
    )
    assert module.balanced_weights([0, 0, 1]).tolist() == [0.5, 1, 0]


# --- training -----------------------------------------------------------------------------

TRAINED = {
    "crossentropy": NETS["crossentropy"],
    "balanced": NETS["balanced"],
    "heads": HEADS,
    "penalty": NETS["weighted"],
    "dropout": "input 4 -> dense 6 tanh -> dropout 0.5 -> dense 3; loss mse",
    "ragged": RAGGED["crossentropy"],
}
EPOCH = np.array([2.0, 0, 1, 3, 0, 0, 1, 0.5, 0, 0, 4])


@pytest.mark.parametrize(
    ("name", "form"),
    [
        *((name, form) for name in TRAINED for form in FORMS),
        *(pytest.param(name, (1, "numba"), marks=NUMBA) for name in ("balanced", "ragged")),
    ],
)
def test_an_epoch_trains_on_the_rows_that_weigh_anything(made, name, form):
    """Two of its batches of three would weigh nothing at all if rows of weight 0 were kept."""
    module, textbook = made(TRAINED[name] + HERE, form), made(TRAINED[name] + HERE, (0, "numpy"))
    x, target, _ = draw(textbook, 11)
    ragged = {"lengths": 1 + np.arange(11) % 5} if name == "ragged" else {}
    how, fixed = {"batch": 3, "lr": 0.1}, {}
    if name == "balanced":
        fixed["class_weights"] = textbook.balanced_weights(target, EPOCH)

    def rng():
        return {"rng": np.random.default_rng(5)} if name == "dropout" else {}

    params, opt = module.init_params(3), module.init_optimizer(module.init_params(3))
    mean = module.train_epoch(
        params, x, target, opt, order=range(11), weights=EPOCH, **how, **ragged, **rng()
    )
    want, steps = textbook.init_params(3), textbook.init_optimizer(textbook.init_params(3))
    kept, drawn_from, losses, sums = np.flatnonzero(EPOCH), rng(), [], []
    for start in range(0, len(kept), 3):
        rows = kept[start : start + 3]
        lengths = {n: a[rows] for n, a in ragged.items()}
        losses.append(
            textbook.train_step(
                want,
                x[rows],
                taken(target, rows),
                steps,
                0.1,
                weights=EPOCH[rows],
                **lengths,
                **fixed,
                **drawn_from,
            )
        )
        sums.append(EPOCH[rows].sum())
    assert mean == pytest.approx(np.average(losses, weights=sums), rel=1e-10)
    assert opt["step"] == steps["step"] == 2
    for key, value in want.items():
        np.testing.assert_allclose(params[key], value, rtol=1e-10, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("form", ALL_FORMS)
def test_a_step_moves_along_the_weighted_gradient(made, form):
    module = made(NETS["crossentropy"] + HERE, form)
    x, target, _ = draw(module)
    value, grads = judged(module, x, target, {}, weights=WEIGHTS)
    params = module.init_params(3)
    opt = module.init_optimizer(params)
    before = {name: array.copy() for name, array in params.items()}
    assert module.train_step(params, x, target, opt, 0.5, weights=WEIGHTS) == pytest.approx(value)
    for name, grad in grads.items():
        np.testing.assert_allclose(params[name], before[name] - 0.5 * grad, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("form", FORMS)
def test_the_exact_solution_is_that_of_repeated_rows(made, form):
    for net in ("input 3 -> dense 2", "input Tx3 -> dense 2"):
        module = made(f"{net}\nloss mse\noptimizer lstsq" + HERE, form)
        x, target, _ = draw(module)
        again = np.repeat(np.arange(5), COUNTS)
        got, want = module.solve(x, target, weights=COUNTS), module.solve(x[again], target[again])
        for name, value in want.items():
            np.testing.assert_allclose(got[name], value, rtol=1e-10, atol=1e-12)
        assert not np.allclose(got["dense1.W"], module.solve(x, target)["dense1.W"])


# --- extra functions ----------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_gradients_of_single_rows_add_up_by_their_weights(made, form):
    module = made(NETS["crossentropy"] + HERE, form, ("per-example", "input-gradient"))
    x, target, _ = draw(module)
    params = module.init_params(3)
    each = module.per_example_gradients(params, x, target)
    _, grads = judged(module, x, target, {}, weights=WEIGHTS)
    for name, rows in each.items():
        np.testing.assert_allclose(
            np.average(rows, axis=0, weights=WEIGHTS), grads[name], atol=1e-14
        )
    assert "weights" not in inspect.signature(module.per_example_gradients).parameters
    alone = [module.input_gradient(params, x[i : i + 1], target[i : i + 1])[0] for i in range(5)]
    got = module.input_gradient(params, x, target, weights=WEIGHTS)
    share = WEIGHTS / WEIGHTS.sum()
    np.testing.assert_allclose(got, share[:, None] * np.array(alone), atol=1e-14)


# --- the argument -------------------------------------------------------------------------

BAD = {
    "too few": ([1, 2], r"weights: expected shape \(5,\), one number a row, found \(2,\)"),
    "a column": (np.ones((5, 1)), r"weights: expected shape \(5,\), .* found \(5, 1\)"),
    "one number": (2.0, r"weights: expected shape \(5,\), .* found \(\)"),
    "negative": ([1, 1, -1, 1, 1], r"weights: expected finite numbers of at least 0, found -1"),
    "nan": ([1, 1, np.nan, 1, 1], "weights: expected finite numbers"),
    "inf": (
        [1, 1, np.inf, 1, 1],
        r"weights: expected finite numbers of at least 0, found 1.0..inf",
    ),
    "zeros": (np.zeros(5), "weights: every row has weight 0"),
    "words": (list("abcde"), "weights: expected real numbers"),
    "too large": (np.full(5, 1e308), "weights: their sum is too large for float64"),
}


@pytest.mark.parametrize("form", ALL_FORMS)
@pytest.mark.parametrize("name", BAD)
def test_bad_weights_are_refused_before_anything_changes(made, name, form):
    weights, said = BAD[name]
    module = made(NETS["crossentropy"] + HERE, form)
    x, target, _ = draw(module)
    params = module.init_params(3)
    opt, before = module.init_optimizer(params), {n: a.copy() for n, a in params.items()}
    _, cached = module.forward(params, x)
    calls = [
        lambda: module.loss(params, cached, target, weights=weights),
        lambda: module.backward(params, cached, target, weights=weights),
        lambda: module.train_step(params, x, target, opt, 0.1, weights=weights),
        lambda: module.train_epoch(
            params, x, target, opt, batch=2, order=range(5), lr=0.1, weights=weights
        ),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=said):
            call()
    assert opt["step"] == 0
    assert all((params[n] == a).all() for n, a in before.items())


@pytest.mark.parametrize("form", FORMS)
def test_an_order_of_rows_without_weight_is_refused(made, form):
    module = made(NETS["crossentropy"] + HERE, form)
    x, target, _ = draw(module)
    params = module.init_params(3)
    opt = module.init_optimizer(params)
    with pytest.raises(ValueError, match="weights: every row of the order has weight 0"):
        module.train_epoch(
            params, x, target, opt, batch=2, order=[1, 2], lr=0.1, weights=[1, 0, 0, 1, 1]
        )
    with pytest.raises(ValueError, match="needs rows"):
        module.train_epoch(params, x, target, opt, batch=2, order=[], lr=0.1)


@pytest.mark.parametrize("weights", [[True, False, True, True, True], np.float32([1, 2, 3, 4, 5])])
def test_weights_may_be_anything_that_converts(made, weights):
    module = made(NETS["mse"] + HERE)
    x, target, _ = draw(module)
    got = judged(module, x, target, {}, weights=weights)
    close(got, judged(module, x, target, {}, weights=np.asarray(weights, np.float64)))


def test_a_module_says_whether_it_takes_weights(made):
    taking, plain = made(NETS["mse"] + HERE), made(NETS["mse"])
    assert taking.TRAIN["weights"] == "rows"
    assert "weights" not in plain.TRAIN
    for function in ("loss", "losses", "backward", "train_step", "train_epoch"):
        assert "weights" in inspect.signature(getattr(taking, function)).parameters
        assert "weights" not in inspect.signature(getattr(plain, function)).parameters


@pytest.mark.parametrize("form", FORMS)
def test_stages_may_be_called_as_the_argument_is(made, form):
    text = "input 4 as share -> dense 3 tanh as weights -> dense 3 as rows; loss mse on rows" + HERE
    module = made(text, form)
    x, target, _ = draw(module)
    again = np.repeat(np.arange(5), COUNTS)
    close(
        judged(module, x, target, {}, weights=COUNTS), judged(module, x[again], target[again], {})
    )


@pytest.mark.parametrize("form", FORMS)
def test_the_modules_own_check_uses_weights(made, form):
    """With all weights alike a gradient that left them out would pass."""
    module = made(NETS["crossentropy"] + HERE, form)
    given, real = [], module.as_row_weights
    module.as_row_weights = lambda value, rows: given.append(value) or real(value, rows)
    try:
        assert all(error < 1e-5 for _, _, error in module.check_gradients(0))
    finally:
        module.as_row_weights = real
    assert all(np.ptp(weights) > 0.1 for weights in given)
