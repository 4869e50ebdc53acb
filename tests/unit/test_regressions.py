"""Specs that once crashed the compiler, or gave modules that crash or are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.driver import Options, check, compile_source
from nnc.source import Source

from .contract import LEVELS, load, module

FLOAT64 = "\ndtype float64\n"


def modules(text: str, emit: tuple[str, ...] = ()):
    """The module at both levels."""
    source = Source("spec.nn", text + FLOAT64)
    return [load(compile_source(source, Options(level, emit=emit)).code) for level in LEVELS]


def moved(x, name, by):
    """The inputs with one of them moved."""
    return {**x, name: x[name] + by} if isinstance(x, dict) else x + by


@pytest.mark.parametrize(
    "text",
    [
        "input 3 -> dense 4 tanh -> dense 2; loss mse",
        "input 3 -> poly 2 -> dense 2; loss mse",
        "input 3 -> dropout 0.5 -> dense 2 softmax; loss crossentropy",
        "input Tx3 as a -> dense 2 as p; input Tx2 as b; [p, b] -> dot; loss quadratic",
        "input 3 as a -> dense 2; input 2 as b -> tanh as q; loss mae on q; output q",
    ],
)
def test_input_gradient_is_the_slope_of_the_loss(text):
    """No function came out under --emit input-gradient, and its constants had no definition."""
    for made in modules(text, ("input-gradient",)):
        params = made.init_params(1)
        shapes = [
            [3 if n == "B" else 4 if n == "T" else n for n in s] for s in made.INPUTS.values()
        ]
        rng = np.random.default_rng(0)
        given = dict(zip(made.INPUTS, (rng.normal(size=s) for s in shapes), strict=True))
        x = given if len(given) > 1 else next(iter(given.values()))
        target = np.full(np.shape(made.predict(params, x)), 0.5)
        dx = made.input_gradient(params, x, target)
        for name in made.INPUTS:
            slope = dx[name] if isinstance(dx, dict) else dx
            direction = rng.normal(size=slope.shape)
            ends = []
            for step in (1e-6, -1e-6):
                _, cache = made.forward(params, moved(x, name, step * direction))
                ends.append(made.loss(params, cache, target))
            assert (slope * direction).sum() == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-7)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "text",
    [
        "input 3 as a -> dense 2 as h; output a; loss mse on a",
        "input Tx3 as a -> dense 2 as h; output h; loss mae on a; regularize l2=0.1",
    ],
)
def test_a_loss_may_reach_no_parameter(text, level):
    """backward at -O0 asked an array that it had not loaded for the number of rows."""
    made = module(text + FLOAT64, level)
    params, opt = made.init_params(), made.init_optimizer(made.init_params())
    x = np.ones((4, *(5 if n == "T" else n for n in made.INPUTS["a"][1:])))
    _, cache = made.forward(params, x)
    grads = made.backward(params, cache, np.zeros_like(x))
    penalised = {"h.W"} if "regularize" in text else set()
    assert {name for name, g in grads.items() if np.any(g)} == penalised
    assert made.train_step(params, x, np.zeros_like(x), opt, 0.1) > 0


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("more", ["", "regularize l2=0.1\n", "optimizer sgd 0.1 momentum=0.9\n"])
def test_a_model_may_have_no_parameters(more, level):
    """There was nothing to concatenate into one flat array."""
    made = module("input 3 -> relu\nloss mse\n" + more + FLOAT64, level)
    params = made.init_params()
    opt = made.init_optimizer(params)
    x, target = np.array([[1.0, -2.0, 3.0]]), np.zeros((1, 3))
    assert made.train_step(params, x, target, opt, 0.1) == pytest.approx(10 / 3)
    grads = made.backward(params, made.forward(params, x)[1], target)
    made.optimizer_step(params, grads, opt, 0.1)
    made.sgd_step(params, grads, 0.1)
    assert grads == params == {}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "text", ["input TxL -> flatten; loss mse", "input Tx4 -> dense 3 -> flatten; loss quadratic"]
)
def test_a_size_may_be_lost_before_the_loss(text, level):
    """No kept array had the size T as an axis of its own, so that -O0 could not name it."""
    made = module(text + FLOAT64, level)
    params = made.init_params()
    opt = made.init_optimizer(params)
    for rows, positions in ((2, 3), (1, 5)):
        x = np.ones((rows, positions, 4))
        target = np.zeros_like(made.predict(params, x))
        assert made.train_step(params, x, target, opt, 0.01) > 0
        _, cache = made.forward(params, x)
        with pytest.raises(ValueError, match="target"):
            made.loss(params, cache, target[:, 1:])


@pytest.mark.parametrize("level", LEVELS)
def test_outputs_of_predict_share_no_memory(level):
    """One output that is another one reshaped was a view of it."""
    text = "input 4 -> dense 4 as h -> reshape 2x2 as k; h -> id as l; output h, k, l"
    made = module(text + FLOAT64, level)
    y = list(made.predict(made.init_params(), np.ones((3, 4))).values())
    assert not any(np.shares_memory(a, b) for i, a in enumerate(y) for b in y[:i])


@pytest.mark.parametrize("level", LEVELS)
def test_the_gradient_check_allows_for_the_rounding_of_a_large_loss(level):
    """Differences of a loss of a thousand are exact to 1e-7, however small a gradient is."""
    made = module(
        "input 3 as a -> scale 100; a -> dense 2 tanh as h; output a, h\n"
        "loss mse on a weight=1e3; loss mse on h weight=1e-4" + FLOAT64,
        level,
    )
    assert all(error < 1e-5 for _, _, error in made.check_gradients(0))


def test_an_output_may_be_called_x():
    """`output a, x, b` was taken for a size written with spaces."""
    text = "input 3 as x -> dense 3 as a -> dense 2 as b; output a, x, b"
    assert not check(Source("spec.nn", text)).report.has_errors
    assert check(Source("spec.nn", "input 3 x 4 -> flatten")).report.has_errors


@pytest.mark.parametrize("level", LEVELS)
def test_finite_numbers_that_do_not_fit_are_refused_at_the_door(level):
    """1e300 became inf in float32, and NaN with a warning from the middle of a product."""
    made = module("input 2 -> dense 2; loss mse", level)
    params, x = made.init_params(), np.ones((3, 2))
    opt = made.init_optimizer(params)
    with pytest.raises(ValueError, match="x: a number is too large for float32"):
        made.predict(params, 1e300 * x)
    with pytest.raises(ValueError, match="target: a number is too large"):
        made.train_step(params, x, 1e300 * x, opt, 0.1)
    with pytest.raises(ValueError, match=r"params\['dense1.W'\]: a number is too large"):
        made.predict({n: a + np.float64(1e300) for n, a in params.items()}, x)
    with np.errstate(invalid="ignore"):
        assert np.isinf(made.predict(params, np.full((1, 2), [np.inf, 1]))).all()


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_no_dict_of_arrays_is_refused(level):
    """None as params was an AttributeError."""
    made = module("input 2 -> dense 2; loss mse", level)
    for wrong in (None, 3, [1.0]):
        with pytest.raises(ValueError, match="params: expected a dict"):
            made.predict(wrong, np.ones((1, 2)))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("order", "found"),
    [
        ([0, 3], "rows 0..2, found 0..3"),
        ([-1, 0], "rows 0..2, found -1..0"),
        ([0.5], "expected integers"),
        ([True, False, True], "expected integers"),
        ([[0, 1]], "expected integers"),
        (["a"], "expected integers"),
    ],
)
def test_train_epoch_refuses_what_are_no_row_numbers(level, order, found):
    """These were IndexErrors from NumPy, or silently counted from the end."""
    made = module("input 2 -> dense 2; loss mse", level)
    params, x = made.init_params(), np.ones((3, 2))
    opt = made.init_optimizer(params)
    with pytest.raises(ValueError, match=found):
        made.train_epoch(params, x, x, opt, batch=2, order=order, lr=0.1)
    with pytest.raises(ValueError, match="equally many rows"):
        made.train_epoch(params, x, x[:2], opt, batch=2, order=[0], lr=0.1)
    assert made.train_epoch(params, x, x, opt, batch=2, order=iter([2, 0, 1]), lr=0.1) > 0


@pytest.mark.parametrize("level", LEVELS)
def test_rows_that_nearly_sum_to_one_are_scaled_until_they_do(level):
    """The levels disagreed on the loss, and its gradient was not the slope of either."""
    text = "input 2 -> dense 3 softmax; loss crossentropy" + FLOAT64
    made, x = module(text, level), np.array([[1.0, -2.0], [0.5, 3.0]])
    params, opt = made.init_params(), made.init_optimizer(made.init_params())
    sloppy = np.array([[0.333, 0.333, 0.333], [0.5, 0.25, 0.2495]])
    exact = sloppy / sloppy.sum(axis=1, keepdims=True)
    _, cache = made.forward(params, x)
    assert made.loss(params, cache, sloppy) == pytest.approx(made.loss(params, cache, exact))
    kept = sloppy.copy()
    made.train_step(params, x, sloppy, opt, 0.1)
    assert np.array_equal(sloppy, kept)
    with pytest.raises(ValueError, match="sum to 1"):
        made.loss(params, cache, 0.9 * exact)


def test_input_gradient_takes_the_keywords_of_forward():
    """It knew nothing of dropout: no train, no rng."""
    text = "input 6 -> dense 8 tanh -> dropout 0.5 -> dense 2; loss mse"
    for made in modules(text, ("input-gradient",)):
        params, x, target = (
            made.init_params(),
            np.linspace(-1, 1, 18).reshape(3, 6),
            np.zeros((3, 2)),
        )
        ends = []
        for step in (1e-6, -1e-6):
            rng = np.random.default_rng(5)
            _, cache = made.forward(params, x + step, train=True, rng=rng)
            ends.append(made.loss(params, cache, target))
        rng = np.random.default_rng(5)
        dropped = made.input_gradient(params, x, target, train=True, rng=rng)
        assert dropped.sum() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)
        assert not np.allclose(dropped, made.input_gradient(params, x, target))
        with pytest.raises(ValueError, match="rng"):
            made.input_gradient(params, x, target, train=True)


@pytest.mark.parametrize("stage", ["permute 0", "reshape 6 -> permute 0 -> permute 0"])
def test_a_permutation_that_moves_nothing_behind_a_product(stage):
    """-O1 took every transpose of a product for (ab)ᵀ = bᵀaᵀ, and could not multiply the shapes."""
    text = f"input 5 -> dense 2 as h -> dense 6 as g -> {stage} -> dense 2 tie=g; loss mse"
    x = np.linspace(-1, 1, 15).reshape(3, 5)
    first, second = (made.predict(made.init_params(), x) for made in modules(text))
    assert np.allclose(first, second, rtol=1e-12)


PADDED_BEHIND = {
    "two lengths in a row": (
        "input Tx3 ragged -> transpose -> conv_transpose 2 2 stride=2 -> pad 2 tanh; loss mse",
        None,
    ),
    "padded along another axis": ("input Tx3 ragged -> repeat 2 -> log_softmax; loss kl", 2),
    "class ids along another axis": ("input Tx3 ragged -> repeat 2; loss crossentropy", 2),
}


@pytest.mark.parametrize("name", PADDED_BEHIND)
def test_targets_are_padded_where_their_output_is(name):
    """Targets took the first one's axis or axis 1; lengths behind two layers had no name yet."""
    text, axis = PADDED_BEHIND[name]
    for made in modules(text, ("input-gradient", "per-example")):
        params, lengths = made.init_params(), np.array([2, 4])
        x = np.random.default_rng(3).normal(size=(2, 4, 3))
        y, cache = made.forward(params, x, lengths=lengths)
        target = np.full(y.shape, 1 / y.shape[-1])
        if "crossentropy" in text:
            target = np.zeros(y.shape[:-1], int)
        wanted = made.loss(params, cache, target)
        if axis is not None:
            target[0, :, 2:] = 99
            target = target if target.dtype.kind == "i" else np.where(target == 99, np.nan, target)
        assert made.loss(params, cache, target) == wanted > 0
        x[0, 2:] = np.nan
        dx = made.input_gradient(params, x, target, lengths=lengths)
        assert (dx[0, 2:] == 0).all()
        assert np.isfinite(dx).all()
        assert dx.any()
        rows = made.per_example_gradients(params, x, target, lengths=lengths)
        assert all(np.isfinite(g).all() for g in rows.values())


