"""Samples as columns but weights as (in, out)."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "colio",
    "c io n1",
    "sigmoid tanh",
    "mse",
    "real",
    "X Y W1 b1 W2 b2 Z1 A1 Z2 A2 loss dW1 db1 dW2 db2",
    [([4, 5, 2], 7), ([3, 3, 3], 3), ([6, 4, 3], 20)],
    """
m = X.shape[1]
Z1 = W1.T @ X + b1
A1 = 1 / (1 + np.exp(-Z1))
Z2 = W2.T @ A1 + b2
A2 = np.tanh(Z2)
loss = np.sum((A2 - Y) ** 2) / (m * Y.shape[0])
dA2 = 2 * (A2 - Y) / (m * Y.shape[0])
dZ2 = dA2 * (1 - A2 ** 2)
dW2 = A1 @ dZ2.T
db2 = dZ2.sum(axis=1).reshape(-1, 1)
dA1 = W2 @ dZ2
dZ1 = dA1 * A1 * (1 - A1)
dW1 = X @ dZ1.T
db1 = dZ1.sum(axis=1).reshape(-1, 1)
""",
)
mistake(
    "colio",
    "dA1_T",
    "weights not transposed in the backward pass",
    ("dA1: W2.T @ dZ2 instead of W2 @ dZ2 (weights are stored (in, out), " "square)."),
    "dA1 = W2 @ dZ2",
    "dA1 = W2.T @ dZ2",
    size=([4, 3, 3], 7),
)
mistake(
    "colio",
    "m_only",
    "division by the wrong count",
    "dA2: divided by m only, the mean is over samples and outputs.",
    "dA2 = 2 * (A2 - Y) / (m * Y.shape[0])",
    "dA2 = 2 * (A2 - Y) / m",
)
mistake(
    "colio",
    "tanh_prime_missing",
    "output derivative missing",
    "dZ2: the tanh derivative of the output layer is missing.",
    "dZ2 = dA2 * (1 - A2 ** 2)",
    "dZ2 = dA2",
)
mistake(
    "colio",
    "exchanged",
    "derivatives of two layers exchanged",
    "dZ1: the tanh derivative 1 - A1^2 is used for the sigmoid layer 1.",
    "dA1 * A1 * (1 - A1)",
    "dA1 * (1 - A1 ** 2)",
)
mistake(
    "colio",
    "sinh",
    "activation formula wrong",
    ("A2: (e^z - e^-z)/2 is sinh, the division by (e^z + e^-z) of tanh is " "missing."),
    "A2 = np.tanh(Z2)",
    "A2 = (np.exp(Z2) - np.exp(-Z2)) / 2",
)
mistake(
    "colio",
    "reshape",
    "reshape instead of transpose",
    "dW1: dZ1.reshape(m, -1) instead of dZ1.T.",
    "X @ dZ1.T",
    "X @ dZ1.reshape(m, -1)",
)
mistake(
    "colio",
    "bias_row",
    "bias broadcast along the wrong axis",
    (
        "Z1: b1 is added as a row (b1.T), along the samples instead of the "
        "units (as many samples as units)."
    ),
    "W1.T @ X + b1",
    "W1.T @ X + b1.T",
    size=([3, 5, 2], 5),
)
pair("colio", "m_only", "exchanged", size=([4, 5, 2], 7))
correct("colio")
correct("colio", size=([3, 3, 3], 3))
