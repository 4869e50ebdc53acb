# doctor: input 4 -> dense 5 tanh -> dense 2; loss quadratic; dtype float64
# doctor: missing-derivative in dW1[:-1], fix dZ1 = (dZ2 @ W2[:-1].T) * (1 - A1**2)
"""Biases are the last row of the weights, for an input of -1 (as Marsland's book has it)."""

import numpy as np


def doctor(params, x, target):
    V = np.vstack([params["W1"], -params["b1"]])
    W = np.vstack([params["W2"], -params["b2"]])
    x1 = np.hstack([x, -np.ones((len(x), 1))])
    hidden = np.tanh(x1 @ V)
    hidden1 = np.hstack([hidden, -np.ones((len(x), 1))])
    y = hidden1 @ W
    deltao = (y - target) / len(x)
    deltah = deltao @ W[:-1].T
    return {
        "W1": V,
        "W2": W,
        "dW1": x1.T @ deltah,
        "dW2": hidden1.T @ deltao,
    }
