"""The systems of convolution: S04, the text CNN, and S16, many filters."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.diagnostics.codes import shapes as codes
from nnc.driver import check
from nnc.runtime import training
from nnc.runtime.data import Dataset
from nnc.source import Source

from .generated import build, gradient_error, in_float64, spec_text

LEVELS = pytest.mark.parametrize("level", [0, 1])
TEXT_CNNS = pytest.mark.parametrize("name", ["S04", "S04_1d"])


# --- S04: a text CNN for texts of any length -----------------------------------------------


def texts(rows, words, seed=0):
    """Random texts of three classes, rare ones among them; each class has a word of its own."""
    rng = np.random.default_rng(seed)
    classes = np.arange(rows) % 10
    classes = np.where(classes < 6, 0, np.where(classes < 9, 1, 2))
    x = rng.standard_normal((rows, words, 768)) / 10
    signs = np.random.default_rng(99).standard_normal((3, 768))
    x[np.arange(rows), rng.integers(2, words - 2, rows)] += signs[classes]
    return Dataset(x.astype(np.float32), classes)


@LEVELS
@TEXT_CNNS
def test_s04_gradients_equal_central_differences(name, level):
    module = build(in_float64(spec_text(f"systems/{name}")), level)
    data = texts(4, 7)
    assert gradient_error(module, module.init_params(seed=3), data.x, data.target) < 1e-6


@LEVELS
@TEXT_CNNS
def test_s04_runs_for_any_length_of_text(name, level):
    module = build(spec_text(f"systems/{name}"), level)
    params = module.init_params()
    opt = module.init_optimizer(params)
    for words in (22, 5, 40, 5, 9):
        data = texts(6, words)
        assert module.predict(params, data.x).shape == (6, 3)
        assert np.isfinite(module.train_step(params, data.x, data.target, opt))
    with pytest.raises(ValueError, match=r"T.*5"):
        module.predict(params, np.zeros((2, 4, 768)))


@pytest.mark.parametrize("name", [pytest.param("S04", marks=pytest.mark.slow), "S04_1d"])
def test_s04_learns(name):
    train, test = texts(160, 12, 1), texts(60, 17, 2)
    module = build(spec_text(f"systems/{name}"))
    result = training.train(module, train, epochs=15)
    found = module.predict(result.params, test.x).argmax(axis=1)
    assert [np.mean(found[test.target == c] == c) > 0.8 for c in range(3)] == [True] * 3


@LEVELS
@TEXT_CNNS
def test_s04_trains_as_pytorch_does(name, level):
    """Weights from the class counts, AdamW, the warm-up: three steps in float64."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    module = build(in_float64(spec_text(f"systems/{name}")), level)
    data = texts(20, 8, 5)
    params = module.init_params(seed=1)
    leaves = {k: torch.tensor(np.array(v), requires_grad=True) for k, v in params.items()}
    optimizer = torch.optim.AdamW(leaves.values(), lr=1e-3, weight_decay=0.01)
    warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1, (step + 1) / 100))
    counts = np.bincount(data.target)
    weights = torch.tensor(len(data.target) / (3 * counts))
    loss = torch.nn.CrossEntropyLoss(weights)
    opt = module.init_optimizer(params)
    for _ in range(3):
        optimizer.zero_grad()
        z = text_cnn(torch, name, leaves, torch.tensor(data.x.astype(np.float64)))
        total = loss(z, torch.tensor(data.target))
        total.backward()
        optimizer.step()
        warmup.step()
        got = module.train_step(params, data.x, data.target, opt)
        assert got == pytest.approx(total.item(), rel=1e-10)
    for key, leaf in leaves.items():
        np.testing.assert_allclose(params[key], leaf.detach().numpy(), rtol=1e-9, atol=1e-12)


def text_cnn(torch, name, p, x):
    """The logits by PyTorch."""
    functional = torch.nn.functional
    if name == "S04":
        x = torch.stack([x] * 12, 1)
        x = torch.relu(functional.conv2d(x, p["conv1.W"], p["conv1.b"], groups=12))
        x = torch.relu(functional.conv2d(x, p["conv2.W"], p["conv2.b"], groups=12))
    else:
        x = torch.relu(functional.conv1d(x.transpose(1, 2), p["conv1.W"], p["conv1.b"]))
        x = torch.relu(functional.conv1d(x, p["conv2.W"], p["conv2.b"]))
    return x.amax(2).flatten(1) @ p["dense1.W"] + p["dense1.b"]


