"""Parameters and gradients as plain dicts: replaced, copied, reordered, wrong; and their ownership."""

from __future__ import annotations

import copy
import hashlib
import threading

import numpy as np
import pytest

from .contract import (
    CLASSIFIER,
    LEVELS,
    REGRESSION,
    TWO_HEADS,
    TWO_INPUTS,
    Case,
    copied,
    module,
    same,
)

SPECS = {"one": CLASSIFIER, "two heads": TWO_HEADS, "two inputs": TWO_INPUTS}


def fortran(arrays):
    return {name: np.asfortranarray(value) for name, value in arrays.items()}


def scattered(arrays):
    """Every value in every second place of a longer array."""
    made = {}
    for name, value in arrays.items():
        wide = np.zeros((*value.shape[:-1], 2 * value.shape[-1]), value.dtype)
        wide[..., ::2] = value
        made[name] = wide[..., ::2]
    return made


def replaced(arrays):
    """The same dict with one entry another array."""
    made = dict(arrays)
    name = next(iter(made))
    made[name] = made[name].copy()
    return made


def pieces(arrays):
    """Views of one array, but in another order."""
    whole = np.concatenate([arrays[name].ravel() for name in reversed(list(arrays))])
    made, at = {}, 0
    for name in reversed(list(arrays)):
        size = arrays[name].size
        made[name] = whole[at : at + size].reshape(arrays[name].shape)
        at += size
    return made


WAYS = {
    "copied": copied,
    "deep-copied": copy.deepcopy,
    "shuffled": lambda p: dict(reversed(copied(p).items())),
    "replaced": lambda p: replaced(copied(p)),
    "replaced in a flat one": lambda p: replaced(p),
    "Fortran order": lambda p: fortran(copied(p)),
    "scattered": lambda p: scattered(p),
    "views in another order": lambda p: pieces(p),
    "swapped dict type": lambda p: type("Named", (dict,), {})(copied(p)),
    "narrower": lambda p: {k: v.astype(np.float32).astype(np.float64) for k, v in p.items()},
}


def three_steps(case: Case, params, way=None) -> tuple[list[float], dict[str, np.ndarray]]:
    """Losses and parameters of three steps, the dict treated in some way before each."""
    opt, losses = case.module.init_optimizer(params), []
    for _ in range(3):
        params = way(params) if way else params
        losses.append(case.module.train_step(params, case.x, case.target, opt, lr=0.1))
    return losses, params


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("way", WAYS)
def test_any_dict_of_the_right_names_and_shapes_will_do(way, spec, level):
    case = Case(SPECS[spec], level)
    start = {k: v.astype(np.float32).astype(np.float64) for k, v in case.params.items()}
    narrow = way == "narrower"
    want_y = case.module.predict(start, case.x)
    given = WAYS[way](copied(start))
    got_y = case.module.predict(given, case.x)
    for name in want_y if isinstance(want_y, dict) else ():
        np.testing.assert_array_equal(got_y[name], want_y[name])
    want_losses, want = three_steps(case, copied(start))
    if narrow:
        losses, got = three_steps(case, given)
    else:
        losses, got = three_steps(case, given, WAYS[way])
    assert losses == pytest.approx(want_losses, rel=1e-12)
    same(got, want)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("way", WAYS)
def test_steps_take_any_dict_of_gradients(way, level):
    case = Case(CLASSIFIER, level)
    grads = case.grads()
    if way == "narrower":
        grads = WAYS[way](grads)
    one, two = copied(case.params), copied(case.params)
    case.module.sgd_step(one, copied(grads), 0.1)
    case.module.sgd_step(two, WAYS[way](grads), 0.1)
    same(two, one)
    for name, before in case.params.items():
        np.testing.assert_allclose(one[name], before - 0.1 * grads[name], rtol=1e-12)
    one, two = case.module.init_params(7), case.module.init_params(7)
    opt_one, opt_two = case.module.init_optimizer(one), case.module.init_optimizer(two)
    for _ in range(2):
        case.module.optimizer_step(one, copied(grads), opt_one)
        case.module.optimizer_step(two, WAYS[way](grads), opt_two)
    same(two, one)


@pytest.mark.parametrize("level", LEVELS)
def test_a_replaced_entry_counts_from_then_on(level):
    case = Case(CLASSIFIER, level)
    opt = case.module.init_optimizer(case.params)
    case.module.train_step(case.params, case.x, case.target, opt)
    case.params["dense1.W"] = np.full((5, 4), 0.25)
    np.testing.assert_array_equal(case.params["dense1.W"], 0.25)
    fresh = copied(case.params)
    np.testing.assert_array_equal(
        case.module.predict(case.params, case.x), case.module.predict(fresh, case.x)
    )
    loss = case.module.train_step(case.params, case.x, case.target, opt, lr=0.1)
    _, cache = case.module.forward(fresh, case.x)
    assert loss == pytest.approx(case.module.loss(fresh, cache, case.target), rel=1e-13)
    assert not (case.params["dense1.W"] == 0.25).any()


