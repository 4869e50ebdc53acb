"""Training by PyTorch modules: the same parameters as NumPy modules after every step.

Every optimizer with every schedule and clipping, drawn at random; frozen layers, penalties, weights
of rows, parameters that no loss reaches; dropout draws its own numbers, and is only counted.
"""

from __future__ import annotations

from copy import deepcopy

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import numpy as np
import torch

from .all_layers.comparison import named
from .draws import error
from .torch_modules import Twins, torch_module, twins
from .torch_training import OPTIMIZERS, SCHEDULES, Options, draw_clip, draw_schedule

STEPS = 24
TOLERANCE = 1e-10
NETWORK = "input 3 -> dense 4 tanh -> batchnorm -> dense 2\nloss mse\nregularize l1=0.01 l2=0.02\n"
NETWORKS = {
    "frozen": "input 3 -> dense 4 tanh -> dense 3 sigmoid frozen=true -> dense 2\nloss mse\n"
    "regularize l2=0.1\noptimizer adamw lr=0.01 weight_decay=0.1\n",
    "norm": "input 3 -> dense 4 bias=false -> batchnorm momentum=0.3 eps=0.01 relu -> dense 2\nloss mse\n"
    "optimizer adam lr=0.01\n",
    "frozen norm": "input 3 -> dense 4 -> batchnorm frozen=true -> dense 2\nloss mse\n"
    "optimizer adam lr=0.01\n",
    "out of reach": "input 3 -> dense 4 tanh as trunk -> dense 2 as one\ntrunk -> dense 2 as other\n"
    "output one, other\nloss mse on one\noptimizer sgd lr=0.1 momentum=0.9 weight_decay=0.1\n",
    "two losses": "input 3 as a -> dense 4 tanh as trunk -> dense 3 softmax as kind\n"
    "trunk -> dense 1 as size\noutput kind, size\nloss crossentropy smoothing=0.1 on kind weight=0.3\n"
    "loss huber on size\noptimizer rmsprop lr=0.01\nclip norm=0.5\n",
    "ragged": "input Tx3 ragged -> gru 4 -> dense 3 softmax\nloss crossentropy\noptimizer nadam\n",
    "row weights": "input 3 -> dense 4 tanh -> dense 3 softmax\nloss crossentropy weights=balanced\n"
    "train weights=rows\noptimizer adagrad\n",
    "no optimizer": "input 3 -> dense 4 tanh -> dense 2\nloss quadratic\n",
    "a name of nn.Module": "input 3 -> dense 4 tanh as half -> (dense 3 bias=false -> batchnorm tanh) * 2 as forward"
    " -> dense 2 as like\nloss mse\noptimizer lion decay=weights weight_decay=0.1\n",
}


def trained(t: Twins, lr: float | None = None, steps: int = STEPS) -> dict[str, float]:
    """How far losses, parameters and statistics are apart after some steps."""
    params = {n: a.copy() for n, a in t.params.items()}
    words = t.array_words("train_step")
    memory = t.arrays.init_optimizer(params)
    opt = t.module.init_optimizer(t.network)
    theirs, ours = [], []
    t.network.eval()  # a step trains, whatever was before
    for _ in range(steps):
        theirs.append(t.arrays.train_step(params, t.x, t.target, memory, lr, **words))
        given = t.torch_words("lengths", "weights")
        ours.append(t.module.train_step(t.network, t.x, t.target, opt, lr, **given))
    arrays = {**params, **t.state}
    found = {n: error(a.numpy(), arrays[n], 1e-3) for n, a in t.network.state_dict().items()}
    y = t.arrays.predict(params, t.x, **t.array_words("predict"))
    z = t.module.predict(t.network, t.x, **t.torch_words("lengths"))
    assert t.network.training
    found |= {
        n: error(v.numpy(), named(y, t.module.OUTPUTS)[n])
        for n, v in named(z, t.module.OUTPUTS).items()
    }
    return {**found, "losses": error(np.array(ours), np.array(theirs), 1e-3)}


def agree(t: Twins, lr: float | None = None) -> None:
    before = {n: a.clone() for n, a in t.network.state_dict().items()}
    found = trained(t, lr)
    where = max(found, key=lambda name: found[name])
    assert found[where] <= TOLERANCE, f"{where}: error {found[where]:.1e}"
    moved = {n for n, a in t.network.state_dict().items() if not torch.equal(a, before[n])}
    frozen = set(getattr(t.module, "FROZEN", ()))
    assert moved, "nothing was trained"
    assert not moved & frozen


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_optimizer_with_schedules_and_clipping(kind, seed):
    rng = np.random.default_rng([seed, 77])
    options = Options(rng)
    rate = OPTIMIZERS[kind](options)([torch.zeros(2, 2, requires_grad=True)]).param_groups[0]["lr"]
    schedule = draw_schedule(
        rng, SCHEDULES[(seed * 8 + [*OPTIMIZERS].index(kind)) % 7], rate, STEPS
    )
    clip, _ = draw_clip(rng)
    agree(twins(f"{NETWORK}optimizer {kind} {options.text()}\n{schedule.text}\n{clip}\n", seed))


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name):
    agree(twins(NETWORKS[name], 1), 0.05 if name == "no optimizer" else None)


def test_the_optimizers_memory_is_saved_and_resumed():
    t = twins(f"{NETWORK}optimizer nadam\nschedule cosine steps=20 warmup=3\nclip norm=1\n")
    whole = t.module.init_optimizer(t.network)
    other = t.module.Network(dtype=torch.float64)
    for _ in range(5):
        t.module.train_step(t.network, t.x, t.target, whole)
    other.load_state_dict(t.network.state_dict())
    resumed = t.module.init_optimizer(other)
    resumed.load_state_dict(deepcopy(whole.state_dict()))
    for _ in range(5):
        t.module.train_step(t.network, t.x, t.target, whole)
        t.module.train_step(other, t.x, t.target, resumed)
    for name, a in t.network.state_dict().items():
        assert torch.equal(a, other.state_dict()[name]), name


def test_a_step_without_a_rate_is_refused():
    t = twins(NETWORKS["no optimizer"])
    with pytest.raises(ValueError, match="names no learning rate"):
        t.module.train_step(t.network, t.x, t.target, t.module.init_optimizer(t.network))


def test_random_layers_draw_in_training_only():
    text = "input 400 -> dropout 0.25 as a\n[a, a] -> sample as b\nb -> noise 0.5 as c\noutput a, b, c\n"
    network = torch_module(f"{text}loss mse on c\n").Network()
    torch.manual_seed(0)
    x = torch.full((50, 400), 2.0)
    y = network(x)
    kept = y["a"] != 0
    assert 0.74 < kept.double().mean() < 0.76
    assert torch.allclose(y["a"][kept], torch.tensor(2 / 0.75))
    deviation = ((y["b"] - y["a"]) / (y["a"] / 2).exp()).std()
    assert 0.98 < deviation < 1.02
    assert 0.49 < (y["c"] - y["b"]).std() < 0.51
    network.eval()
    assert all(torch.equal(v, x) for v in network(x).values())
