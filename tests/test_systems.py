"""The systems that nnc must support, one test for each required result.

Every system's gradients are checked at both levels; its result is shown at -O1, the small ones'
at -O0 too. Speed is measured by `make bench`, not here.
"""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pytest
from nnc.driver import check
from nnc.runtime import training
from nnc.runtime.data import Dataset
from nnc.runtime.fit import one_hot
from nnc.runtime.metrics import accuracy
from nnc.runtime.training import Ending
from nnc.source import Source

from .generated import build, gradient_error, in_float64, mnist, spec_text

LEVELS = pytest.mark.parametrize("level", [0, 1])

XOR = Dataset(np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]]))
REGRESSION = Dataset(np.array([[1.0, 5], [1, 2], [1, 4], [1, 5]]), np.array([[1.0], [6], [4], [2]]))


def system(name, level=1):
    return build(spec_text(f"systems/{name}"), level)


def first_mnist(train, test):
    """The first images to train on, the last ones to test on."""
    data = mnist()
    return data.take(slice(0, train)), data.take(slice(len(data) - test, None))


def final_accuracy(result):
    return result.history[-1].test["accuracy"]


# --- every gradient of every system -------------------------------------------------------

GRADIENTS = {
    # name: width of the input, of the output, and what the targets are
    "S03": (784, 10, "ids"),
    "S06": (784, 10, "rows"),
    "S06_book": (784, 10, "rows"),
    "S07": (12288, 1, "rows"),
    "S08": (2, 1, "rows"),
    "S08_nobias": (2, 1, "rows"),
    "S08_wide": (2, 1, "rows"),
    "S09": (4, 3, "rows"),
    "S10": (2, 2, "rows"),
    "S11": (1, 2, "rows"),
    "S12": (784, 10, "ids"),
    "S13": (3, 1, "rows"),
    "S15": (2, 1, "rows"),
    "S18": (4, 3, "rows"),
    "S19": (784, 10, "ids"),
    "S20": (784, 10, "rows"),
    "S20_large": (784, 10, "rows"),
}


def random_batch(inputs, outputs, targets, rows=5):
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 1, (rows, inputs))
    if targets == "ids":
        return x, rng.integers(0, outputs, rows)
    return x, rng.uniform(0, 1, (rows, outputs))


@LEVELS
@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_equal_central_differences(name, level):
    module = build(in_float64(spec_text(f"systems/{name}")), level)
    x, target = random_batch(*GRADIENTS[name])
    params = module.init_params(seed=3)
    rng = np.random.default_rng(2)
    moved = {
        k: v + 0.05 * rng.standard_normal(v.shape) / np.sqrt(len(v)) for k, v in params.items()
    }
    assert gradient_error(module, moved, x, target) < 1e-6


# --- S03: MNIST with 20 hidden units, and the mistake --------------------------------------


def test_s03_trains():
    train, test = first_mnist(8000, 2000)
    assert final_accuracy(training.train(system("S03"), train, test=test)) >= 0.92


def test_s03_mistake_shows_both_ends():
    text = "input 784 -> dense 20 relu\n  -> dense 10 in=500 softmax\nloss crossentropy\n"
    found = [d for d in check(Source("mistake.nn", text)).report if d.code.id.startswith("NN2")]
    assert len(found) == 1
    assert "500" in found[0].span.text
    assert found[0].span.line == 2
    assert any(label.span.line == 1 and "20" in label.text for label in found[0].labels)
    assert "784" in found[0].shapes
    assert "20" in found[0].shapes


# --- S06: Nielsen, chapter 1 ---------------------------------------------------------------


@pytest.mark.slow
def test_s06_reaches_90_percent_with_lecun_weights():
    train, test = first_mnist(8000, 2000)
    assert final_accuracy(training.train(system("S06"), train, test=test)) >= 0.90


@pytest.mark.slow
def test_s06_with_the_books_weights_over_five_seeds(record_property):
    train, test = first_mnist(8000, 2000)
    module = system("S06_book")
    scores = [
        final_accuracy(training.train(module, train, test=test, seed=seed)) for seed in range(5)
    ]
    record_property("accuracies", scores)
    print("S06, the book's weights, seeds 0-4:", " ".join(f"{s:.4f}" for s in scores))
    assert max(scores) >= 0.92
    assert min(scores) >= 0.5


# --- S07: ten images learned by heart ------------------------------------------------------


def images(seed, shift=0.0):
    rng = np.random.default_rng(100 + seed)
    pixels = rng.uniform(0, 1, (10, 12288)).astype(np.float32) + np.float32(shift)
    return Dataset(pixels, np.arange(10.0)[:, None] % 2)


