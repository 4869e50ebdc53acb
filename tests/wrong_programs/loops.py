# doctor: input 3 -> dense 4 relu -> dense 2; loss mse; dtype float64
# doctor: sum-for-mean in db2, fix db2 =
import numpy as np


def gradients(X, y, W1, b1, W2, b2):
    dW1 = np.zeros_like(W1)
    db1 = np.zeros_like(b1)
    dW2 = np.zeros_like(W2)
    db2 = np.zeros_like(b2)
    n = len(X)
    for i in range(n):
        h = np.maximum(X[i] @ W1 + b1, 0)
        out = h @ W2 + b2
        err = 2 * (out - y[i]) / len(out)
        for j in range(W2.shape[0]):
            for k in range(W2.shape[1]):
                dW2[j, k] += h[j] * err[k] / n
        db2 += err
        dh = (W2 @ err) * (h > 0)
        dW1 += np.outer(X[i], dh) / n
        db1 += dh / n
    return dW1, db1, dW2, db2
