"""Systems whose result is stated against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from ..generated import build, in_float64, spec_text

LEVELS = pytest.mark.parametrize("level", [0, 1])


def policy(params):
    """S10's network with the given parameters."""
    linear = [torch.nn.Linear(*reversed(params[f"dense{i}.W"].T.shape)) for i in range(1, 7)]
    for i, layer in enumerate(linear, 1):
        layer.weight.data = torch.tensor(np.array(params[f"dense{i}.W"].T))
        layer.bias.data = torch.tensor(np.array(params[f"dense{i}.b"]))
    bent = [part for layer in linear[1:] for part in (layer, torch.nn.ReLU())]
    return torch.nn.Sequential(linear[0], *bent, torch.nn.Tanh()), linear


@LEVELS
def test_s10_trains_as_pytorch_does(level):
    made = build(in_float64(spec_text("systems/S10")), level)
    params = made.init_params(seed=0)
    opt = made.init_optimizer(params)
    network, linear = policy(params)
    theirs = torch.optim.AdamW(network.parameters(), lr=0.005, weight_decay=0.01)
    rng = np.random.default_rng(0)
    start = {n: p.copy() for n, p in params.items()}
    for _ in range(200):
        x, target = rng.uniform(-1, 1, (16, 2)), rng.uniform(0, 1, (16, 2))
        theirs.zero_grad()
        torch.nn.functional.mse_loss(network(torch.tensor(x)), torch.tensor(target)).backward()
        theirs.step()
        made.train_step(params, x, target, opt)
    assert_moved_alike(params, start, linear)


def assert_moved_alike(params, start, linear):
    for i, layer in enumerate(linear, 1):
        for name, want in ((f"dense{i}.W", layer.weight.T), (f"dense{i}.b", layer.bias)):
            found = want.detach().numpy()
            assert np.abs(params[name] - found).max() <= 1e-9 * np.abs(found).max(), name
            assert np.abs(params[name] - start[name]).max() > 0.01, f"{name} did not move"


def pull_of_the_robot(settings, wanted):
    """How an arm of two joints wants them changed, for its hand to come nearer: plain NumPy."""
    a, b = (np.pi * settings).T
    hand = np.stack([np.cos(a) + np.cos(a + b), np.sin(a) + np.sin(a + b)], axis=1)
    dx, dy = (hand - wanted).T / len(settings)
    by_b = -np.sin(a + b) * dx + np.cos(a + b) * dy
    return np.pi * np.stack([by_b - np.sin(a) * dx + np.cos(a) * dy, by_b], axis=1)


@LEVELS
def test_s10_trains_by_a_gradient_from_outside_as_pytorch_does(level):
    made = build(in_float64(spec_text("systems/S10")), level, ("vjp",))
    params = made.init_params(seed=0)
    opt = made.init_optimizer(params)
    network, linear = policy(params)
    theirs = torch.optim.AdamW(network.parameters(), lr=0.005, weight_decay=0.01)
    rng = np.random.default_rng(0)
    start = {n: p.copy() for n, p in params.items()}
    for _ in range(200):
        x = rng.uniform(-1, 1, (16, 2))
        y = network(torch.tensor(x))
        theirs.zero_grad()
        y.backward(torch.tensor(pull_of_the_robot(y.detach().numpy(), x)))
        theirs.step()
        y, cache = made.forward(params, x)
        grads, _ = made.vjp(params, cache, pull_of_the_robot(y, x))
        made.optimizer_step(params, grads, opt)
    assert_moved_alike(params, start, linear)


@LEVELS
def test_s11_moves_as_pytorchs_adam(level):
    made = build(spec_text("systems/S11"), level)
    params = made.init_params()
    opt = made.init_optimizer(params)
    point = torch.tensor([-1.0, -1.0], dtype=torch.float64, requires_grad=True)
    theirs = torch.optim.Adam([point], lr=0.01)
    noise = 0.3 * np.random.default_rng(1).standard_normal((200, 2))

    def gradient(at, step):
        at = torch.tensor(np.array(at), requires_grad=True)
        value = (1 - at[0]) ** 2 + 100 * (at[1] - at[0] ** 2) ** 2
        (found,) = torch.autograd.grad(value, at)
        return found * torch.tensor(1 + noise[step])

    for step in range(200):
        point.grad = gradient(point.detach().numpy(), step)
        theirs.step()
        ours = gradient(params["dense1.W"][0], step).numpy()
        made.optimizer_step(params, {"dense1.W": ours[None]}, opt)
        want = point.detach().numpy()
        assert np.abs(params["dense1.W"][0] - want).max() <= 1e-12 * np.abs(want).max()