@pytest.mark.parametrize("seed", range(6))
def test_s07_overfits_from_every_seed_without_exploding(seed):
    result = training.train(system("S07"), images(seed), seed=seed)
    assert result.history[-1].train["loss"] < 0.01
    assert max(epoch.loss for epoch in result.history) < 1


def test_s07_dies_on_raw_pixels():
    raw = spec_text("systems/S07").replace("  -> shift -0.5\n", "")
    module = build(raw)
    assert "shift" not in raw.split("input", 1)[1]
    results = [training.train(module, images(seed), seed=seed) for seed in range(6)]
    dead = [r.history[-1].train["loss"] == pytest.approx(np.log(2), abs=1e-3) for r in results]
    assert sum(dead) >= 4


# --- S08: XOR ------------------------------------------------------------------------------


def xor_learned(module, seed):
    """Whether every row is right after the spec's number of steps over all four rows."""
    params = module.init_params(seed)
    opt = module.init_optimizer(params)
    order = np.tile(np.arange(4), module.TRAIN["epochs"])
    module.train_epoch(params, XOR.x, XOR.target, opt, batch=4, order=order)
    return np.abs(module.predict(params, XOR.x) - XOR.target).max() < 0.3


@LEVELS
def test_s08_learns_xor_from_ten_of_ten_seeds(level):
    """At rate 5, in 3,000 steps."""
    module = system("S08", level)
    assert [xor_learned(module, seed) for seed in range(10)] == [True] * 10
    assert (module.TRAIN["lr"], module.TRAIN["epochs"]) == (5.0, 3000)


def test_s08_without_biases():
    narrow, wide = system("S08_nobias"), system("S08_wide")
    assert sum(xor_learned(narrow, seed) for seed in range(10)) >= 5
    assert sum(xor_learned(wide, seed) for seed in range(10)) >= 8
    assert set(narrow.PARAM_SHAPES) == {"dense1.W", "dense2.W"}


# --- S09 and S18: softmax under a squared loss, and in the middle ---------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax_and_jacobian(z):
    """y (B, n) and dy_i/dz_j (B, n, n), written out."""
    e = np.exp(z)
    y = e / e.sum(axis=1, keepdims=True)
    return y, np.einsum("bi,ij->bij", y, np.eye(z.shape[1])) - np.einsum("bi,bj->bij", y, y)


def s09_gradients(p, x, target):
    h1 = sigmoid(2 * (x @ p["dense1.W"] + p["dense1.b"]))
    h2 = sigmoid(0.5 * (h1 @ p["dense2.W"] + p["dense2.b"]))
    y, jacobian = softmax_and_jacobian(h2 @ p["dense3.W"] + p["dense3.b"])
    dz3 = np.einsum("bi,bij->bj", 2 * (y - target) / y.size, jacobian)
    dz2 = dz3 @ p["dense3.W"].T * 0.5 * h2 * (1 - h2)
    dz1 = dz2 @ p["dense2.W"].T * 2 * h1 * (1 - h1)
    return dense_gradients((x, dz1), (h1, dz2), (h2, dz3))


def s18_gradients(p, x, target):
    h1 = np.tanh(x @ p["dense1.W"] + p["dense1.b"])
    s, jacobian = softmax_and_jacobian(h1 @ p["dense2.W"] + p["dense2.b"])
    y = s @ p["dense3.W"] + p["dense3.b"]
    dz3 = 2 * (y - target) / y.size
    dz2 = np.einsum("bi,bij->bj", dz3 @ p["dense3.W"].T, jacobian)
    dz1 = dz2 @ p["dense2.W"].T * (1 - h1**2)
    return dense_gradients((x, dz1), (h1, dz2), (s, dz3))


def dense_gradients(*layers):
    grads = {}
    for i, (incoming, dz) in enumerate(layers, 1):
        grads |= {f"dense{i}.W": incoming.T @ dz, f"dense{i}.b": dz.sum(axis=0)}
    return grads


@LEVELS
@pytest.mark.parametrize(("name", "expected"), [("S09", s09_gradients), ("S18", s18_gradients)])
def test_softmax_has_its_full_jacobian(name, expected, level):
    module = build(in_float64(spec_text(f"systems/{name}")), level)
    x, target = random_batch(4, 3, "rows", rows=7)
    params = module.init_params(seed=5)
    _, memory = module.forward(params, x)
    grads = module.backward(params, memory, target)
    reference = expected(params, x, target)
    assert set(grads) == set(reference)
    for key, value in reference.items():
        assert np.abs(grads[key] - value).max() <= 1e-10 * np.abs(value).max()


