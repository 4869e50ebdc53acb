"""train_step, train_epoch, the optimizer's state, and the constants of a module."""

from __future__ import annotations

import copy
import hashlib
import tracemalloc

import numpy as np
import pytest

from .contract import (
    CLASSIFIER,
    LEVELS,
    REGRESSION,
    SCALAR,
    TWO_HEADS,
    TWO_INPUTS,
    Case,
    copied,
    module,
    same,
)

SGD = "optimizer sgd lr=0.1 momentum=0.9 nesterov=true weight_decay=0.01\n"
STEPPED = {
    "classifier": CLASSIFIER,
    "plain": REGRESSION + "optimizer sgd lr=0.2\n",
    "all of sgd": REGRESSION + SGD,
    "regularized": REGRESSION + SGD + "regularize l1=0.01 l2=0.1\n",
    "two inputs": TWO_INPUTS + SGD,
    "two heads": TWO_HEADS + SGD,
    "shared": "input 4 -> dense 4 tanh as h -> use h -> dense 4 tie=h\nloss mse; dtype float64\n"
    + SGD,
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("spec", STEPPED)
def test_train_step_equals_its_parts(spec, level):
    case = Case(STEPPED[spec], level)
    by_hand, opt_by_hand = copied(case.params), case.module.init_optimizer(case.params)
    opt = case.module.init_optimizer(case.params)
    for i, count in enumerate((4, 4, 7, 1, 3, 4)):
        x, target = case.rows(count, i), case.targets(count, i)
        _, cache = case.module.forward(by_hand, x)
        want = case.module.loss(by_hand, cache, target)
        grads = case.module.backward(by_hand, cache, target)
        case.module.optimizer_step(by_hand, grads, opt_by_hand)
        got = case.module.train_step(case.params, x, target, opt)
        assert type(got) is float
        assert got == pytest.approx(want, rel=1e-10)
        same(case.params, by_hand, 1e-10)


@pytest.mark.parametrize("level", LEVELS)
def test_train_step_draws_the_masks_forward_would_draw(level):
    text = "input 5 -> dense 8 relu -> dropout 0.5 -> dense 3\nloss mse\ndtype float64\n" + SGD
    case = Case(text, level)
    by_hand = copied(case.params)
    opt, opt_by_hand = (case.module.init_optimizer(case.params) for _ in range(2))
    one, two = np.random.default_rng(4), np.random.default_rng(4)
    for _ in range(4):
        _, cache = case.module.forward(by_hand, case.x, train=True, rng=one)
        want = case.module.loss(by_hand, cache, case.target)
        grads = case.module.backward(by_hand, cache, case.target)
        case.module.optimizer_step(by_hand, grads, opt_by_hand)
        got = case.module.train_step(case.params, case.x, case.target, opt, rng=two)
        assert got == pytest.approx(want, rel=1e-10)
        same(case.params, by_hand, 1e-10)


@pytest.mark.parametrize("level", LEVELS)
def test_dropout_is_off_unless_training_and_asks_for_a_generator(level):
    text = "input 5 -> dropout 0.5 -> dense 3\nloss mse\n"
    case = Case(text, level)
    first, _ = case.module.forward(case.params, case.x)
    kept = first.copy()
    second, _ = case.module.forward(case.params, case.x)
    np.testing.assert_array_equal(kept, second)
    np.testing.assert_allclose(case.module.predict(case.params, case.x), kept, rtol=1e-6)
    with pytest.raises(ValueError, match="rng"):
        case.module.forward(case.params, case.x, train=True)
    opt = case.module.init_optimizer(case.params)
    with pytest.raises(ValueError, match="rng"):
        case.module.train_step(case.params, case.x, case.target, opt, lr=0.1)


@pytest.mark.parametrize("level", LEVELS)
def test_dropout_of_one_half_scales_what_is_kept(level):
    case = Case("input 400 -> dropout 0.25 -> dense 1 bias=false\nloss mse\ndtype float64\n", level)
    case.params["dense1.W"] = np.ones((400, 1))
    x = np.ones((200, 400))
    y, _ = case.module.forward(case.params, x, train=True, rng=np.random.default_rng(0))
    assert y.mean() == pytest.approx(400, rel=0.01)
    assert y.std() == pytest.approx(np.sqrt(400 * 0.25 / 0.75), rel=0.2)


@pytest.mark.parametrize("level", LEVELS)
def test_without_an_optimizer_a_rate_must_be_given(level):
    case = Case(REGRESSION, level)
    opt = case.module.init_optimizer(case.params)
    before, grads = copied(case.params), case.grads()
    for call in (
        lambda: case.module.train_step(case.params, case.x, case.target, opt),
        lambda: case.module.optimizer_step(case.params, grads, opt),
    ):
        with pytest.raises(ValueError, match=r"\blr\b"):
            call()
    same(case.params, before, 0)
    case.module.train_step(case.params, case.x, case.target, opt, lr=0.5)
    same(case.params, {k: before[k] - 0.5 * grads[k] for k in before})


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("given", [None, 0.02])
def test_an_epoch_equals_its_steps(given, level):
    case = Case(CLASSIFIER, level)
    x, target = case.rows(23), case.targets(23)
    by_hand = copied(case.params)
    opt, opt_by_hand = (case.module.init_optimizer(case.params) for _ in range(2))
    order = np.random.default_rng(2).permutation(23)[:20]
    losses = [
        case.module.train_step(by_hand, x[rows], target[rows], opt_by_hand, lr=given)
        for rows in order.reshape(5, 4)
    ]
    mean = case.module.train_epoch(case.params, x, target, opt, batch=4, order=order, lr=given)
    assert type(mean) is float
    assert mean == pytest.approx(np.mean(losses), rel=1e-10)
    same(case.params, by_hand, 1e-10)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("text", [TWO_INPUTS + SGD, TWO_HEADS + SGD, SCALAR + SGD])
def test_an_epoch_takes_what_a_step_takes_and_its_last_batch_may_be_short(text, level):
    case = Case(text, level)
    x, target = case.rows(7), case.targets(7)
    by_hand = copied(case.params)
    opt, opt_by_hand = (case.module.init_optimizer(case.params) for _ in range(2))

    def rows(data, chosen):
        if isinstance(data, dict):
            return {name: value[chosen] for name, value in data.items()}
        return data[chosen]

    order = [6, 0, 5, 1, 4, 2, 3]
    for chosen in (order[:3], order[3:6], order[6:]):
        case.module.train_step(by_hand, rows(x, chosen), rows(target, chosen), opt_by_hand)
    case.module.train_epoch(case.params, x, target, opt, batch=3, order=order)
    same(case.params, by_hand, 1e-10)
    if text.startswith(SCALAR):
        flat = copied(case.params)
        case.module.train_epoch(case.params, x, target, opt, batch=7, order=order)
        opt = case.module.init_optimizer(flat)
        case.module.train_epoch(flat, x.tolist(), target[:, 0], opt, batch=7, order=range(7))


@pytest.mark.parametrize("level", LEVELS)
def test_the_optimizers_state_is_arrays_that_save_without_pickle(level, tmp_path):
    case = Case(CLASSIFIER, level)
    straight, opt = copied(case.params), case.module.init_optimizer(case.params)
    for _ in range(6):
        case.module.train_step(straight, case.x, case.target, opt)
    params, opt = copied(case.params), case.module.init_optimizer(case.params)
    for i in range(6):
        if i == 3:
            np.savez(tmp_path / "opt.npz", **opt)
            with np.load(tmp_path / "opt.npz", allow_pickle=False) as saved:
                opt = {name: saved[name] for name in saved.files}
        if i == 4:
            opt = copy.deepcopy(opt)
        if i == 5:
            opt = dict(opt)
        case.module.train_step(params, case.x, case.target, opt)
    same(params, straight)


@pytest.mark.parametrize("level", LEVELS)
def test_the_optimizers_state_goes_with_any_copy_of_the_parameters(level):
    case = Case(CLASSIFIER, level)
    straight, opt = copied(case.params), case.module.init_optimizer(case.params)
    for _ in range(4):
        case.module.train_step(straight, case.x, case.target, opt)
    params, opt = copied(case.params), case.module.init_optimizer(case.params)
    for _ in range(4):
        params = copied(params)
        case.module.train_step(params, case.x, case.target, opt)
    same(params, straight)


def test_a_warm_step_allocates_nothing_large():
    text = "input 200 -> dense 300 relu -> dense 200 tanh -> dense 10 softmax\n"
    case = Case(text + "loss crossentropy\noptimizer sgd lr=0.1 momentum=0.9\n", rows=128)
    x = case.x.astype(np.float32)
    opt = case.module.init_optimizer(case.params)
    for _ in range(3):
        case.module.train_step(case.params, x, case.target, opt)
    tracemalloc.start()
    case.module.train_step(case.params, x, case.target, opt)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 128 * 200 * 4 / 2, f"{peak} bytes"


@pytest.mark.parametrize("level", LEVELS)
def test_the_module_states_what_it_is(level):
    stated = module(CLASSIFIER, level)
    assert stated.SPEC == CLASSIFIER
    assert hashlib.sha256(CLASSIFIER.encode()).hexdigest() == stated.SPEC_SHA256
    assert stated.CONTRACT == 1
    assert isinstance(stated.NNC_VERSION, str)
    assert dict(stated.INPUTS) == {"x": ("B", 5)}
    assert dict(stated.OUTPUTS) == {"y": ("B", 3)}
    assert list(stated.TARGETS.values()) == [("B", 3)]
    shapes = {"dense1.W": (5, 4), "dense1.b": (4,), "dense2.W": (4, 3), "dense2.b": (3,)}
    assert list(stated.PARAM_SHAPES.items()) == list(shapes.items())
    assert not stated.STATE_SHAPES
    assert stated.NUM_PARAMS == 5 * 4 + 4 + 4 * 3 + 3
    assert hasattr(stated, "TRAIN")
    assert hasattr(stated, "METRICS")
    two = module(TWO_HEADS, level)
    assert dict(two.INPUTS) == {"features": ("B", 5)}
    assert dict(two.OUTPUTS) == {"kind": ("B", 3), "size": ("B", 1)}
    assert set(two.TARGETS) == {"kind", "size"}
    symbolic = module("input Tx3 -> dense 2\nloss mse\n", level)
    assert dict(symbolic.INPUTS) == {"x": ("B", "T", 3)}


@pytest.mark.parametrize("level", LEVELS)
def test_losses_gives_the_parts(level):
    case = Case(TWO_HEADS + "regularize l2=0.1\n", level)
    _, cache = case.module.forward(case.params, case.x)
    parts = case.module.losses(case.params, cache, case.target)
    assert all(type(value) is float for value in parts.values())
    assert len(parts) == 3
    y = case.module.predict(case.params, case.x)
    size = float(((y["size"] - case.target["size"]) ** 2).mean())
    assert any(value == pytest.approx(size, rel=1e-12) for value in parts.values())


@pytest.mark.parametrize("level", LEVELS)
def test_without_a_loss_there_is_no_training(level):
    bare = module("input 4 -> dense 3 relu\n", level)
    params = bare.init_params()
    assert bare.predict(params, np.ones((2, 4))).shape == (2, 3)
    y, _ = bare.forward(params, np.ones((2, 4)))
    np.testing.assert_array_equal(y, bare.predict(params, np.ones((2, 4))))
    for name in ("loss", "backward", "train_step", "train_epoch"):
        assert not hasattr(bare, name)


@pytest.mark.parametrize("level", LEVELS)
def test_outputs_have_the_models_width(level):
    for dtype in ("float32", "float64"):
        case = Case(CLASSIFIER.replace("float64", dtype), level)
        y, cache = case.module.forward(case.params, case.x)
        assert y.dtype == dtype
        assert case.module.predict(case.params, case.x).dtype == dtype
        assert type(case.module.loss(case.params, cache, case.target)) is float
        for array in (*case.params.values(), *case.grads().values()):
            assert array.dtype == dtype
