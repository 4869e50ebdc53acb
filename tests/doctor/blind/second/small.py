"""Small networks as in first lessons: XOR, an autoencoder, Python lists, a line."""

from __future__ import annotations

from ..dense import base, correct, mistake

base(
    "xor",
    "c oi n1",
    "sigmoid sigmoid",
    "mse",
    "binary",
    ("X Y W1 b1 W2 b2 A1 A2 loss=cost dW1 db1 dW2 db2 W1_new b1_new W2_new b2_new"),
    [([2, 3, 1], 4), ([2, 4, 1], 4), ([3, 5, 2], 8)],
    """
lr = 0.7
sig = lambda z: 1 / (1 + np.exp(-z))
A1 = sig(W1 @ X + b1)
A2 = sig(W2 @ A1 + b2)
cost = np.mean((A2 - Y) ** 2)
E2 = 2 * (A2 - Y) / Y.size * A2 * (1 - A2)
dW2 = E2 @ A1.T
db2 = np.sum(E2, axis=1, keepdims=True)
E1 = W2.T @ E2 * A1 * (1 - A1)
dW1 = E1 @ X.T
db1 = np.sum(E1, axis=1, keepdims=True)
W2_new = W2 - lr * dW2
b2_new = b2 - lr * db2
W1_new = W1 - lr * dW1
b1_new = b1 - lr * db1
""",
    optimizer=("sgd", 0.7),
)
mistake(
    "xor",
    "error_reversed",
    "sign of the error",
    "E2 begins with Y - A2, but the steps subtract: everything climbs.",
    "(A2 - Y) / Y.size * A2",
    "(Y - A2) / Y.size * A2",
)
mistake(
    "xor",
    "stepped_first",
    "weights used after their step",
    "E1 goes back through W2 after its step.",
    "E1 = W2.T @ E2",
    "E1 = (W2 - lr * dW2).T @ E2",
)
mistake(
    "xor",
    "slope_of_error",
    "slope of the wrong thing",
    "E1: the slope is taken of the error that came back, e (1 - e), not of A1.",
    "E1 = W2.T @ E2 * A1 * (1 - A1)",
    "e = W2.T @ E2\nE1 = e * e * (1 - e)",
)
mistake(
    "xor",
    "db1_mean",
    "mean where a sum belongs",
    "db1 is the mean over the samples; E1 has the division already.",
    "db1 = np.sum(E1, axis=1, keepdims=True)",
    "db1 = np.mean(E1, axis=1, keepdims=True)",
    size=([3, 5, 2], 8),
)
mistake(
    "xor",
    "no_hidden_bias",
    "bias forgotten forward",
    "b1 is not added in the forward pass.",
    "A1 = sig(W1 @ X + b1)",
    "A1 = sig(W1 @ X)",
)
mistake(
    "xor",
    "bias_step_forgotten",
    "step forgotten",
    "b2 is not stepped.",
    "b2_new = b2 - lr * db2",
    "b2_new = b2.copy()",
)
correct("xor")
correct("xor", size=([3, 5, 2], 8), dtype="float32")

base(
    "auto",
    "r io 1n",
    "sigmoid sigmoid",
    "mse",
    "unit",
    "X Y W1 b1 W2 b2 code:a1 rec:a2 loss dz2 dW2 db2 dz1 dW1 db1",
    [([8, 3, 8], 12), ([10, 4, 10], 7)],
    """
def sigma(v):
    return 1.0 / (1.0 + np.exp(-v))

code = sigma(X.dot(W1) + b1)
rec = sigma(code.dot(W2) + b2)
n, d = Y.shape
loss = ((rec - Y) ** 2).sum() / (n * d)
dz2 = 2.0 * (rec - Y) * rec * (1 - rec) / (n * d)
dW2 = code.T.dot(dz2)
db2 = dz2.sum(axis=0, keepdims=True)
dz1 = dz2.dot(W2.T) * code * (1 - code)
dW1 = X.T.dot(dz1)
db1 = dz1.sum(axis=0, keepdims=True)
""",
)
mistake(
    "auto",
    "loss_half",
    "loss and gradient do not belong together",
    "The loss has a factor 1/2 that the gradients do not know.",
    "loss = (",
    "loss = 0.5 * (",
)
mistake(
    "auto",
    "no_slope_out",
    "slope of the output missing",
    "dz2 has no rec (1 - rec).",
    "(rec - Y) * rec * (1 - rec) /",
    "(rec - Y) /",
)
mistake(
    "auto",
    "tied_back",
    "weights of the other layer",
    "dz1 goes back through W1, as if the decoder were tied to the encoder.",
    "dz2.dot(W2.T)",
    "dz2.dot(W1)",
)
mistake(
    "auto",
    "tanh_slope",
    "slope of another function",
    "dz1 has 1 - code^2, the slope of tanh.",
    "* code * (1 - code)",
    "* (1 - code ** 2)",
)
mistake(
    "auto",
    "rows_only",
    "mean over the features forgotten",
    "dz2 is divided by n only, the loss by n d.",
    "* (1 - rec) / (n * d)",
    "* (1 - rec) / n",
)
mistake(
    "auto",
    "target_code",
    "target is the input of the layer",
    "dz2 uses the difference from the mean of Y over the samples, not from Y.",
    "2.0 * (rec - Y) * rec",
    "2.0 * (rec - Y.mean(axis=0)) * rec",
)
correct("auto")
correct("auto", "2.0 * (rec - Y)", "-2.0 * (Y - rec)")

