"""The examples with their own training scripts or data: each reaches its goal."""

from __future__ import annotations

import importlib.util
import re

import numpy as np
import pytest
from nnc.runtime import training
from nnc.runtime.data import Dataset
from nnc.runtime.datasets import digits, digits_split

from .generated import EXAMPLES, ROOT, build, in_float64, spec_text

SCRIPTS = sorted(path.stem for path in EXAMPLES.glob("*.py"))


def script(name: str):
    """A script of the examples as a module."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_readme_lists_every_example():
    listed = set(re.findall(r"\]\(examples/(\w+)\.nn\)", (ROOT / "README.md").read_text("utf-8")))
    assert listed == {path.stem for path in EXAMPLES.glob("*.nn")}


def test_every_script_says_how_it_is_run():
    assert {"vae", "gan", "contrastive", "dqn", "reinforce"} <= set(SCRIPTS)
    for name in SCRIPTS:
        assert f"python {name}.py" in (EXAMPLES / f"{name}.py").read_text("utf-8")


# --- pictures ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vae():
    return script("vae").trained()


def test_the_vae_restores_digits_and_its_codes_stay_near_the_normal_ones(vae):
    model, params, history = vae
    x = digits().x.reshape(-1, 64)
    mean = np.clip(x.mean(axis=0), 1e-3, 1 - 1e-3)
    of_mean = -(x * np.log(mean) + (1 - x) * np.log(1 - mean)).sum(axis=1).mean()
    last = history[-1]
    assert last["bce"] < 0.75 * of_mean  # the best picture that is the same for all digits
    assert 4 < last["kl_normal"] / 0.3 < 15
    assert np.mean((model.predict(params, x) - x) ** 2) < 0.3 * x.var(axis=0).mean()


def test_pictures_drawn_from_the_vae_look_like_digits(vae, tmp_path):
    """Nearer to some digit than pictures whose pixels each have the right distribution."""
    example, (_, params, _) = script("vae"), vae
    rng = np.random.default_rng(1)
    made = example.decoded(params, rng.standard_normal((64, 8)))
    x = digits().x.reshape(-1, 64)
    mixed = np.stack([rng.permutation(column)[:64] for column in x.T], axis=1)

    def apart(pictures):
        return np.sqrt(((pictures[:, None] - x) ** 2).sum(axis=-1)).min(axis=1).mean()

    assert apart(made) < 0.7 * apart(mixed)
    assert made.std(axis=0).mean() > 0.6 * x.std(axis=0).mean()  # and they differ
    example.write_pictures(tmp_path / "vae.pgm", made)
    head, pixels = (tmp_path / "vae.pgm").read_bytes().split(b" 255\n")
    assert (head, len(pixels)) == (b"P5 256 256", 256 * 256)


def test_the_vae_has_the_right_gradients_in_training():
    """The same random numbers on both sides of every difference."""
    module = build(in_float64(spec_text("vae")))
    x, params = digits().x[:6].reshape(-1, 64).astype(float), module.init_params(3)

    def loss(given):
        _, cache = module.forward(given, x, train=True, rng=np.random.default_rng(5))
        return module.loss(given, cache, x), cache

    grads = {n: np.array(g) for n, g in module.backward(params, loss(params)[1], x).items()}
    for name, value in params.items():
        way = np.random.default_rng(1).standard_normal(value.shape)
        ends = (loss({**params, name: value + e * way})[0] for e in (1e-6, -1e-6))
        difference = np.subtract(*ends) / 2e-6
        assert np.vdot(grads[name], way) == pytest.approx(difference, rel=1e-5, abs=1e-6), name


def test_contrastive_codes_order_digits_and_kinds_that_no_pair_showed():
    example = script("contrastive")
    model, params = example.trained()
    train, test = digits_split()
    x, asked = train.x.reshape(-1, 64), test.x.reshape(-1, 64)
    right = example.nearest(model, params, x, train.target, asked) == test.target
    assert right.mean() > 0.87
    assert right[test.target >= example.SEEN].mean() > 0.6  # 0.1 by chance


def discs(rows: int, seed: int):
    """Discs under noise, and the masks of their pixels."""
    rng = np.random.default_rng(seed)
    center, radius = rng.uniform(4, 12, (2, rows, 1, 1)), rng.uniform(2.5, 5, (rows, 1, 1))
    y, x = np.arange(16)[:, None], np.arange(16)
    mask = ((y - center[0]) ** 2 + (x - center[1]) ** 2 < radius**2)[:, None].astype(float)
    return mask + 0.7 * rng.standard_normal(mask.shape), mask


def test_the_unet_finds_discs_under_noise():
    module = build(spec_text("unet"))
    result = training.train(module, Dataset(*discs(200, 0)))
    x, mask = discs(100, 1)
    found, true = module.predict(result.params, x) > 0.5, mask > 0.5
    assert (found & true).sum() / (found | true).sum() > 0.8
    by_pixel = x > 0.5
    assert (by_pixel & true).sum() / (by_pixel | true).sum() < 0.6


def test_mobilenet_reaches_95_percent_on_the_shipped_digits():
    module = build(spec_text("mobilenet"))
    train, test = (Dataset(d.x[:, None], d.target) for d in digits_split())
    result = training.train(module, train, test=test)
    assert result.history[-1].test["accuracy"] >= 0.95
    assert module.NUM_PARAMS < 3000


def test_mobilenet_has_the_right_gradients(capsys):
    """By the module's own check, which looks for a difference without a kink."""
    assert build(spec_text("mobilenet").replace("8x8", "6x6")).check()