@pytest.mark.parametrize("level", LEVELS)
def test_a_copy_and_its_original_do_not_disturb_each_other(level):
    case = Case(CLASSIFIER, level)
    original, opt = case.params, case.module.init_optimizer(case.params)
    twin = copied(original)
    before = copied(original)
    case.module.train_step(twin, case.x, case.target, opt)
    same(original, before, 0)
    case.module.train_step(original, case.x, case.target, opt)
    case.module.train_step(twin, case.x, case.target, opt)
    assert not np.array_equal(original["dense1.W"], twin["dense1.W"])


def wrong(arrays):
    """Dicts that must be refused, each with the name its message must hold."""
    shape = arrays["dense1.W"].shape
    yield "dense2.b", {k: v for k, v in arrays.items() if k != "dense2.b"}
    yield "dense9.W", {**arrays, "dense9.W": np.zeros((2, 2))}
    yield "dense1.W", {**arrays, "dense1.W": np.zeros(shape[::-1])}
    yield "dense1.W", {**arrays, "dense1.W": np.zeros(shape[0] * shape[1])}
    yield "dense2.b", {**arrays, "dense2.b": np.zeros((1, 3))}
    yield "dense1.W", {**arrays, "dense1.W": np.zeros(shape, complex)}
    yield "dense1.W", {**arrays, "dense1.W": np.full(shape, None)}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("number", range(7))
def test_wrong_parameters_are_refused_by_name(number, level, tmp_path):
    case = Case(CLASSIFIER, level)
    module, opt = case.module, case.module.init_optimizer(case.params)
    _, cache = module.forward(case.params, case.x)
    name, bad = list(wrong(case.params))[number]
    grads = case.grads()
    calls = {
        "forward": lambda: module.forward(bad, case.x),
        "predict": lambda: module.predict(bad, case.x),
        "backward": lambda: module.backward(bad, cache, case.target),
        "init_optimizer": lambda: module.init_optimizer(bad),
        "optimizer_step": lambda: module.optimizer_step(bad, grads, opt),
        "sgd_step": lambda: module.sgd_step(bad, grads, 0.1),
        "train_step": lambda: module.train_step(bad, case.x, case.target, opt),
        "save_params": lambda: module.save_params(tmp_path / "p.npz", bad),
    }
    for function, call in calls.items():
        message = refusal(call)
        assert message is not None, f"{function} does not refuse it"
        assert name in message, function


def refusal(call) -> str | None:
    """The message of a ValueError, or None if there was none."""
    try:
        call()
    except ValueError as refused:
        return str(refused)
    return None


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("number", range(7))
def test_wrong_gradients_are_refused_by_name(number, level):
    case = Case(CLASSIFIER, level)
    opt, before = case.module.init_optimizer(case.params), copied(case.params)
    name, bad = list(wrong(case.grads()))[number]
    for call in (
        lambda: case.module.optimizer_step(case.params, bad, opt),
        lambda: case.module.sgd_step(case.params, bad, 0.1),
    ):
        with pytest.raises(ValueError) as refused:
            call()
        assert name in str(refused.value)
    same(case.params, before, 0)


def fingerprint(value) -> str:
    """A hash of arrays, alone or in dicts."""
    digest = hashlib.sha256()
    if isinstance(value, np.ndarray):
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, dict):
        for key, item in value.items():
            digest.update(f"{key}{fingerprint(item)}".encode())
    return digest.hexdigest()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("spec", SPECS)
def test_forward_and_backward_leave_their_arguments_alone(spec, level):
    case = Case(SPECS[spec], level)
    before, x, target = fingerprint(case.params), fingerprint(case.x), fingerprint(case.target)
    y, cache = case.module.forward(case.params, case.x)
    intact = fingerprint(y)
    first = case.module.backward(case.params, cache, case.target)
    kept = copied(first)
    loss = case.module.loss(case.params, cache, case.target)
    case.module.losses(case.params, cache, case.target)
    assert fingerprint(y) == intact
    second = case.module.backward(case.params, cache, case.target)
    assert case.module.loss(case.params, cache, case.target) == loss
    assert list(first) == list(case.module.PARAM_SHAPES)
    for name in kept:
        np.testing.assert_array_equal(first[name], kept[name])
        np.testing.assert_array_equal(second[name], kept[name])
        assert not np.shares_memory(first[name], second[name])
    other = case.targets(4, seed=99)
    case.module.backward(case.params, cache, other)
    same(case.module.backward(case.params, cache, case.target), kept, 0)
    assert fingerprint(case.params) == before
    assert fingerprint(case.x) == x
    assert fingerprint(case.target) == target


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("spec", SPECS)
def test_an_earlier_cache_and_gradients_may_be_reused(spec, level):
    case = Case(SPECS[spec], level)
    cache = grads = None
    for count in (4, 4, 7, 1, 4):
        x, target = case.rows(count, seed=count), case.targets(count, seed=count)
        y, fresh = case.module.forward(case.params, x)
        want = copied(case.module.backward(case.params, fresh, target))
        want_loss = case.module.loss(case.params, fresh, target)
        want_y = fingerprint(y)
        y, cache = case.module.forward(case.params, x, cache=cache)
        assert fingerprint(y) == want_y
        assert case.module.loss(case.params, cache, target) == want_loss
        grads = case.module.backward(case.params, cache, target, grads=grads)
        same(grads, want, 0)