def test_two_targets_padded_along_two_axes():
    """The second one was masked along the first one's axis."""
    text = "input Tx3 ragged as a -> dense 2 as p; p -> transpose as q; output p, q\n"
    text += "loss mse on p; loss mse on q"
    for made in modules(text, ("input-gradient",)):
        params, lengths = made.init_params(), np.array([1, 4])
        x = np.random.default_rng(5).normal(size=(2, 4, 3))
        y, cache = made.forward(params, x, lengths=lengths)
        target = {"p": y["p"] + 1, "q": y["q"] - 1}
        target["p"][0, 1:], target["q"][0, :, 1:] = np.nan, np.nan
        assert made.loss(params, cache, target) == pytest.approx(2)
        assert np.isfinite(made.input_gradient(params, x, target, lengths=lengths)).all()


def test_a_block_that_nobody_calls_may_take_sizes_after_an_unknown_number():
    """Its parameter had no place, so that `(k)x(k)` was taken for the number of filters."""
    block = "block cell(ch, k=3) = [id, conv ch (k)x(k) pad=same relu] -> add\n"
    report = check(Source("spec.nn", block + "input 2x3x6 -> flatten -> dense 1; loss mse")).report
    assert [d.code.id for d in report.found] == ["NN140"]
    assert not check(Source("spec.nn", block)).report.has_errors


