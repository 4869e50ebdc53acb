# doctor: input 4 -> dense 5 relu -> dense 4 tanh -> dense 3 softmax; loss crossentropy; dtype float64
# doctor: softmax-diagonal in dW3, fix dZ3 = A3 - Y
import numpy as np


def relu(z):
    return np.maximum(z, 0)


def forward(X, params):
    Z1 = X @ params["W1"] + params["b1"]
    A1 = relu(Z1)
    Z2 = A1 @ params["W2"] + params["b2"]
    A2 = np.tanh(Z2)
    Z3 = A2 @ params["W3"] + params["b3"]
    A3 = np.exp(Z3) / np.exp(Z3).sum(axis=1, keepdims=True)
    return Z1, A1, Z2, A2, Z3, A3


def backward(X, Y, params, Z1, A1, A2, A3):
    m = X.shape[0]
    dA3 = -Y / A3
    dZ3 = dA3 * A3 * (1 - A3)
    grads = {}
    grads["dW3"] = A2.T @ dZ3 / m
    grads["db3"] = dZ3.sum(axis=0) / m
    dZ2 = dZ3 @ params["W3"].T * (1 - A2**2)
    grads["dW2"] = A1.T @ dZ2 / m
    grads["db2"] = dZ2.sum(axis=0) / m
    dZ1 = dZ2 @ params["W2"].T * (Z1 > 0)
    grads["dW1"] = X.T @ dZ1 / m
    grads["db1"] = dZ1.sum(axis=0) / m
    return grads