base(
    "lists",
    "r io n",
    "sigmoid sigmoid",
    "mse",
    "unit",
    "X Y W1 b1 W2 b2 loss dW1 db1 dW2 db2",
    [([3, 3, 2], 6), ([2, 4, 2], 5), ([2, 3, 3], 8)],
    """
from math import exp
def s(t): return 1 / (1 + exp(-t))
n, k, m, q = len(X), len(W1), len(W2), len(W2[0])
dW1 = np.zeros((k, m)); dW2 = np.zeros((m, q)); db1 = np.zeros(m); db2 = np.zeros(q)
loss = 0
for x, y in zip(X, Y):
    h = [s(sum(x[i] * W1[i][j] for i in range(k)) + b1[j]) for j in range(m)]
    o = [s(sum(h[j] * W2[j][c] for j in range(m)) + b2[c]) for c in range(q)]
    loss += sum((o[c] - y[c]) ** 2 for c in range(q)) / (n * q)
    do = [2 * (o[c] - y[c]) * o[c] * (1 - o[c]) / (n * q) for c in range(q)]
    dh = [sum(do[c] * W2[j][c] for c in range(q)) * h[j] * (1 - h[j]) for j in range(m)]
    for j in range(m):
        for c in range(q):
            dW2[j][c] += do[c] * h[j]
    for i in range(k):
        for j in range(m):
            dW1[i][j] += dh[j] * x[i]
    for c in range(q):
        db2[c] += do[c]
    for j in range(m):
        db1[j] += dh[j]
""",
)
mistake(
    "lists",
    "indices",
    "indices exchanged",
    "dh reads W2[c][j], the transpose (square).",
    "sum(do[c] * W2[j][c] for c",
    "sum(do[c] * W2[c][j] for c",
    size=([2, 3, 3], 8),
)
mistake(
    "lists",
    "last_sample",
    "assigned, not added",
    "dW1 is assigned in the loop: the last sample wins.",
    "dW1[i][j] += dh[j] * x[i]",
    "dW1[i][j] = dh[j] * x[i]",
)
mistake(
    "lists",
    "first_input",
    "index stuck",
    "dW1 uses the first sample's inputs for all samples.",
    "dW1[i][j] += dh[j] * x[i]",
    "dW1[i][j] += dh[j] * X[0][i]",
)
mistake(
    "lists",
    "no_slope_hidden",
    "slope missing",
    "dh has no h (1 - h).",
    "for c in range(q)) * h[j] * (1 - h[j]) for",
    "for c in range(q)) for",
)
mistake(
    "lists",
    "one_output",
    "only one output goes back",
    "dh takes only output 0 into account.",
    "sum(do[c] * W2[j][c] for c in range(q))",
    "do[0] * W2[j][0]",
)
mistake(
    "lists",
    "loss_of_outputs",
    "loss not averaged",
    "The loss is divided by the samples, not by samples and outputs.",
    "** 2 for c in range(q)) / (n * q)",
    "** 2 for c in range(q)) / n",
)
correct("lists")
correct("lists", size=([2, 3, 3], 3))

base(
    "line",
    "r io n",
    "none",
    "mse",
    "real",
    "X y W1=w b1=b p:a1 loss dW1=gw db1=gb W1_new=w2 b1_new=b2_",
    [([3, 1], 9), ([5, 1], 20), ([4, 2], 7)],
    """
w, b = W1, b1
p = X @ w + b
loss = np.mean((p - y) ** 2)
gw = 2 * X.T @ (p - y) / y.size
gb = 2 * np.sum(p - y, axis=0) / y.size
w2 = w - 0.02 * gw
b2_ = b - 0.02 * gb
""",
    optimizer=("sgd", 0.02),
)
mistake(
    "line",
    "no_two",
    "factor 2 missing",
    "Both gradients lack the factor 2.",
    "gw = 2 * X",
    "gw = X",
    "gb = 2 * np",
    "gb = np",
)
mistake(
    "line",
    "no_two_b",
    "factor 2 missing in one",
    "The gradient of the bias lacks the factor 2.",
    "gb = 2 * np",
    "gb = np",
)
mistake(
    "line",
    "centered",
    "inputs centred in one place",
    "gw uses X minus its mean, the prediction does not.",
    "gw = 2 * X.T",
    "gw = 2 * (X - X.mean(axis=0)).T",
)
mistake(
    "line",
    "flat_target",
    "shapes broadcast",
    "y is flattened, so p - y is a matrix, whose mean along the rows is used everywhere.",
    "loss = np.mean((p - y) ** 2)\n",
    "loss = np.mean((p - y.ravel()) ** 2)\ne = (p - y.ravel()).mean(axis=1, keepdims=True)\n",
    "gw = 2 * X.T @ (p - y)",
    "gw = 2 * X.T @ e",
    "np.sum(p - y, axis=0)",
    "np.sum(e, axis=0)",
    size=([3, 1], 9),
)
mistake(
    "line",
    "lr_twice",
    "learning rate twice",
    "The step of w multiplies by the rate twice.",
    "w2 = w - 0.02 * gw",
    "w2 = w - 0.02 * 0.02 * gw",
)
mistake(
    "line",
    "plus",
    "step uphill",
    "The steps are added.",
    "w2 = w - 0.02",
    "w2 = w + 0.02",
    "b2_ = b - 0.02",
    "b2_ = b + 0.02",
)
correct("line")
correct("line", size=([4, 2], 7), dtype="float32")
