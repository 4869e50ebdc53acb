"""The same networks as people write them by hand: batched NumPy, and a loop over examples."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def batched_step(params: dict[str, Array], x: Array, target: Array, lr: float) -> float:
    """784-30-10, sigmoid then softmax and cross entropy: forward, backward and SGD on a batch."""
    w1, b1, w2, b2 = params.values()
    rows = np.arange(len(x))
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    z = h @ w2 + b2
    z -= z.max(axis=1, keepdims=True)
    e = np.exp(z)
    total = e.sum(axis=1, keepdims=True)
    loss = (np.log(total[:, 0]) - z[rows, target]).mean()
    dz = e / total
    dz[rows, target] -= 1
    dz /= len(x)
    dh = (dz @ w2.T) * h * (1 - h)
    w2 -= lr * (h.T @ dz)
    b2 -= lr * dz.sum(axis=0)
    w1 -= lr * (x.T @ dh)
    b1 -= lr * dh.sum(axis=0)
    return float(loss)


class LoopedNetwork:
    """Sigmoid layers under the quadratic cost, one example at a time, columns for vectors.

    The way of M. Nielsen, Neural Networks and Deep Learning, chapter 1: each example is
    propagated by itself and the gradients of a mini-batch are added up.
    """

    def __init__(self, weights: list[Array], biases: list[Array]) -> None:
        self.weights, self.biases = weights, biases

    def update_mini_batch(self, batch: list[tuple[Array, Array]], rate: float) -> None:
        """One step of gradient descent on the examples of a batch."""
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in batch:
            delta_b, delta_w = self.backprop(x, y)
            nabla_b = [total + one for total, one in zip(nabla_b, delta_b, strict=True)]
            nabla_w = [total + one for total, one in zip(nabla_w, delta_w, strict=True)]
        pace = rate / len(batch)
        self.weights = [w - pace * n for w, n in zip(self.weights, nabla_w, strict=True)]
        self.biases = [b - pace * n for b, n in zip(self.biases, nabla_b, strict=True)]

    def backprop(self, x: Array, y: Array) -> tuple[list[Array], list[Array]]:
        """Gradients of one example's cost, by biases and weights."""
        activations = [x]
        for b, w in zip(self.biases, self.weights, strict=True):
            activations.append(1 / (1 + np.exp(-(w @ activations[-1] + b))))
        nabla_b, nabla_w = [], []
        error = activations[-1] - y
        for layer in range(len(self.weights) - 1, -1, -1):
            a = activations[layer + 1]
            delta = error * a * (1 - a)
            nabla_b.insert(0, delta)
            nabla_w.insert(0, delta @ activations[layer].T)
            error = self.weights[layer].T @ delta
        return nabla_b, nabla_w
