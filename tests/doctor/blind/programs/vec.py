"""Targets as a vector."""

from __future__ import annotations

from ..dense import base, correct, mistake

base(
    "vec",
    "r io n yvec",
    "tanh none",
    "mse",
    "real",
    "X y W1 b1 W2 b2 h:a1 pred=pred:a2 loss dW1 db1 dW2 db2",
    [([3, 5, 1], 7), ([4, 6, 1], 12)],
    """
# y is a vector of n targets
n = len(y)
h = np.tanh(X @ W1 + b1)
pred = h @ W2 + b2
diff = pred - y.reshape(-1, 1)
loss = np.mean(diff ** 2)
ddiff = 2 * diff / n
dW2 = h.T @ ddiff
db2 = ddiff.sum(axis=0)
dz = ddiff @ W2.T * (1 - h ** 2)
dW1 = X.T @ dz
db1 = dz.sum(axis=0)
""",
)
mistake(
    "vec",
    "broadcast",
    "broadcasting (n,1) with (n,)",
    ("diff: pred is (n,1) and y is (n,), pred - y is an n x n matrix; ddiff " "is its row sum."),
    "diff = pred - y.reshape(-1, 1)",
    "diff = pred - y",
    "ddiff = 2 * diff / n",
    "ddiff = 2 * diff.sum(axis=1, keepdims=True) / n",
)
mistake(
    "vec",
    "broadcast_mean",
    "broadcasting (n,1) with (n,)",
    (
        "loss and diff: pred (n,1) minus y (n,) gives n x n, the mean over "
        "axis 1 compares every prediction with the mean of y."
    ),
    "diff = pred - y.reshape(-1, 1)",
    "diff = (pred - y).mean(axis=1, keepdims=True)",
)
mistake(
    "vec",
    "y_norm",
    "target changed",
    ("diff: the target is standardised (minus mean) inside, the spec uses y " "itself."),
    "y.reshape(-1, 1)",
    "(y - y.mean()).reshape(-1, 1)",
)
mistake(
    "vec",
    "W2_flat",
    "derivative broadcast wrong",
    ("dz: the derivative is averaged over the rows (mean of 1 - h^2) before " "it is multiplied."),
    "(1 - h ** 2)",
    "(1 - h ** 2).mean(axis=0)",
)
mistake(
    "vec",
    "float16",
    "precision lost",
    "dW1: computed with rounded (integer) inputs, X.astype(int).",
    "dW1 = X.T @ dz",
    "dW1 = X.astype(int).T @ dz",
)
correct("vec")
correct("vec")
