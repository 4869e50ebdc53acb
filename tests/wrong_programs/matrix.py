# doctor: input 4 -> dense 3 sigmoid -> dense 2 sigmoid; loss quadratic; dtype float64
# doctor: double-derivative in dW1, fix dZ1 = (dZ2 @ W2.T) * A1 * (1 - A1)
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def backprop(X, Y, W1, b1, W2, b2):
    X, Y, W1, W2 = np.matrix(X), np.matrix(Y), np.matrix(W1), np.matrix(W2)
    a1 = sigmoid(X * W1 + b1)
    a2 = sigmoid(a1 * W2 + b2)
    d2 = np.multiply(a2 - Y, np.multiply(a2, 1 - a2)) / len(X)
    slope = np.multiply(a1, 1 - a1)
    d1 = np.multiply(d2 * W2.T, np.multiply(slope, slope))
    dW2 = a1.T * d2
    db2 = np.sum(d2, axis=0)
    dW1 = X.T * d1
    db1 = np.sum(d1, axis=0)
    return dW1, db1, dW2, db2
