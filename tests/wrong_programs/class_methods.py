# doctor: input 4 -> dense 6 relu -> dense 3 softmax; loss crossentropy; dtype float64
# doctor: updated-weights in dW1, fix dA1 =
import numpy as np


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size, std=0.5):
        rng = np.random.RandomState(1)
        self.W1 = std * rng.randn(input_size, hidden_size)
        self.b1 = 0.1 * rng.randn(hidden_size)
        self.W2 = std * rng.randn(hidden_size, output_size)
        self.b2 = 0.1 * rng.randn(output_size)

    def forward(self, X):
        self.X = X
        self.h = np.maximum(0, X @ self.W1 + self.b1)
        scores = self.h @ self.W2 + self.b2
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.probs = e / e.sum(axis=1, keepdims=True)
        return self.probs

    def backward(self, y, lr=0.1):
        n = len(y)
        dscores = (self.probs - y) / n
        self.dW2 = self.h.T @ dscores
        self.db2 = dscores.sum(axis=0)
        self.W2 -= lr * self.dW2
        self.b2 -= lr * self.db2
        dh = dscores @ self.W2.T
        dh[self.h <= 0] = 0
        self.dW1 = self.X.T @ dh
        self.db1 = dh.sum(axis=0)