@LEVELS
@pytest.mark.parametrize("name", ["S09", "S18"])
def test_softmax_systems_learn(name, level):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (160, 4))
    classes = np.argmax(x[:, :3] + 0.3 * x[:, 3:], axis=1)
    history = training.train(system(name, level), Dataset(x, one_hot(classes, 3))).history
    assert history[-1].train["loss"] < 0.35 * history[0].train["loss"]


@LEVELS
def test_s09_momentum_is_that_of_the_field(level):
    """v = m v + g; p -= lr v (PyTorch's form), three steps from the module's own gradients."""
    module = build(in_float64(spec_text("systems/S09")), level)
    x, target = random_batch(4, 3, "rows")
    params = module.init_params(seed=1)
    opt = module.init_optimizer(params)
    expected = {k: np.array(v) for k, v in params.items()}
    velocity = {k: np.zeros_like(v) for k, v in expected.items()}
    for _ in range(3):
        gradients = s09_gradients(expected, x, target)
        for key, gradient in gradients.items():
            velocity[key] = 0.9 * velocity[key] + gradient
            expected[key] = expected[key] - 1.0 * velocity[key]
        module.train_step(params, x, target, opt)
    for key, value in expected.items():
        assert np.abs(params[key] - value).max() <= 1e-10 * np.abs(value).max()


# --- S10: a control policy under AdamW -------------------------------------------------------


@LEVELS
def test_s10_learns_known_settings(level):
    """The mean setting alone leaves an error of 0.05; 200 epochs leave a tenth of that."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (64, 2))
    settings = np.stack([0.4 + 0.3 * np.sin(2 * x[:, 0]), 0.5 + 0.3 * x[:, 0] * x[:, 1]], axis=1)
    results = [training.train(system("S10", level), Dataset(x, settings), seed=s) for s in range(3)]
    assert min(r.history[-1].train["loss"] for r in results) < 0.1 * settings.var(axis=0).mean()


# --- S11: Adam on a noisy Rosenbrock function ------------------------------------------------


def rosenbrock_gradient(point, noise):
    """The gradient of (1 − a)² + 100 (b − a²)² at (a, b), disturbed."""
    a, b = point
    return np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)]) * (1 + noise)


@LEVELS
def test_s11_adam_on_a_noisy_rosenbrock_function(level):
    """200 steps equal those of the paper's formulas, written out here."""
    module = system("S11", level)
    params = module.init_params()
    opt = module.init_optimizer(params)
    point, m, v = np.array([-1.0, -1.0]), np.zeros(2), np.zeros(2)
    noise = 0.3 * np.random.default_rng(0).standard_normal((200, 2))
    for t in range(1, 201):
        g = rosenbrock_gradient(point, noise[t - 1])
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        point = point - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        given = rosenbrock_gradient(params["dense1.W"][0], noise[t - 1])
        module.optimizer_step(params, {"dense1.W": given[None]}, opt)
        assert np.abs(params["dense1.W"][0] - point).max() <= 1e-12 * np.abs(point).max()
    assert np.abs(point - 1).max() < 2


# --- S12: one example a step ---------------------------------------------------------------


@pytest.mark.slow
def test_s12_reaches_94_percent_after_three_epochs():
    train, test = first_mnist(8000, 2000)
    assert final_accuracy(training.train(system("S12"), train, test=test)) >= 0.94


# --- S13: rows in whatever kind of array ---------------------------------------------------

ROWS = [[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]]
ANSWERS = [[0], [1], [1], [0]]


def strided(values):
    wide = np.zeros((8, 6))
    wide[::2, ::2] = values
    return wide[::2, ::2]


def read_only(values):
    array = np.array(values, dtype=np.float32)
    array.flags.writeable = False
    return array


KINDS = {
    "lists": list,
    "tuples": lambda v: tuple(map(tuple, v)),
    "integers": lambda v: np.array(v, dtype=np.int64),
    "bytes": lambda v: np.array(v, dtype=np.uint8),
    "bools": lambda v: np.array(v, dtype=bool),
    "float16": lambda v: np.array(v, dtype=np.float16),
    "float64": lambda v: np.array(v, dtype=np.float64),
    "big-endian": lambda v: np.array(v, dtype=">f8"),
    "big-endian integers": lambda v: np.array(v, dtype=">i2"),
    "columns first": lambda v: np.asfortranarray(np.array(v, dtype=np.float32)),
    "strided": strided,
    "reversed": lambda v: np.array(v[::-1], dtype=np.float32)[::-1],
    "read-only": read_only,
    "matrix": lambda v: np.asmatrix(np.array(v)),
}


@cache
def s13_trained(level, kind):
    module = system("S13", level)
    convert = KINDS[kind]
    x, target = convert(ROWS), convert(ANSWERS) if kind != "strided" else np.array(ANSWERS)
    params = module.init_params(seed=1)
    opt = module.init_optimizer(params)
    losses = [module.train_step(params, x, target, opt) for _ in range(1000)]
    return np.array(module.predict(params, x)), losses


