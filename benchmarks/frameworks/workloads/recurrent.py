"""W7 and W8: an LSTM whose last state is classified."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..workload import Aim, Array, Batch, Params, Product, Workload, aims, dense_products
from .by_hand import crossentropy, dense_back, sigmoid


def draw(rng: np.random.Generator, *, batch: int, steps: int, size: int) -> Batch:
    """Noise and class ids."""
    return rng.standard_normal((batch, steps, size), dtype=np.float32), rng.integers(0, 2, batch)


def torch_model(size: int, hidden: int) -> Any:
    """nn.LSTM and nn.Linear; its second, redundant bias stays zero."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(size, hidden, batch_first=True)
            self.dense = torch.nn.Linear(hidden, 2)
            self.lstm.bias_hh_l0.requires_grad_(False).zero_()

        def forward(self, x: Any) -> Any:
            return self.dense(self.lstm(x)[0][:, -1])

    return Network()


def jax_logits(params: Any, x: Any) -> Any:
    """One product for all inputs, then lax.scan over the steps."""
    import jax

    wx, wh, b, w, bias = params.values()
    hidden = len(wh)

    def step(carry: Any, xw: Any) -> Any:
        h, c = carry
        i, f, g, o = jax.numpy.split(xw + h @ wh, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jax.numpy.tanh(g)
        h = jax.nn.sigmoid(o) * jax.numpy.tanh(c)
        return (h, c), None

    zeros = jax.numpy.zeros((len(x), hidden), x.dtype)
    (h, _), _ = jax.lax.scan(step, (zeros, zeros), (x @ wx + b).swapaxes(0, 1))
    return h @ w + bias


def by_hand(params: Params, x: Array, target: Array) -> tuple[float, dict[str, Array]]:
    """Loss and gradients by backpropagation through time."""
    wx, wh, b, w, bias = params.values()
    rows, steps, _ = x.shape
    hidden = len(wh)
    xw = x @ wx + b
    h = c = np.zeros((rows, hidden), np.float32)
    kept = []
    for t in range(steps):
        z = xw[:, t] + h @ wh
        i, f, o = (sigmoid(z[:, k * hidden : (k + 1) * hidden]) for k in (0, 1, 3))
        g = np.tanh(z[:, 2 * hidden : 3 * hidden])
        before = (h, c)
        c = f * c + i * g
        squashed = np.tanh(c)
        h = o * squashed
        kept.append((i, f, g, o, squashed, *before))
    loss, dz = crossentropy(h @ w + bias, target)
    dw, dbias = dense_back(dz, h)
    dh, dc = dz @ w.T, np.zeros_like(c)
    dxw = np.empty_like(xw)
    dwh = np.zeros_like(wh)
    for t in range(steps - 1, -1, -1):
        i, f, g, o, squashed, h, c = kept[t]
        dc = dc + dh * o * (1 - squashed**2)
        parts = (
            dc * g * i * (1 - i),
            dc * c * f * (1 - f),
            dc * i * (1 - g**2),
            dh * squashed * o * (1 - o),
        )
        dgates = np.concatenate(parts, axis=1)
        dxw[:, t] = dgates
        dwh += h.T @ dgates
        dh, dc = dgates @ wh.T, dc * f
    dwx, db = dense_back(dxw, x)
    return loss, dict(zip(params, (dwx, dwh, db, dw, dbias), strict=True))


def products(batch: int, steps: int, size: int, hidden: int) -> list[Product]:
    """Inputs and weight gradients in one product each, states step by step."""
    gates = 4 * hidden
    return [
        *dense_products(batch * steps, size, gates),
        Product(batch, hidden, gates, times=steps),
        Product(batch, gates, hidden, times=steps - 1),
        Product(hidden, batch * steps, gates),
        *dense_products(batch, hidden, 2, data=False),
    ]


def network(
    name: str, hidden: int, steps: int, size: int, batch: int, row: tuple[Aim, ...]
) -> Workload:
    """One LSTM and a dense layer."""
    return Workload(
        name=name,
        title=f"lstm {hidden} over {steps}x{size}, dense 2, batch {batch}",
        spec=f"input {steps}x{size} -> lstm {hidden} -> dense 2 softmax\nloss crossentropy\n",
        draw=partial(draw, batch=batch, steps=steps, size=size),
        torch={"": partial(torch_model, size, hidden)},
        jax=jax_logits,
        by_hand=by_hand,
        products=products(batch, steps, size, hidden),
        aims=row,
    )


WORKLOADS = (
    network("W7", 100, 30, 768, 16, aims(1.0, 1.0, 0.8)),
    network("W8", 32, 50, 32, 8, aims(1.8, None, 0.4)),
)
