"""Samples as columns, Z, A and cost, in the manner of an online course."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "ng",
    "c oi n1",
    "tanh sigmoid",
    "bce",
    "binary",
    "X Y W1 b1 W2 b2 Z1 A1 Z2 A2 loss=cost dZ2 dW2 db2 dZ1 dW1 db1",
    [([2, 4, 1], 10), ([3, 5, 1], 25), ([4, 4, 1], 6)],
    """
m = X.shape[1]
# forward propagation
Z1 = np.dot(W1, X) + b1
A1 = np.tanh(Z1)
Z2 = np.dot(W2, A1) + b2
A2 = 1 / (1 + np.exp(-Z2))
# cost
logprobs = np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 - Y)
cost = -np.sum(logprobs) / m
# backward propagation
dZ2 = A2 - Y
dW2 = np.dot(dZ2, A1.T) / m
db2 = np.sum(dZ2, axis=1, keepdims=True) / m
dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))
dW1 = np.dot(dZ1, X.T) / m
db1 = np.sum(dZ1, axis=1, keepdims=True) / m
""",
    dz="N",
    note="dZ is per example, the division by m is in dW and db",
)
mistake(
    "ng",
    "db_no_axis",
    "bias gradient summed to a scalar",
    "db1: np.sum without axis=1, one number instead of one a unit.",
    "db1 = np.sum(dZ1, axis=1, keepdims=True) / m",
    "db1 = np.sum(dZ1) / m",
)
mistake(
    "ng",
    "m_rows",
    "division by the wrong count",
    (
        "m: X.shape[0] is the number of features here (samples are columns), "
        "loss and gradients are divided by the wrong number."
    ),
    "m = X.shape[1]",
    "m = X.shape[0]",
)
mistake(
    "ng",
    "tanh_no_square",
    "derivative formula wrong",
    "dZ1: derivative of tanh is written 1 - A1, the square is missing.",
    "(1 - np.power(A1, 2))",
    "(1 - A1)",
)
mistake(
    "ng",
    "tanh_z",
    "derivative formula fed with z instead of a",
    (
        "dZ1: 1 - Z1^2 instead of 1 - A1^2 (pre-activation in the formula of "
        "the tanh derivative)."
    ),
    "np.power(A1, 2)",
    "np.power(Z1, 2)",
)
mistake(
    "ng",
    "tanh_twice",
    "derivative formula fed with a instead of z (activation applied twice)",
    "dZ1: 1 - tanh(A1)^2, tanh is applied to A1 which is already tanh(Z1).",
    "np.power(A1, 2)",
    "np.power(np.tanh(A1), 2)",
)
mistake(
    "ng",
    "sig_prime_for_tanh",
    "derivative of another activation",
    ("dZ1: the derivative of the sigmoid A1*(1-A1) is used, but layer 1 is " "a tanh."),
    "(1 - np.power(A1, 2))",
    "A1 * (1 - A1)",
)
mistake(
    "ng",
    "dW1_no_m",
    "division by rows missing in one place",
    "dW1: not divided by m (the other gradients are).",
    "dW1 = np.dot(dZ1, X.T) / m",
    "dW1 = np.dot(dZ1, X.T)",
)
mistake(
    "ng",
    "db2_no_m",
    "bias gradient not averaged",
    "db2: not divided by m.",
    "db2 = np.sum(dZ2, axis=1, keepdims=True) / m",
    "db2 = np.sum(dZ2, axis=1, keepdims=True)",
)
mistake(
    "ng",
    "cost_half",
    "term missing in the loss",
    "cost: the term (1 - Y) log(1 - A2) is missing.",
    ("logprobs = np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 " "- Y)"),
    "logprobs = np.multiply(np.log(A2), Y)",
)
mistake(
    "ng",
    "out_prime",
    "extra derivative at the output",
    (
        "dZ2: multiplied by the sigmoid derivative A2*(1-A2), which the "
        "cross-entropy already cancels."
    ),
    "dZ2 = A2 - Y",
    "dZ2 = (A2 - Y) * A2 * (1 - A2)",
)
mistake(
    "ng",
    "div_each_layer",
    "division by rows twice",
    "dZ1: divided by m although dW1 and db1 are divided by m again below.",
    "* (1 - np.power(A1, 2))",
    "* (1 - np.power(A1, 2)) / m",
)
mistake(
    "ng",
    "W1_backward",
    "wrong layer's weights in the backward pass",
    "dZ1: the error is sent back through W1 (its first rows) instead of W2.",
    "np.dot(W2.T, dZ2)",
    "np.dot(W1[:1].T, dZ2)",
    size=([4, 4, 1], 6),
)
mistake(
    "ng",
    "db_dW",
    "bias gradient from the weight gradient",
    ("db1: the row sums of dW1 are taken instead of the sum of dZ1 over the " "samples."),
    "db1 = np.sum(dZ1, axis=1, keepdims=True) / m",
    "db1 = np.sum(dW1, axis=1, keepdims=True)",
)
mistake(
    "ng",
    "A1_sig",
    "wrong activation in the forward pass",
    (
        "A1: a sigmoid is computed in the forward pass, layer 1 should be tanh "
        "(and the backward line is that of tanh)."
    ),
    "A1 = np.tanh(Z1)",
    "A1 = 1 / (1 + np.exp(-Z1))",
)
pair("ng", "tanh_no_square", "db2_no_m")
pair("ng", "cost_half", "tanh_z")
pair("ng", "m_rows", "out_prime")
correct("ng")
correct("ng", "dZ2 = A2 - Y", "dA2 = -Y / A2 + (1 - Y) / (1 - A2)\ndZ2 = dA2 * A2 * (1 - A2)")
correct("ng", size=([4, 4, 1], 4), dtype="float32")
correct("ng", "(1 - np.power(A1, 2))", "(1 - np.tanh(Z1) ** 2)", size=([3, 6, 1], 1))