@LEVELS
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_s13_all_kinds_of_arrays_give_the_same_answer(kind, level):
    y, losses = s13_trained(level, kind)
    expected, expected_losses = s13_trained(level, "lists")
    assert type(y) is np.ndarray
    assert y.shape == (4, 1)
    assert np.array_equal(y, expected)
    assert losses == expected_losses
    assert np.abs(y - ANSWERS).max() < 0.1


# --- S15: linear regression ----------------------------------------------------------------


@LEVELS
def test_s15_reaches_the_weights_and_the_cost_falls(level):
    module = system("S15", level)
    params = module.init_params()
    opt = module.init_optimizer(params)
    assert not params["dense1.W"].any()
    costs = [module.train_step(params, REGRESSION.x, REGRESSION.target, opt) for _ in range(1000)]
    assert params["dense1.W"].ravel() == pytest.approx([5.2148, -0.5733], abs=5e-5)
    assert (np.diff(costs) < 0).all()
    assert costs[0] == pytest.approx(np.square(REGRESSION.target).sum() / 8)


def test_s15_by_the_training_command_gives_the_same():
    params = training.train(system("S15"), REGRESSION).params
    assert params["dense1.W"].ravel() == pytest.approx([5.2148, -0.5733], abs=5e-5)


# --- S17: a matrix polynomial through twelve points --------------------------------------------


def matrices():
    """Twelve arguments, and a 60x60 matrix for each."""
    return np.linspace(0.1, 1.2, 12)[:, None], np.random.default_rng(0).normal(size=(12, 60, 60))


@LEVELS
def test_s17_interpolates_on_the_scaled_argument(level):
    module = system("S17", level)
    x, target = matrices()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        params = module.solve(x, target)
    assert params["dense1.W"].shape == (12, 3600)
    assert np.abs(module.predict(params, x) - target).max() <= 1e-10


@LEVELS
def test_s17_warns_of_the_raw_argument_and_still_fits(level):
    module = system("S17_raw", level)
    x, target = matrices()
    with pytest.warns(RuntimeWarning, match=r"condition number is \d\.\de\+\d+"):
        params = module.solve(x, target)
    assert 1e-10 < np.abs(module.predict(params, x) - target).max() <= 1e-6


def test_s17_by_the_training_command():
    x, target = matrices()
    result = training.train(system("S17"), Dataset(x, target))
    assert len(result.history) == 1
    assert result.history[0].train["loss"] <= 1e-20 < result.history[0].loss


# --- S19: class ids, small weights, partial batch dropped -----------------------------------


@pytest.mark.slow
def test_s19_reaches_its_accuracies():
    data = mnist()
    train, validation = data.take(slice(0, 5000)), data.take(slice(5000, 6000))
    module = system("S19")
    assert module.TRAIN["drop_last"]
    last = training.train(module, train, test=validation).history[-1]
    assert last.train["accuracy"] >= 0.99
    assert last.test["accuracy"] >= 0.94


# --- S20: Nielsen, chapter 3 ---------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["S20", "S20_large"])
def test_s20_reaches_87_percent_and_reports_both_sets(name):
    train, test = first_mnist(1000, 2000)
    rows = []
    result = training.train(
        system(name), train, test=test, progress=lambda done, of: rows.append((done, of))
    )
    assert len(result.history) == 100
    assert all(set(e.train) == set(e.test) == {"loss", "accuracy"} for e in result.history)
    assert rows[-1] == (1000, 1000)
    assert len(rows) >= 100 * 10
    assert final_accuracy(result) >= 0.87


def test_s20_ctrl_c_keeps_the_weights():
    train, test = first_mnist(1000, 2000)
    module = system("S20")

    def stop(epoch):
        if epoch.number == 3:
            raise KeyboardInterrupt

    result = training.train(module, train, test=test, report=stop)
    assert result.ending is Ending.INTERRUPTED
    assert accuracy(module.predict(result.params, test.x), test.target) > 0.6


def test_s20_cost_is_bce_summed_over_the_outputs_plus_the_penalty():
    module = build(in_float64(spec_text("systems/S20")))
    x, target = random_batch(784, 10, "rows")
    params = module.init_params(seed=1)
    y, memory = module.forward(params, x)
    entropy = -(target * np.log(y) + (1 - target) * np.log(1 - y)).sum(axis=1).mean()
    squares = sum(np.square(w).sum() for name, w in params.items() if name.endswith("W"))
    assert module.loss(params, memory, target) == pytest.approx(entropy + 1e-3 / 2 * squares)
