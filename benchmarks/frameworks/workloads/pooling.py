"""W9: one kernel that pools every channel, as system S01 does it; three forms in PyTorch."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..workload import FRAMEWORKS, Array, Batch, Params, Product, Workload, aims, dense_products
from .by_hand import crossentropy, dense_back, softmax

BATCH, SHAPE, POOLED = 16, (40, 64, 128), 40 * 32 * 32


def draw(rng: np.random.Generator) -> Batch:
    """Noise and class ids."""
    return rng.standard_normal((BATCH, *SHAPE), dtype=np.float32), rng.integers(0, 5, BATCH)


def grouped(x: Any, w: Any) -> Any:
    """A convolution with a group for each channel."""
    from torch.nn.functional import conv2d

    channels = x.shape[1]
    return conv2d(x, w.expand(channels, 1, 2, 4), stride=(2, 4), groups=channels)


def folded(x: Any, w: Any) -> Any:
    """A convolution of one channel; the channels count as examples."""
    from torch.nn.functional import conv2d

    pooled = conv2d(x.flatten(0, 1)[:, None], w[None, None], stride=(2, 4))
    return pooled.view(*x.shape[:2], *pooled.shape[2:])


def blocked(x: Any, w: Any) -> Any:
    """A weighted sum over the cells of each block."""
    import torch

    b, c, height, width = x.shape
    cells = x.view(b, c, height // 2, 2, width // 4, 4)
    return torch.einsum("bchiwj,ij->bchw", cells, w)


def torch_model(form: Any) -> Any:
    """Weighted pooling in one of the forms, then nn.Linear."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = torch.nn.Parameter(torch.zeros(2, 4))
            self.dense = torch.nn.Linear(POOLED, 5)

        def forward(self, x: Any) -> Any:
            weights = self.w.flatten().softmax(0).view(2, 4)
            return self.dense(form(x, weights).flatten(1))

    return Network()


def jax_logits(params: Any, x: Any) -> Any:
    """A weighted sum over the cells of each block."""
    import jax

    w, dense, b = params.values()
    weights = jax.nn.softmax(w.reshape(-1)).reshape(2, 4)
    c, height, width = SHAPE
    cells = x.reshape(len(x), c, height // 2, 2, width // 4, 4)
    pooled = jax.numpy.einsum("bchiwj,ij->bchw", cells, weights)
    return pooled.reshape(len(x), -1) @ dense + b


def by_hand(params: Params, x: Array, target: Array) -> tuple[float, dict[str, Array]]:
    """Loss and gradients: eight slices times eight weights."""
    w, dense, b = params.values()
    weights = softmax(w.reshape(-1)).reshape(2, 4)
    places = [(i, j) for i in range(2) for j in range(4)]
    pooled = sum(weights[i, j] * x[:, :, i::2, j::4] for i, j in places)
    flat = np.reshape(pooled, (len(x), -1))
    loss, dz = crossentropy(flat @ dense + b, target)
    ddense, db = dense_back(dz, flat)
    dpooled = (dz @ dense.T).reshape(np.shape(pooled))
    dweights = np.array([(dpooled * x[:, :, i::2, j::4]).sum() for i, j in places], np.float32)
    s = weights.reshape(-1)
    dw = (s * (dweights - s @ dweights)).reshape(2, 4)
    return loss, dict(zip(params, (dw, ddense, db), strict=True))


WORKLOADS = (
    Workload(
        name="W9",
        title="weighted pooling 2x4 of 40x64x128 (S01), dense 5, batch 16",
        spec="input 40x64x128 -> weightedpool 2x4 -> flatten -> dense 5 softmax\n"
        "loss crossentropy\n",
        draw=draw,
        torch={
            "grouped": partial(torch_model, grouped),
            "folded": partial(torch_model, folded),
            "blocked": partial(torch_model, blocked),
        },
        jax=jax_logits,
        by_hand=by_hand,
        products=[
            Product(1, 8, BATCH * POOLED),
            Product(1, BATCH * POOLED, 8),
            *dense_products(BATCH, POOLED, 5, data=False),
        ],
        aims=aims(0.85, 0.85, 0.4, numba_against=FRAMEWORKS),
    ),
)
