# doctor: input 5 -> dense 6 tanh -> dense 4 softmax; loss crossentropy; regularize l2=0.01; dtype float64
# doctor: l2-missing in grads["W2"], fix grads["W2"] = A1.T @ dZ2 / len(X) + 0.01 * W2
"""Class ids as targets, as in the lectures of CS231n."""

import numpy as np


def loss_and_gradients(X, y, W1, b1, W2, b2, reg=0.01):
    n = X.shape[0]
    hidden = np.tanh(X @ W1 + b1)
    scores = hidden @ W2 + b2
    scores -= scores.max(axis=1, keepdims=True)
    probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    loss = -np.log(probs[np.arange(n), y]).mean()
    loss += 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    dscores = probs.copy()
    dscores[np.arange(n), y] -= 1
    dscores /= n
    grads = {"W2": hidden.T @ dscores, "b2": dscores.sum(axis=0)}
    dhidden = (dscores @ W2.T) * (1 - hidden**2)
    grads["W1"] = X.T @ dhidden + reg * W1
    grads["b1"] = dhidden.sum(axis=0)
    return loss, grads