@pytest.mark.parametrize("loss", ["crossentropy", "hinge", "kl"])
def test_rows_of_scores_have_one_length(loss):
    """The modules failed with an IndexError."""
    report = check(Source("spec.nn", f"input T ragged -> tanh; loss {loss}")).report
    assert "NN216" in [d.code.id for d in report.found]


def test_zeros_of_the_forward_pass_are_no_gradient():
    """-O1 shared a missing bias's zeros with the gradient of what no loss depends on."""
    text = "input Tx2 as a -> gru 3 return=all bias=false -> dense 2 -> gru 3 as p\n"
    text += "a -> dense 2 as q\noutput p, q\nloss mse on q"
    for made in modules(text):
        params, x = made.init_params(), np.linspace(-1, 1, 12).reshape(2, 3, 2)
        y, cache = made.forward(params, x)
        grads = made.backward(params, cache, y["q"] + 1)
        assert grads["q.b"] == pytest.approx(-1)
        assert not any(g.any() for name, g in grads.items() if not name.startswith("q."))


@pytest.mark.parametrize("level", LEVELS)
def test_the_gradient_of_learned_positions_knows_how_many_came(level):
    """Where nothing else in the backward pass mentioned T, it had no such name."""
    made = module("input Tx2 -> positional learned=true max=5 -> tanh; loss quadratic", level)
    params, x = made.init_params(), np.ones((3, 4, 2))
    y, cache = made.forward(params, x)
    grad = made.backward(params, cache, y - 1)["positional1.W"]
    assert (grad[4:] == 0).all()
    assert (grad[:4] > 0).all()


