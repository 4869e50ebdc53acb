"""A binary classifier with a penalty, derivative of the loss by its output."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "binary",
    "r io 1n",
    "relu sigmoid",
    "bce",
    "binary",
    (
        "X y W1 b1 W2 b2 h:a1 out:a2 loss dout:da2 dz2 dW2 db2 dh:da1 dz1 dW1 "
        "db1 W1_new b1_new W2_new b2_new"
    ),
    [([5, 6, 1], 10), ([3, 8, 2], 6), ([4, 4, 4], 4)],
    """
lr, lam = 0.1, 0.05
z1 = X @ W1 + b1
h = np.maximum(z1, 0)
z2 = h @ W2 + b2
out = 1 / (1 + np.exp(-z2))
loss = np.mean(-y * np.log(out) - (1 - y) * np.log(1 - out))
loss += lam * (np.sum(W1 ** 2) + np.sum(W2 ** 2))
dout = (-y / out + (1 - y) / (1 - out)) / y.size
dz2 = dout * out * (1 - out)
dW2 = h.T @ dz2 + 2 * lam * W2
db2 = dz2.sum(axis=0, keepdims=True)
dh = dz2 @ W2.T
dz1 = dh * (z1 > 0)
dW1 = X.T @ dz1 + 2 * lam * W1
db1 = dz1.sum(axis=0, keepdims=True)
W1_new = W1 - lr * dW1
b1_new = b1 - lr * db1
W2_new = W2 - lr * dW2
b2_new = b2 - lr * db2
""",
    l2=0.05,
    optimizer=("sgd", 0.1),
)
mistake(
    "binary",
    "clip",
    "term missing in the derivative of the loss",
    "dout: the part + (1-y)/(1-out) is missing.",
    "(-y / out + (1 - y) / (1 - out))",
    "(-y / out)",
)
mistake(
    "binary",
    "pos",
    "sign wrong in one term of the derivative of the loss",
    "dout: y/out without the minus sign.",
    "(-y / out + (1 - y)",
    "(y / out + (1 - y)",
)
mistake(
    "binary",
    "lam_half",
    "L2 gradient wrong factor",
    "dW2: lam*W2, half of the derivative of lam*W2^2.",
    "h.T @ dz2 + 2 * lam * W2",
    "h.T @ dz2 + lam * W2",
)
mistake(
    "binary",
    "dout_rows",
    "division by the wrong count",
    "dout: divided by the number of outputs instead of rows times outputs.",
    "/ y.size",
    "/ y.shape[1]",
)
mistake(
    "binary",
    "mask_dz",
    "ReLU mask taken from the gradient",
    "dz1: np.maximum(dh, 0), the ReLU is applied to the gradient.",
    "dh * (z1 > 0)",
    "np.maximum(dh, 0)",
)
mistake(
    "binary",
    "lam_forgotten",
    "L2 gradient missing",
    "dW1 and dW2: the gradient of the L2 term is missing in both.",
    "h.T @ dz2 + 2 * lam * W2",
    "h.T @ dz2",
    "X.T @ dz1 + 2 * lam * W1",
    "X.T @ dz1",
)
mistake(
    "binary",
    "no_sig",
    "output derivative missing",
    (
        "dz2: the sigmoid derivative is missing although dout is the "
        "derivative at the output of the sigmoid."
    ),
    "dz2 = dout * out * (1 - out)",
    "dz2 = dout",
)
mistake(
    "binary",
    "dropout",
    "dropout mask left in",
    (
        "h: a dropout mask (without rescaling) is still applied in the forward "
        "pass; the spec has no dropout."
    ),
    "h = np.maximum(z1, 0)",
    ("h = np.maximum(z1, 0) * (np.random.RandomState(0).rand(*z1.shape) < " "0.7)"),
)
mistake(
    "binary",
    "leaky_fwd",
    "leaky ReLU in the forward pass",
    ("h: leaky ReLU (0.1 z for negative z) instead of ReLU in the forward " "pass."),
    "h = np.maximum(z1, 0)",
    "h = np.maximum(z1, 0.1 * z1)",
)
pair("binary", "lam_half", "mask_dz")
correct("binary")
correct("binary", "dz2 = dout * out * (1 - out)", "dz2 = (out - y) / y.size")
correct("binary", size=([4, 4, 4], 4))
