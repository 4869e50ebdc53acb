# doctor: input 3 -> dense 4 sigmoid bias=false -> dense 1 sigmoid bias=false; loss quadratic; dtype float64
# doctor: sign in who_grad, fix who_grad
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gradients(inputs, targets, wih, who):
    hidden = sigmoid(inputs @ wih)
    final = sigmoid(hidden @ who)
    errors = targets - final
    who_grad = hidden.T @ (errors * final * (1 - final)) / len(inputs)
    hidden_errors = (-errors * final * (1 - final)) @ who.T
    wih_grad = inputs.T @ (hidden_errors * hidden * (1 - hidden)) / len(inputs)
    return wih_grad, who_grad