def test_rows_of_two_inputs_that_are_put_together_are_as_long():
    """The first input's lengths were taken for both, so that padding of the other one counted."""
    text = "input Tx2 ragged as a -> dense 2 as p\ninput Tx2 ragged as b -> dense 2 as q\n"
    text += "[p, q] -> add as y\nloss mse"
    for made in modules(text):
        x = {name: np.ones((2, 3, 2)) for name in "ab"}
        lengths = {name: np.array([3, 2]) for name in "ab"}
        made.forward(made.init_params(), x, lengths=lengths)
        lengths["b"] = np.array([3, 1])
        with pytest.raises(ValueError, match="equally long"):
            made.forward(made.init_params(), x, lengths=lengths)
        with pytest.raises(ValueError, match="equally long"):
            made.predict(made.init_params(), x, lengths=lengths)


@pytest.mark.parametrize("level", LEVELS)
def test_padding_stays_on_its_axis_through_merges(level):
    """concat took axis 0 for that of the positions, and a merge its first branch's axis."""
    text = "input Tx2 ragged as a -> repeat 2 as r\ninput 2xTx2 as b\n"
    text += "[b, r] -> add -> [id, tanh] -> concat axis=0 as y\nloss mse"
    made = module(text, level)
    x = {"a": np.full((1, 4, 2), np.nan), "b": np.ones((1, 2, 4, 2))}
    x["a"][:, :3] = 1
    y = made.predict({}, x, lengths=np.array([3]))
    assert y.shape == (1, 4, 4, 2)
    assert (y[:, :, :3] > 0.9).all()
    assert not y[:, :, 3:].any()


