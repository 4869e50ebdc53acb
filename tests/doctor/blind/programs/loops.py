"""Nested loops over examples, inputs and units."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "loops",
    "r io n",
    "sigmoid sigmoid",
    "bce",
    "binary",
    "X y W1 b1 W2 b2 loss dW1 db1 dW2 db2",
    [([3, 4, 2], 5), ([2, 3, 1], 8), ([4, 3, 3], 6)],
    """
import math
def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))

N = len(X)
n_in, n_hid = W1.shape
n_out = W2.shape[1]
dW1 = np.zeros((n_in, n_hid)); db1 = np.zeros(n_hid)
dW2 = np.zeros((n_hid, n_out)); db2 = np.zeros(n_out)
loss = 0.0
for n in range(N):
    hidden = []
    for j in range(n_hid):
        s = b1[j]
        for i in range(n_in):
            s += X[n][i] * W1[i][j]
        hidden.append(sigmoid(s))
    output = []
    for k in range(n_out):
        s = b2[k]
        for j in range(n_hid):
            s += hidden[j] * W2[j][k]
        output.append(sigmoid(s))
    for k in range(n_out):
        loss += -(y[n][k] * math.log(output[k]) + (1 - y[n][k]) * math.log(1 - output[k]))
    delta_out = [0.0] * n_out
    for k in range(n_out):
        delta_out[k] = output[k] - y[n][k]
    delta_hid = [0.0] * n_hid
    for j in range(n_hid):
        error = 0.0
        for k in range(n_out):
            error += delta_out[k] * W2[j][k]
        delta_hid[j] = error * hidden[j] * (1 - hidden[j])
    for j in range(n_hid):
        for k in range(n_out):
            dW2[j][k] += delta_out[k] * hidden[j]
    for k in range(n_out):
        db2[k] += delta_out[k]
    for i in range(n_in):
        for j in range(n_hid):
            dW1[i][j] += delta_hid[j] * X[n][i]
    for j in range(n_hid):
        db1[j] += delta_hid[j]
loss /= N * n_out
dW1 /= N * n_out
db1 /= N * n_out
dW2 /= N * n_out
db2 /= N * n_out
""",
)
mistake(
    "loops",
    "no_reset_error",
    "accumulator not reset",
    (
        "error in the hidden delta: set to 0 once before the loop over j, so "
        "it carries over from one hidden unit to the next."
    ),
    ("    delta_hid = [0.0] * n_hid\n    for j in range(n_hid):\n        " "error = 0.0\n"),
    ("    delta_hid = [0.0] * n_hid\n    error = 0.0\n    for j in " "range(n_hid):\n"),
)
mistake(
    "loops",
    "assign",
    "gradient of the last example only",
    "dW2: = instead of +=, only the last example counts.",
    "dW2[j][k] += delta_out[k] * hidden[j]",
    "dW2[j][k] = delta_out[k] * hidden[j]",
)
mistake(
    "loops",
    "inner_last",
    "only the last output counts",
    (
        "hidden delta: error = instead of error +=, only the last output unit "
        "sends its error back."
    ),
    "error += delta_out[k] * W2[j][k]",
    "error = delta_out[k] * W2[j][k]",
)
mistake(
    "loops",
    "idx",
    "indices of the weights exchanged",
    "hidden delta: W2[k][j] instead of W2[j][k] (square).",
    "error += delta_out[k] * W2[j][k]",
    "error += delta_out[k] * W2[k][j]",
    size=([4, 3, 3], 6),
)
mistake(
    "loops",
    "off_by_one",
    "loop one short",
    ("dW1: the loop over the inputs runs to n_in - 1, the last input has no " "gradient."),
    "for i in range(n_in):\n        for j in range(n_hid):\n            dW1",
    ("for i in range(n_in - 1):\n        for j in range(n_hid):\n            " "dW1"),
)
mistake(
    "loops",
    "hidden_k",
    "wrong index in the derivative",
    (
        "hidden delta: the derivative uses hidden[k] (k left over from the "
        "loop before) instead of hidden[j]."
    ),
    "error * hidden[j] * (1 - hidden[j])",
    "error * hidden[k] * (1 - hidden[k])",
)
mistake(
    "loops",
    "bias_not_in_sum",
    "bias forgotten in the forward pass",
    ("hidden: the sum starts at 0 instead of b1[j], the bias of layer 1 is " "forgotten."),
    "s = b1[j]",
    "s = 0.0",
)
mistake(
    "loops",
    "early_loss",
    "loss of the last example only",
    "loss: = instead of +=, only the last example and output count.",
    "loss += -(y[n][k]",
    "loss = -(y[n][k]",
)
mistake(
    "loops",
    "div_n",
    "division by the wrong count in one place",
    (
        "dW1 is divided by N only, the mean is over rows and outputs (N * "
        "n_out), the others are right."
    ),
    "dW1 /= N * n_out",
    "dW1 /= N",
    size=([3, 4, 2], 5),
)
mistake(
    "loops",
    "x_zero",
    "stale example index",
    "dW1: always uses X[0] instead of X[n].",
    "delta_hid[j] * X[n][i]",
    "delta_hid[j] * X[0][i]",
)
pair("loops", "no_reset_error", "div_n")
correct("loops")
correct("loops", size=([3, 3, 3], 3))
