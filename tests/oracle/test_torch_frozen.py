"""`frozen=true` against `requires_grad=False`, and batchnorm in evaluation mode, while training."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch import nn
from torch.nn import functional as F

from .generated import TOLERANCE, module

B = 8
SPEC = """\
input 2x6x6
  -> (conv 3 3x3 bias=false -> batchnorm relu) frozen=true
  -> conv 4 3x3 bias=false -> batchnorm relu
  -> flatten -> dense 5 frozen=true tanh
  -> dense 3
loss crossentropy
optimizer {}
clip norm=0.5
dtype {}
"""
OPTIMIZERS = {
    "sgd lr=0.1 momentum=0.9 weight_decay=0.01": lambda p: torch.optim.SGD(
        p, lr=0.1, momentum=0.9, weight_decay=0.01
    ),
    "adamw lr=0.01 weight_decay=0.1": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
}


class Network(nn.Module):
    """The same layers, their parameters under the names that the module has for them."""

    def __init__(self, params, state):
        super().__init__()
        self.first = nn.Conv2d(2, 3, 3, bias=False)
        self.norm = nn.BatchNorm2d(3)
        self.second = nn.Conv2d(3, 4, 3, bias=False)
        self.norm2 = nn.BatchNorm2d(4)
        self.hidden = nn.Linear(16, 5)
        self.last = nn.Linear(5, 3)
        self.to(torch.tensor(params["dense1.b"]).dtype)
        self.named = {
            "conv1.W": self.first.weight,
            "batchnorm1.gamma": self.norm.weight,
            "batchnorm1.beta": self.norm.bias,
            "conv2.W": self.second.weight,
            "batchnorm2.gamma": self.norm2.weight,
            "batchnorm2.beta": self.norm2.bias,
            "dense1.W": self.hidden.weight,
            "dense1.b": self.hidden.bias,
            "dense2.W": self.last.weight,
            "dense2.b": self.last.bias,
        }
        with torch.no_grad():
            for name, parameter in self.named.items():
                parameter.copy_(turned(name, torch.tensor(params[name])))
            for norm, name in ((self.norm, "batchnorm1"), (self.norm2, "batchnorm2")):
                norm.running_mean.copy_(torch.tensor(state[f"{name}.running_mean"]))
                norm.running_var.copy_(torch.tensor(state[f"{name}.running_var"]))
        for layer in (self.first, self.norm, self.hidden):
            layer.requires_grad_(False)
        self.norm.eval()

    def forward(self, x):
        x = F.relu(self.norm2(self.second(F.relu(self.norm(self.first(x))))))
        return self.last(torch.tanh(self.hidden(x.flatten(1))))


def turned(name, array):
    """A dense layer's matrix is stored the other way round."""
    return array.T if name.startswith("dense") and name.endswith("W") else array


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_goes_the_same_way(optimizer, dtype, level):
    made = module(SPEC.format(optimizer, dtype), level)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(B, 2, 6, 6)).astype(dtype)
    target = rng.integers(0, 3, B)
    params, state = made.init_params(2), made.init_state()
    for array in state.values():
        array[...] = rng.uniform(0.5, 2, array.shape)
    for name in ("batchnorm1.gamma", "batchnorm1.beta"):
        params[name][...] = rng.uniform(0.5, 2, 3)
    theirs, opt = Network(params, state), made.init_optimizer(params)
    trained = [p for p in theirs.parameters() if p.requires_grad]
    steps = OPTIMIZERS[optimizer](trained)
    for _ in range(5):
        _, cache = made.forward(
            params, x, state={n: a.copy() for n, a in state.items()}, train=True
        )
        grads = {n: np.array(g) for n, g in made.backward(params, cache, target).items()}
        value = made.train_step(params, x, target, opt, state=state)
        steps.zero_grad()
        loss = F.cross_entropy(theirs(torch.tensor(x)), torch.tensor(target))
        loss.backward()
        want = {
            n: turned(n, p.grad).numpy().copy() for n, p in theirs.named.items() if p.requires_grad
        }
        nn.utils.clip_grad_norm_(trained, 0.5)
        steps.step()
        assert value == pytest.approx(float(loss.detach()), rel=10 * TOLERANCE[dtype])
        assert set(grads) == set(want)
        largest = max(np.abs(g).max() for g in want.values())
        for name, grad in want.items():
            scale = max(np.abs(grad).max(), 1e-4 * largest)
            assert np.abs(grads[name] - grad).max() <= 10 * TOLERANCE[dtype] * scale, name
    for name, parameter in theirs.named.items():
        ours, other = params[name], turned(name, parameter.detach()).numpy()
        assert np.abs(ours - other).max() <= 10 * TOLERANCE[dtype], name
    for norm, name in ((theirs.norm, "batchnorm1"), (theirs.norm2, "batchnorm2")):
        np.testing.assert_allclose(
            state[f"{name}.running_mean"], norm.running_mean.numpy(), rtol=10 * TOLERANCE[dtype]
        )