@pytest.mark.parametrize(
    "text",
    [
        "input Tx2 ragged -> repeat 2 -> [id, id] -> concat axis=1; loss mse",
        "input TxT ragged as a -> transpose as b; [a, b] -> add; loss mse",
    ],
)
def test_merges_that_would_mix_positions_are_refused(text):
    """Positions were joined end to end, or compared with other positions."""
    report = check(Source("spec.nn", text)).report
    assert [d.code.id for d in report.found if d.severity.name == "ERROR"] == ["NN214"]


def test_lengths_of_an_input_that_nobody_reads():
    """Its rows were asked for, its lengths refused."""
    text = "input Tx2 ragged as a -> tanh as p\ninput Tx2 ragged as b -> dense 2 as q\n"
    text += "output q\nloss mse on q"
    for made in modules(text, ("input-gradient",)):
        x = {name: np.ones((2, 3, 2)) for name in "ab"}
        lengths = {"a": np.array([1, 2]), "b": np.array([3, 1])}
        params = made.init_params()
        y, _ = made.forward(params, x, lengths=lengths)
        assert np.array_equal(y, made.predict(params, x, lengths=lengths))
        made.train_step(params, x, y, made.init_optimizer(params), 0.1, lengths=lengths)
        dx = made.input_gradient(params, x, y + 1, lengths=lengths)
        assert dx["b"].any()
        assert not dx["a"].any()


def test_vjp_takes_gradients_that_reach_nothing():
    """An output that no parameter moves was not asked for, and the dict of all then refused."""
    text = "input 3 as x -> poly 0 as ones -> scale 2 as p\n"
    text += "ones -> dense 2 bias=false as q\noutput p, q"
    source = Source("spec.nn", text + FLOAT64)
    for level in (0, 1):
        made = load(compile_source(source, Options(level, format=False, emit=("vjp",))).code)
        params = made.init_params()
        y, cache = made.forward(params, np.ones((4, 3)))
        grads, dx = made.vjp(params, cache, {name: np.ones_like(v) for name, v in y.items()})
        assert grads["q.W"] == pytest.approx(4)
        assert not dx.any()


@pytest.mark.parametrize("level", LEVELS)
def test_running_statistics_forget_what_momentum_says(level):
    """With momentum=1 a variance of 1e-12 kept the rounding of the one before."""
    made = module("input 1 -> batchnorm momentum=1; loss mse; dtype float64", level)
    x = 1e-6 * np.array([[1.0], [2.0], [4.0]])
    state = made.init_state()
    made.forward(made.init_params(), x, state=state, train=True)
    assert state["batchnorm1.running_var"] == pytest.approx(x.var(axis=0, ddof=1), rel=1e-12)
