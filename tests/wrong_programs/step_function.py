# doctor: input 3 -> dense 4 tanh -> dense 2; loss mse; optimizer sgd lr=0.05
# doctor: ascent in W1_new, fix W -= lr * dW
"""A gradient that is right, and a step that adds it in place, as some write it."""

import numpy as np


def forward(X, params):
    A1 = np.tanh(X @ params["W1"] + params["b1"])
    A2 = A1 @ params["W2"] + params["b2"]
    return A2, {"A1": A1, "A2": A2}


def backward(X, Y, params, cache):
    dZ2 = 2 * (cache["A2"] - Y) / Y.size
    dZ1 = dZ2 @ params["W2"].T * (1 - cache["A1"] ** 2)
    return {
        "dW1": X.T @ dZ1,
        "db1": dZ1.sum(axis=0),
        "dW2": cache["A1"].T @ dZ2,
        "db2": dZ2.sum(axis=0),
    }


def update(params, grads, learning_rate):
    for name in params:
        params[name] += learning_rate * grads["d" + name]