@pytest.mark.parametrize("level", LEVELS)
def test_two_caches_live_side_by_side(level):
    case = Case(CLASSIFIER, level)
    x2, t2 = case.rows(4, 8), case.targets(4, 9)
    y1, one = case.module.forward(case.params, case.x)
    kept, want = y1.copy(), copied(case.module.backward(case.params, one, case.target))
    _, two = case.module.forward(case.params, x2)
    case.module.backward(case.params, two, t2)
    np.testing.assert_array_equal(y1, kept)
    same(case.module.backward(case.params, one, case.target), want, 0)


@pytest.mark.parametrize("level", LEVELS)
def test_what_predict_returns_belongs_to_the_caller(level):
    case = Case(CLASSIFIER, level)
    opt = case.module.init_optimizer(case.params)
    case.module.train_step(case.params, case.x, case.target, opt)
    y = case.module.predict(case.params, case.x)
    kept = y.copy()
    again = case.module.predict(case.params, case.x)
    assert not np.shares_memory(y, again)
    case.module.predict(case.params, case.rows(4, 5))
    case.module.train_step(case.params, case.x, case.target, opt)
    np.testing.assert_array_equal(y, kept)
    y[:] = 7
    np.testing.assert_array_equal(again, kept)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "stages", ["2x3 -> flatten", "4 -> id", "4 -> dropout 0.5", "6 -> reshape 2x3", "4 -> scale 1"]
)
def test_what_predict_returns_is_never_x_itself(stages, level):
    bare = module(f"input {stages}\ndtype float64\n", level)
    x = np.ones((2, *bare.INPUTS["x"][1:]))
    y = bare.predict({}, x)
    assert not np.shares_memory(y, x)
    y[:] = 3
    assert (x == 1).all()


@pytest.mark.parametrize("level", LEVELS)
def test_two_threads_with_their_own_state_equal_serial_runs(level):
    case = Case(REGRESSION, level)

    def run(seed, into):
        params = case.module.init_params(seed)
        opt = case.module.init_optimizer(params)
        losses = []
        for i in range(300):
            x, target = case.rows(2 + i % 5, seed + i), case.targets(2 + i % 5, seed - i + 900)
            losses.append(case.module.train_step(params, x, target, opt, lr=0.1))
        into[seed] = losses, copied(params), case.module.predict(params, case.x)

    serial, parallel = {}, {}
    for seed in (1, 2, 3):
        run(seed, serial)
    threads = [threading.Thread(target=run, args=(seed, parallel)) for seed in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, (losses, params, y) in serial.items():
        assert parallel[seed][0] == losses
        same(parallel[seed][1], params, 0)
        np.testing.assert_array_equal(parallel[seed][2], y)


def test_tables_and_kernels_lie_by_rows_and_weights_as_their_products_want():
    spec = """
    input T int -> embedding 9 4 -> transpose -> conv 3 2 -> transpose -> mean axis=0
      -> dense 40 -> dense 2
    loss mse
    """
    params = module(spec, 1).init_params()
    assert params["embedding1.W"].flags.c_contiguous
    assert params["conv1.W"].flags.c_contiguous
    assert params["dense1.W"].flags.c_contiguous
    assert params["dense2.W"].flags.f_contiguous


class TestViewsOfOneArray:
    """At -O1 parameters and gradients are views; what only looks so must not be taken for them."""

    @pytest.fixture
    def made(self):
        return module("input 3 -> dense 4 tanh -> dense 2; loss mse", 1)

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, dict, lambda p: p | {}])
    def test_a_copy_trains_as_the_original(self, made, copied):
        rng = np.random.default_rng(0)
        x, target = rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
        expected, found = made.init_params(0), copied(made.init_params(0))
        for params in (expected, found):
            opt = made.init_optimizer(params)
            for _ in range(3):
                made.train_step(params, x, target, opt, 0.1)
        same(expected, found, 0)
        assert not np.array_equal(found["dense1.W"], made.init_params(0)["dense1.W"])

    @pytest.mark.parametrize(
        "copied", [copy.deepcopy, dict, lambda g: {k: v.copy() for k, v in g.items()}]
    )
    def test_copied_gradients_step_as_the_originals(self, made, copied):
        rng = np.random.default_rng(0)
        x, target = rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
        expected, found = made.init_params(0), made.init_params(0)
        _, cache = made.forward(expected, x)
        grads = made.backward(expected, cache, target)
        made.sgd_step(expected, grads, 0.1)
        made.sgd_step(found, copied(grads), 0.1)
        same(expected, found, 0)

    def test_a_replaced_gradient_counts(self, made):
        params = made.init_params(0)
        before = params["dense1.W"].copy()
        grads = made.backward(params, made.forward(params, np.ones((1, 3)))[1], np.ones((1, 2)))
        grads["dense1.W"] = np.ones_like(before)
        made.sgd_step(params, grads, 1.0)
        np.testing.assert_allclose(params["dense1.W"], before - 1, rtol=1e-6)
