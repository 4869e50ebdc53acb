"""W1 to W4 and W12: dense layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from ...generated import digits
from ..workload import (
    Aim,
    Array,
    Batch,
    Params,
    Workload,
    aims,
    dense_products,
)
from .by_hand import crossentropy, dense_back, sigmoid


def torch_model(sizes: tuple[int, ...], hidden: str, last: str | None = None) -> Any:
    """nn.Sequential of nn.Linear and activations, up to the logits."""
    from torch import nn

    kinds = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}
    layers: list[Any] = []
    for k, n in pairwise(sizes):
        layers += [nn.Linear(k, n), kinds[hidden]()]
    return nn.Sequential(*layers[:-1], *([kinds[last]()] if last else []))


def jax_logits(params: Any, x: Any, hidden: str, last: str | None = None) -> Any:
    """The same."""
    import jax

    act = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu, None: lambda z: z}
    values = list(params.values())
    pairs = list(zip(values[::2], values[1::2], strict=True))
    for at, (w, b) in enumerate(pairs):
        x = act[hidden if at < len(pairs) - 1 else last](x @ w + b)
    return x


def grads_by_hand(params: Params, x: Array, target: Array, hidden: str) -> tuple[float, Any]:
    """Crossentropy of softmax and its gradients."""
    values = list(params.values())
    weights, biases = values[::2], values[1::2]
    outs = [x]
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        z = outs[-1] @ w + b
        outs.append(sigmoid(z) if hidden == "sigmoid" else np.maximum(z, 0))
    loss, dz = crossentropy(outs[-1] @ weights[-1] + biases[-1], target)
    grads = []
    for at in range(len(weights) - 1, -1, -1):
        a = outs[at]
        dw, db = dense_back(dz, a)
        grads += [db, dw]
        if at:
            da = dz @ weights[at].T
            dz = da * a * (1 - a) if hidden == "sigmoid" else da * (a > 0)
    return loss, dict(zip(params, reversed(grads), strict=True))


def small_by_hand(params: Params, x: Array, target: Array) -> tuple[float, Any]:
    """W2: two sigmoid layers under mse."""
    w1, b1, w2, b2 = params.values()
    h = sigmoid(x @ w1 + b1)
    y = sigmoid(h @ w2 + b2)
    error = y - target
    dz = 2 / error.size * error * y * (1 - y)
    dh = (dz @ w2.T) * h * (1 - h)
    grads = (x.T @ dh, dh.sum(axis=0), h.T @ dz, dz.sum(axis=0))
    return float((error**2).mean()), dict(zip(params, grads, strict=True))


def draw_digits(batch: int) -> Callable[[np.random.Generator], Batch]:
    """Synthetic digits."""
    return lambda rng: digits(batch, int(rng.integers(2**31)))


def draw_small(rng: np.random.Generator) -> Batch:
    """XOR-like rows."""
    x = rng.integers(0, 2, (4, 2)).astype(np.float32)
    odd = x[:, 0] != x[:, 1]
    return x, np.stack([odd, ~odd], axis=1).astype(np.float32)


def digits_network(
    name: str, hidden: str, sizes: tuple[int, ...], batch: int, row: tuple[Aim, ...], **extra: Any
) -> Workload:
    """A classifier of digits."""
    layers = "".join(f" -> dense {n} {hidden}" for n in sizes[1:-1])
    optimizer = extra.get("optimizer", "sgd")
    shape = "-".join(map(str, sizes))
    title = f"{shape} {hidden}, softmax crossentropy, batch {batch}"
    return Workload(
        name=name,
        title=title + (" (Adam)" if optimizer == "adam" else ""),
        spec=f"input {sizes[0]}{layers} -> dense {sizes[-1]} softmax\n"
        f"loss crossentropy\noptimizer {optimizer} lr=0.01\n",
        draw=draw_digits(batch),
        torch={"": partial(torch_model, sizes, hidden)},
        jax=partial(jax_logits, hidden=hidden),
        by_hand=partial(grads_by_hand, hidden=hidden),
        products=dense_products(batch, *sizes),
        aims=row,
        **extra,
    )


BIG = (784, 1024, 1024, 10)

WORKLOADS = (
    digits_network(
        "W1", "sigmoid", (784, 30, 10), 10, aims(0.25, 0.60, 0.30), looping=True, epoch=True
    ),
    Workload(
        name="W2",
        title="2-5-2 sigmoid, mse, batch 4",
        spec="input 2 -> dense 5 sigmoid -> dense 2 sigmoid\nloss mse\noptimizer sgd lr=0.01\n",
        draw=draw_small,
        torch={"": partial(torch_model, (2, 5, 2), "sigmoid", "sigmoid")},
        jax=partial(jax_logits, hidden="sigmoid", last="sigmoid"),
        by_hand=small_by_hand,
        products=dense_products(4, 2, 5, 2),
        aims=aims(0.15, 0.9, 0.25, numba_epoch=0.05),
        loss="mse",
        looping=True,
        epoch=True,
    ),
    digits_network("W3", "relu", (784, 100, 200, 10), 32, aims(0.60, 0.90, 0.70), epoch=True),
    digits_network(
        "W4", "relu", BIG, 128, aims(1.20, None, 1.10, floor=1.10, numba_against=("floor",))
    ),
    digits_network(
        "W12",
        "sigmoid",
        (784, 30, 10),
        10,
        aims(0.28, None, 0.25),
        optimizer="adam",
        rate=1e-3,
    ),
)