MISTAKES = {
    "a second kernel as wide as the first": (
        *("conv 48 3x1 groups=12", "conv 48 3x768 groups=12", codes.KERNEL_TOO_LARGE),
        ("192x(T-2)x1", "3x768", "conv 48 3x1 groups=12"),
    ),
    "in=192 where 12 channels arrive": (
        *("conv 192 3x768 groups=12", "conv 192 3x768 groups=12 in=192", codes.IN_MISMATCH),
        ("12xTx768", "in=12"),
    ),
    "in=192 after 48 channels": (
        *("dense 3", "dense 3 in=192", codes.IN_MISMATCH),
        ("48x(T-4)x1", "192", "in=48"),
    ),
    "groups that do not divide": (
        *("conv 48 3x1 groups=12", "conv 48 3x1 groups=5", codes.NOT_DIVISIBLE),
        ("192", "48", "groups=4"),
    ),
    "filters that groups do not divide": (
        *("conv 48 3x1 groups=12", "conv 50 3x1 groups=12", codes.NOT_DIVISIBLE),
        ("50", "48 or 60"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_s04_mistakes_are_shape_errors_with_a_fix(mistake):
    right, wrong, code, words = MISTAKES[mistake]
    text = spec_text("systems/S04")
    assert right in text
    found = list(check(Source("mistake.nn", text.replace(right, wrong))).report)
    assert [d.code for d in found] == [code]
    said = " ".join([found[0].message, found[0].here, found[0].shapes, found[0].help])
    assert [word for word in words if word not in said] == []


def test_s04_in_one_dimension_needs_the_transpose():
    text = spec_text("systems/S04_1d").replace("-> transpose", "")
    (found,) = check(Source("mistake.nn", text)).report
    assert found.code is codes.SYMBOLIC_PARAMETER
    assert "transpose" in found.help


# --- S16: many filters ---------------------------------------------------------------------


def s16(pad, stride, level):
    text = spec_text("systems/S16").replace("pad=same", f"pad={pad} stride={stride}")
    return build(text, level)


def images():
    return np.random.default_rng(3).standard_normal((2, 3, 32, 32)).astype(np.float32)


@LEVELS
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("pad", ["same", "valid"])
def test_s16_equals_pytorch(pad, stride, level):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    module, x = s16(pad, stride, level), images()
    params = module.init_params(seed=2)
    w, b = (torch.tensor(np.array(params[f"conv1.{k}"]), requires_grad=True) for k in "Wb")
    padded = torch.tensor(x)
    if pad == "same":  # the odd zero is at the end
        padded = torch.nn.functional.pad(padded, (1, 1, 1, 1) if stride == 1 else (0, 1, 0, 1))
    want = torch.nn.functional.conv2d(padded, w, b, stride)
    target = np.zeros(want.shape)
    want.square().mean().backward()
    y, cache = module.forward(params, x)
    grads = module.backward(params, cache, target)
    pairs = [(y, want.detach()), (grads["conv1.W"], w.grad), (grads["conv1.b"], b.grad)]
    for got, expected in pairs:
        assert np.abs(got - expected.numpy()).max() <= 1e-5 * np.abs(expected.numpy()).max()


def by_loops(x, w, b):
    """The same by four nested loops: over images, filters, rows and columns."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    y = np.empty((len(x), len(w), *x.shape[2:]), x.dtype)
    for n, f, i, j in np.ndindex(y.shape):
        y[n, f, i, j] = np.sum(padded[n, :, i : i + 3, j : j + 3] * w[f]) + b[f]
    return y


@LEVELS
def test_s16_equals_four_nested_loops(level):
    """`python -m benchmarks convolution` prints how much faster it is."""
    module, x = s16("same", 1, level), images()
    params = module.init_params(seed=2)
    slow = by_loops(x, params["conv1.W"], params["conv1.b"])
    np.testing.assert_allclose(module.forward(params, x)[0], slow, rtol=1e-4, atol=1e-5)
