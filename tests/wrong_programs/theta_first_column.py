# doctor: input 4 -> dense 5 sigmoid -> dense 3 sigmoid; loss bce reduction=sum; dtype float64
# doctor: missing-derivative in Theta1_grad[:, 1:], fix dZ1 = (dZ2 @ Theta2[:, 1:]) * A1 * (1 - A1)
"""Biases are the first column of Theta, as in the machine learning course on Coursera."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def doctor(params, x, target):
    Theta1 = np.hstack([params["b1"][:, None], params["W1"].T])
    Theta2 = np.hstack([params["b2"][:, None], params["W2"].T])
    m = len(x)
    a1 = np.hstack([np.ones((m, 1)), x])
    a2 = np.hstack([np.ones((m, 1)), sigmoid(a1 @ Theta1.T)])
    a3 = sigmoid(a2 @ Theta2.T)
    delta3 = a3 - target
    delta2 = (delta3 @ Theta2)[:, 1:]
    return {
        **{"Theta1": Theta1, "Theta2": Theta2},
        **{"Theta1_grad": delta2.T @ a1, "Theta2_grad": delta3.T @ a2},
    }
