"""W11: predictions of W1 and W5 for one example at a time."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..workload import Array, Params, Product, aims
from . import convolution, mlp
from .by_hand import sigmoid, softmax


def mlp_by_hand(params: Params, x: Array) -> Array:
    """Probabilities."""
    w1, b1, w2, b2 = params.values()
    return softmax(sigmoid(x @ w1 + b1) @ w2 + b2)


def lenet_by_hand(params: Params, x: Array) -> Array:
    """Probabilities."""
    return softmax(convolution.lenet_forward(params, x)[-1])


def forward_only(*layers: tuple[int, int, int]) -> list[Product]:
    """One product a layer."""
    return [Product(*layer) for layer in layers]


W1, W5 = mlp.WORKLOADS[0], convolution.WORKLOADS[0]

WORKLOADS = (
    replace(
        W1,
        name="W11a",
        title="inference of W1 at batch 1",
        draw=mlp.draw_digits(1),
        by_hand=mlp_by_hand,
        products=forward_only((1, 784, 30), (1, 30, 10)),
        aims=aims(0.60, None, 0.3),
        inference=True,
        looping=False,
        epoch=False,
    ),
    replace(
        W5,
        name="W11b",
        title="inference of W5 at batch 1",
        draw=partial(convolution.draw, batch=1, shape=(1, 28, 28)),
        by_hand=lenet_by_hand,
        products=forward_only(
            (576, 25, 6), (64, 150, 16), (1, 256, 120), (1, 120, 84), (1, 84, 10)
        ),
        aims=aims(1.0, None, 0.6),
        inference=True,
    ),
)
