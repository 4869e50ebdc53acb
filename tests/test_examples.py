"""Every example lints clean, has right gradients at both levels, and reaches its goal in training."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.diagnostics.model import Report
from nnc.driver import check
from nnc.format.formatter import format_source
from nnc.runtime import training
from nnc.runtime.data import Dataset, load
from nnc.runtime.datasets import digits
from nnc.source import Source

from .generated import (
    EXAMPLES,
    build,
    gradient_error,
    in_float64,
    keywords_for,
    mnist,
    random_batch,
    spec_text,
)

NAMES = sorted(path.relative_to(EXAMPLES).as_posix()[:-3] for path in EXAMPLES.rglob("*.nn"))
SATURATING = {f"systems/S{n}" for n in ("06", "06_book", "08", "08_nobias", "08_wide", "13")}
"""Sigmoids under a squared loss at high rates: they came so, and are told what may happen."""

ELSEWHERE = {"mobilenet"}
"""Scales before a batchnorm have hardly a gradient: test_gallery.py lets the module check itself."""

GALLERY = [n for n in NAMES if "/" not in n and n not in ELSEWHERE]
SMALLER = {"resnet": ("32x32", "5x5")}
"""Of 700,000 relus, some have their kink within the step of any difference."""

LONGER = {"wavenet": 1e-5}
"""The loss of random targets is so flat here that a difference over 2e-6 is mostly rounding."""


@pytest.mark.parametrize("name", NAMES)
def test_examples_begin_with_two_lines_of_why_and_lint_clean(name):
    text = spec_text(name)
    assert all(line.startswith("# ") for line in text.splitlines()[:2])
    report = check(Source(f"{name}.nn", text)).report
    expected = ["NN305"] if name in SATURATING else []
    assert [d.code.id for d in report] == expected, [d.message for d in report]


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_in_canonical_form(name):
    text = spec_text(name)
    assert format_source(Source(f"{name}.nn", text), Report()) == text


def test_every_system_has_a_spec():
    assert [n for n in range(1, 22) if f"systems/S{n:02}" not in NAMES] == []


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", GALLERY)
def test_gradients_equal_central_differences(name, level):
    text = spec_text(name).replace(*SMALLER.get(name, ("", "")))
    module = build(in_float64(text), level)
    x, target = random_batch(module, rows=6)
    eps = LONGER.get(name, 1e-6)
    assert gradient_error(module, module.init_params(seed=4), x, target, eps=eps) < 1e-6


@pytest.mark.parametrize("spec", ["mnist", "residual_mlp"])
def test_the_modules_own_check_finds_a_gradient_that_is_off_by_a_thousandth(spec, capsys):
    """In spite of the shorter differences that it tries where one does not fit."""
    module = build(spec_text(spec), 0)
    assert module.check()
    right, output = module.backward, list(module.PARAM_SHAPES)[-1]

    def wrong(*given):
        grads = right(*given)
        return {**grads, output: grads[output] * 1.001}

    module.backward = wrong
    assert not module.check()
    assert capsys.readouterr().out.count("WRONG") == 1


@pytest.mark.parametrize("name", NAMES)
def test_levels_agree(name):
    text = in_float64(spec_text(name))
    results = []
    for level in (0, 1):
        module = build(text, level)
        x, target = random_batch(module, rows=5)
        params = module.init_params(seed=2)
        y, memory = module.forward(params, x, **keywords_for(module, x))
        grads = module.backward(params, memory, target)
        values = list(y.values()) if isinstance(y, dict) else [y]
        results.append([*map(np.copy, values), *(np.copy(grads[key]) for key in params)])
    for plain, fast in zip(*results, strict=True):
        assert np.abs(plain - fast).max() <= 1e-10 * max(np.abs(plain).max(), 1e-6)


# --- what each is for ----------------------------------------------------------------------


def trained(name, data, **keywords):
    module = build(spec_text(name))
    keywords.setdefault("epochs", module.TRAIN.get("epochs", 40))
    return module, training.train(module, data, **keywords)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_digits_reach_96_percent_on_the_shipped_digits(seed):
    module = build(spec_text("digits"))
    train, test = load("digits", module)
    result = training.train(module, train, test=test, seed=seed)
    assert (len(train), len(test)) == (1437, 360)
    assert result.history[-1].test["accuracy"] >= 0.96


@pytest.mark.slow
def test_the_one_liner_reaches_94_percent_on_real_mnist():
    data = mnist()
    train, test = data.take(slice(0, 8000)), data.take(slice(8000, None))
    _, result = trained("mnist", train, test=test, lr=0.5, batch=10, epochs=15)
    assert result.history[-1].test["accuracy"] >= 0.94


def test_linear_regression_finds_the_plane():
    rng = np.random.default_rng(0)
    spread = rng.standard_normal((200, 3))
    y = 3 * spread[:, :1] - 2 * spread[:, 1:2] + 0.5 * spread[:, 2:] + 7
    x = spread * [20, 0.1, 400] + [50, 0.5, 1200]
    _, result = trained("linear_regression", Dataset(x, y))
    assert result.params["dense1.W"].ravel() == pytest.approx([3, -2, 0.5], abs=1e-3)
    assert result.params["dense1.b"] == pytest.approx([7], abs=1e-3)


def test_polynomial_follows_the_cubic():
    x = np.linspace(-5, 5, 60)[:, None]
    u = 0.2 * x
    _, result = trained("polynomial", Dataset(x, 1 - 2 * u + 3 * u**3), epochs=300)
    assert result.params["dense1.W"].ravel() == pytest.approx([1, -2, 0, 3], abs=0.05)


def test_logistic_regression_parts_the_classes():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 4))
    target = (x @ [2, -1, 0.5, 0] + 0.3 > 0).astype(float)
    _, result = trained("logistic_regression", Dataset(x, target))
    assert set(result.history[-1].train) == {"loss", "accuracy", "f1"}
    assert result.history[-1].train["accuracy"] > 0.97


@pytest.mark.parametrize("seed", range(5))
def test_xor_is_learned(seed):
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    _, result = trained("xor", Dataset(x, np.array([0.0, 1, 1, 0])), seed=seed)
    assert result.history[-1].train["loss"] < 0.1


def test_autoencoder_halves_the_weights_and_restores_the_digits():
    data = digits()
    flat = data.x.reshape(len(data), -1)
    module, result = trained("autoencoder", Dataset(flat, flat))
    assert set(module.PARAM_SHAPES) == {"encoder.W", "encoder.b", "dense1.b"}
    assert result.history[-1].train["loss"] < 0.3 * flat.var(axis=0).mean()


def test_siamese_tells_pairs_apart():
    rng = np.random.default_rng(0)
    kinds = rng.standard_normal((6, 128))
    left, right = rng.integers(0, 6, (2, 600))
    right = np.where(rng.random(600) < 0.5, left, right)
    x = {
        "left": kinds[left] + 0.3 * rng.standard_normal((600, 128)),
        "right": kinds[right] + 0.3 * rng.standard_normal((600, 128)),
    }
    module, result = trained("siamese", Dataset(x, (left == right).astype(float)))
    assert len(module.PARAM_SHAPES) == 4
    assert result.history[-1].train["loss"] < 0.1


def test_two_heads_learn_both():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 20))
    target = {"kind": np.argmax(x[:, :3], axis=1), "size": x[:, 3:5].sum(axis=1)}
    module, result = trained("two_heads", Dataset(x, target), epochs=60)
    y = module.predict(result.params, x)
    assert np.mean(y["kind"].argmax(axis=1) == target["kind"]) > 0.95
    assert np.abs(y["size"][:, 0] - target["size"]).mean() < 0.2


def test_residual_mlp_learns_the_digits():
    module = build(spec_text("residual_mlp"))
    train, test = load("digits", module)
    result = training.train(module, train, test=test, epochs=15)
    assert len(module.PARAM_SHAPES) == 2 * (1 + 2 * 6 + 1)
    assert result.history[-1].test["accuracy"] > 0.94


def test_mixture_learns_a_function_with_two_regimes():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 8))
    target = np.where(x[:, :1] > 0, x[:, 1:2], -x[:, 1:2])
    _, result = trained("mixture", Dataset(x, target), epochs=200)
    assert result.history[-1].train["loss"] < 0.3 * np.abs(target).mean()


def test_transformer_finds_the_period_of_a_sequence():
    """Five random tokens over and over: from the second round on, the next one is known."""
    rng = np.random.default_rng(0)
    rows = np.tile(rng.integers(0, 20, (900, 5)), 4)[:, :16]
    module, result = trained("transformer", Dataset(rows[:800, :-1], rows[:800, 1:]), epochs=8)
    seen = rows[800:, :-1]
    guess = module.predict(result.params, seen).argmax(axis=-1)
    assert np.mean(guess[:, 6:] == rows[800:, 7:]) > 0.9
    changed = seen.copy()
    changed[:, 10:] = 0
    same = module.predict(result.params, changed)[:, :10]
    assert np.allclose(same, module.predict(result.params, seen)[:, :10], atol=1e-5)


# --- images, texts, recordings -------------------------------------------------------------


@pytest.mark.slow
def test_lenet_reaches_95_percent_on_real_mnist():
    data = mnist()
    images = Dataset(data.x.reshape(-1, 1, 28, 28), data.target)
    train, test = images.take(slice(0, 8000)), images.take(slice(8000, None))
    _, result = trained("lenet", train, test=test, epochs=2)
    assert result.history[-1].test["accuracy"] >= 0.95


def test_resnet_learns_by_heart_and_keeps_its_statistics():
    text = spec_text("resnet").replace("32x32", "6x6").replace("width = 16", "width = 6")
    module = build(text)
    rng = np.random.default_rng(0)
    x, target = rng.standard_normal((20, 3, 6, 6)), np.arange(20) % 10
    params, state = module.init_params(0), module.init_state()
    opt = module.init_optimizer(params)
    for _ in range(80):
        module.train_step(params, x, target, opt, lr=0.05, state=state)
    for _ in range(80):  # the running statistics come to those of the weights as they are
        module.forward(params, x, state=state, train=True)
    assert np.mean(module.predict(params, x, state=state).argmax(axis=1) == target) == 1


def texts(rows, steps=12):
    """Texts of unlike length; what they mean is whether word 7 stands before word 9 or behind."""
    rng = np.random.default_rng(0)
    lengths, target = rng.integers(6, steps + 1, rows), rng.integers(0, 2, rows)
    x = rng.integers(20, 200, (rows, steps))
    first, at = rng.integers(0, lengths - 2), np.arange(rows)
    x[at, first] = np.where(target == 1, 7, 9)
    x[at, first + 1] = np.where(target == 1, 9, 7)
    return Dataset(x, target, lengths=lengths)


@pytest.mark.parametrize("name", ["text_cnn", "lstm"])
def test_text_classifiers_know_the_order_of_two_words(name):
    data = texts(700)
    _, result = trained(name, data.take(slice(0, 600)), test=data.take(slice(600, None)), epochs=8)
    assert result.history[-1].test["accuracy"] >= 0.95


def test_gru_names_the_gesture():
    rng = np.random.default_rng(0)
    kind, t = np.arange(240) % 4, np.arange(16)[:, None]
    pace = np.where(kind < 2, 0.4, 0.9)[:, None, None]
    lag = np.where(kind % 2, 1.5, -1.5)[:, None, None] * np.arange(3)
    x = np.sin(pace * t + lag) + 0.2 * rng.standard_normal((240, 16, 3))
    data = Dataset(x, kind, lengths=rng.integers(8, 17, 240))
    _, result = trained("gru", data.take(slice(0, 200)), test=data.take(slice(200, None)))
    assert result.history[-1].test["accuracy"] >= 0.95
