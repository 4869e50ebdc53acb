"""No NumPy warning for finite input, however large: every layer, loss, optimizer.

What is too large becomes infinite, and then perhaps NaN; which, is decided in docs/decisions.md.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from nnc.layers import LAYERS
from nnc.losses import LOSSES
from nnc.optimizers import OPTIMIZERS

from ..generated import build, keywords_for, random_batch

LEVELS = (0, 1)
EXAMPLES = {f"layer {name}": kind.example for name, kind in LAYERS.items()}
EXAMPLES |= {f"loss {name}": kind.example for name, kind in LOSSES.items()}
NET = "input 4 -> dense 8 sigmoid -> dense 3; loss mse\nclip norm=1\n"
EXAMPLES |= {
    f"optimizer {name}": NET.replace("clip norm=1", f"optimizer {name} lr=0.1")
    for name in OPTIMIZERS
    if name != "lstsq"
}
EXAMPLES["clip"] = NET


def grown(x, size: float):
    """Real numbers times a size; class ids and token ids stay."""
    if isinstance(x, dict):
        return {name: grown(a, size) for name, a in x.items()}
    return x if x.dtype.kind in "iu" else np.clip(x * size, -size, size).astype(np.float32)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_finite_input_of_any_size_is_computed_without_a_warning(name, level):
    module = build(EXAMPLES[name], level)
    x, target = random_batch(module, 4, size=24)
    if "hinge" in module.LOSSES.values():
        target = np.array([0, 1, 2, 0])
    for size in (1e-40, 1e10, 1e19, float(np.finfo(np.float32).max)):
        large, params = grown(x, size), module.init_params()
        for array in params.values():
            array += np.float32(0.1)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            use(module, params, large, target)


def use(module, params, x, target) -> None:
    """All that a user would call."""
    given = keywords_for(module, x)
    if "lengths" in given:
        given["lengths"] = 24 - np.arange(4)
    if "rng" in module.forward.__annotations__:
        given |= {"train": True, "rng": np.random.default_rng(0)}
    _, cache = module.forward(params, x, **given)
    without = {k: v for k, v in given.items() if k in ("state", "lengths")}
    module.predict(params, x, **without)
    if not module.TARGETS:
        return
    module.loss(params, cache, target)
    grads = module.backward(params, cache, target)
    module.sgd_step({n: a.copy() for n, a in params.items()}, grads, 0.1)
    opt = module.init_optimizer(params)
    training = {k: v for k, v in given.items() if k != "train"}
    for _ in range(2):
        module.train_step(params, x, target, opt, 0.1, **training)
    module.optimizer_step(params, grads, opt, 0.1)