# --- how sure a network is -----------------------------------------------------------------


def noisy(rows: int, seed: int):
    """A curve whose noise grows from left to right."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, (rows, 1))
    spread = 0.1 + 0.2 * (x + 2)
    return x, np.sin(2 * x) + spread * rng.standard_normal(x.shape), spread


def test_gaussian_learns_the_curve_and_its_spread():
    module = build(spec_text("gaussian"))
    x, y, _ = noisy(1500, 0)
    result = training.train(module, Dataset(x, y))
    x, _, spread = noisy(300, 1)
    found = module.predict(result.params, x)
    assert np.abs(found["mu"] - np.sin(2 * x)).mean() < 0.12
    assert np.abs(np.exp(found["logvar"] / 2) / spread - 1).mean() < 0.2


def test_quantile_bands_hold_the_share_of_targets_that_they_state():
    """Ten per cent of new targets below the band, ten above, at both ends of a noise that grows."""
    module = build(spec_text("quantile"))
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (5000, 4))
    y = x[:, :1] + (0.5 + 0.4 * x[:, 1:2]) * rng.standard_normal((5000, 1))
    target = dict.fromkeys(module.TARGETS, y[:3000])
    result = training.train(module, Dataset(x[:3000], target), epochs=60, batch=200, lr=0.003)
    x, y = x[3000:], y[3000:]
    band = module.predict(result.params, x)
    for part in (x[:, 1] < 0, x[:, 1] > 0):
        inside = (band["low"] < y) & (y < band["high"])
        assert inside[part].mean() == pytest.approx(0.8, abs=0.05)
        assert (y < band["median"])[part].mean() == pytest.approx(0.5, abs=0.06)
    wide = (band["high"] - band["low"])[:, 0]
    assert wide[x[:, 1] > 0.5].mean() > 2.5 * wide[x[:, 1] < -0.5].mean()


# --- networks that others train --------------------------------------------------------------


def test_two_modules_make_points_on_a_circle():
    example = script("gan")
    generator, params = example.trained()
    points = generator.predict(params, np.random.default_rng(1).standard_normal((2000, 4)))
    radius = np.hypot(*points.T)
    assert radius.mean() == pytest.approx(1, abs=0.1)
    assert radius.std() < 0.2
    ways, _ = np.histogram(np.arctan2(points[:, 1], points[:, 0]), 8, (-np.pi, np.pi))
    assert ways.min() > 2000 / 8 / 3
    untrained = generator.predict(generator.init_params(0), np.zeros((1, 4)))
    assert np.hypot(*untrained[0]) < 0.5


def test_the_gradient_from_outside_is_that_of_the_generators_loss():
    generator = build(in_float64(spec_text("gan_generator")), emit=("vjp",))
    rng, params = np.random.default_rng(0), generator.init_params(0)
    _, cache = generator.forward(params, rng.normal(size=(5, 4)))
    d = rng.normal(size=(5, 2))
    grads, _ = generator.vjp(params, cache, d)
    for name, grad in generator.backward(params, cache, d).items():
        np.testing.assert_allclose(grads[name], grad, rtol=1e-12, atol=1e-14)


def test_dqn_finds_a_shortest_path_around_the_holes():
    example = script("dqn")
    path = example.best_path(*example.trained())
    assert path[-1] == example.GOAL
    assert len(path) == 7
    assert not set(path) & set(example.HOLES)


def test_the_policy_comes_to_walk_to_the_reward():
    example = script("reinforce")
    model, params, history = example.trained()
    assert np.mean(history[:3]) < 0.8
    assert np.mean(history[-20:]) > 0.95
    assert np.exp(model.predict(params, np.eye(example.LENGTH)[1:-1]))[:, 1].min() > 0.7
