"""The optimizer's state, the spec's schedule and clipping, in every module."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.optimizers import OPTIMIZERS
from nnc.schedules import SCHEDULES

from .contract import LEVELS, module

NETWORK = "input 3 -> dense 4 tanh -> dense 2\nloss mse\n"
ARGUMENTS = {
    "sgd": "lr=0.1 momentum=0.9 dampening=0.3",
    "adam": "amsgrad=true",
    "adamw": "amsgrad=true",
    "rmsprop": "centered=true momentum=0.9",
    "adagrad": "start=0.1 lr_decay=0.1",
    "nadam": "weight_decay=0.1",
    "lion": "lr=0.01",
}
"""Arguments under which an optimizer keeps all it can keep."""

STEPWISE = [name for name in OPTIMIZERS if name != "lstsq"]
SCHEDULED = "schedule cosine steps=8 warmup=3\nclip norm=0.1\n"


def trained(made, params, opt, steps, seed=0):
    rng = np.random.default_rng(seed)
    x, target = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    for _ in range(steps):
        made.train_step(params, x, target, opt)
    return params, opt


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", STEPWISE)
def test_a_resumed_run_equals_an_uninterrupted_one(kind, level, tmp_path):
    made = module(f"{NETWORK}optimizer {kind} {ARGUMENTS.get(kind, '')}\n{SCHEDULED}", level)
    params = made.init_params(1)
    straight, kept = trained(made, params, made.init_optimizer(params), 9)
    params = made.init_params(1)
    params, opt = trained(made, params, made.init_optimizer(params), 4)
    made.save_params(tmp_path / "params.npz", params)
    np.savez(tmp_path / "opt.npz", **opt)
    with np.load(tmp_path / "opt.npz", allow_pickle=False) as file:
        opt = {name: file[name] for name in file.files}
    params, opt = trained(made, made.load_params(tmp_path / "params.npz"), opt, 5)
    assert opt.keys() == kept.keys()
    for name, array in {**straight, **kept}.items():
        assert np.array_equal(array, {**params, **opt}[name]), name
    slots = [s for s in OPTIMIZERS[kind].slots if f"dense1.W.{s}" in opt]
    assert slots == list(OPTIMIZERS[kind].slots)
    assert set(OPTIMIZERS[kind].numbers) <= opt.keys()


@pytest.mark.parametrize("level", LEVELS)
def test_without_its_memory_a_run_goes_otherwise(level):
    """The test above would pass for an optimizer that keeps nothing, were it not for this."""
    for kind in STEPWISE:
        made = module(f"{NETWORK}optimizer {kind} {ARGUMENTS.get(kind, '')}\n{SCHEDULED}", level)
        params = made.init_params(1)
        straight, _ = trained(made, params, made.init_optimizer(params), 9)
        params = made.init_params(1)
        params, _ = trained(made, params, made.init_optimizer(params), 4)
        params, _ = trained(made, params, made.init_optimizer(params), 5)
        assert any(not np.array_equal(straight[n], params[n]) for n in params), kind


@pytest.mark.parametrize("level", LEVELS)
def test_a_given_rate_replaces_rate_and_schedule(level):
    made = module(f"{NETWORK}optimizer sgd lr=0.5\nschedule constant warmup=100\n", level)
    plain = module(f"{NETWORK}optimizer sgd lr=0.2\n", level)
    one, other = made.init_params(1), plain.init_params(1)
    rng = np.random.default_rng(0)
    x, target = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    opt, plain_opt = made.init_optimizer(one), plain.init_optimizer(other)
    for _ in range(3):
        made.train_step(one, x, target, opt, lr=0.2)
        plain.train_step(other, x, target, plain_opt)
    assert all(np.array_equal(one[n], other[n]) for n in one)
    assert opt["step"] == 3
    assert made.scheduled_rate(3) == pytest.approx(0.5 * 4 / 100)


@pytest.mark.parametrize("level", LEVELS)
def test_a_schedule_without_a_rate_needs_one(level):
    made = module(f"{NETWORK}schedule cosine steps=9\n", level)
    params = made.init_params(1)
    with pytest.raises(ValueError, match="no learning rate"):
        trained(made, params, made.init_optimizer(params), 1)


@pytest.mark.parametrize("level", LEVELS)
def test_clipping_works_without_an_optimizer_statement(level):
    made = module(f"{NETWORK}clip norm=0.5\ndtype float64\n", level)
    params = made.init_params(1)
    before = {n: p.copy() for n, p in params.items()}
    grads = {n: np.full_like(p, 10.0) for n, p in params.items()}
    made.optimizer_step(params, grads, made.init_optimizer(params), lr=2.0)
    moved = np.concatenate([(before[n] - params[n]).ravel() for n in params])
    assert np.linalg.norm(moved) == pytest.approx(2.0 * 0.5)
    assert all((g == 10).all() for g in grads.values())


@pytest.mark.parametrize("level", LEVELS)
def test_a_gradient_too_large_to_square_in_single_precision_is_clipped(level):
    made = module(f"{NETWORK}clip norm=1\n", level)
    params = made.init_params(1)
    before = {n: p.copy() for n, p in params.items()}
    grads = {n: np.full_like(p, 1e25) for n, p in params.items()}
    with np.errstate(over="ignore"):
        made.optimizer_step(params, grads, made.init_optimizer(params), lr=1.0)
    moved = np.concatenate([(before[n] - params[n]).ravel() for n in params])
    assert np.linalg.norm(moved) == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("level", LEVELS)
def test_rmsprop_stays_finite_where_rounding_makes_a_variance_negative(level):
    text = f"{NETWORK}optimizer rmsprop centered=true alpha=0.1\n"
    made = module(text, level)
    params = made.init_params(1)
    opt = made.init_optimizer(params)
    rng = np.random.default_rng(0)
    fixed = {n: rng.normal(size=p.shape).astype(np.float32) for n, p in params.items()}
    negative = 0
    for _ in range(40):
        made.optimizer_step(params, fixed, opt)
        for name in params:
            spread = opt[f"{name}.square_avg"] - opt[f"{name}.grad_avg"] ** 2
            negative += (spread < 0).sum()
    assert negative > 0
    assert all(np.isfinite(p).all() for p in params.values())


@pytest.mark.parametrize("level", LEVELS)
def test_memory_of_another_optimizer_is_refused(level):
    made, other = (module(f"{NETWORK}optimizer {kind}\n", level) for kind in ("nadam", "adam"))
    params = made.init_params(1)
    with pytest.raises(ValueError, match="mu_product"):
        trained(made, params, other.init_optimizer(params), 1)
    plain = module(f"{NETWORK}optimizer sgd lr=0.1\n", level)
    with pytest.raises(ValueError, match="opt"):
        trained(other, params, plain.init_optimizer(params), 1)


@pytest.mark.parametrize("level", LEVELS)
def test_the_module_states_how_it_is_trained(level):
    made = module(
        f"{NETWORK}optimizer adam\nschedule onecycle steps=9 max=0.01\nclip value=2\n", level
    )
    assert made.TRAIN["lr"] == 0.01
    assert made.TRAIN["schedule"] == {"kind": "onecycle", "steps": 9, "max": 0.01, "warmup": 0}
    assert made.TRAIN["clip"] == {"value": 2.0}


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_has_an_example_that_trains(name):
    made = module(SCHEDULES[name].example)
    params = made.init_params(0)
    opt = made.init_optimizer(params)
    x, target = np.ones((2, 4)), np.array([0, 1])
    assert made.train_step(params, x, target, opt) > 0
    assert made.TRAIN["schedule"]["kind"] == name
