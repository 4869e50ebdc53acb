"""Four layers with functions drelu, dtanh, dsig."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "four",
    "r io 1n",
    "relu tanh sigmoid none",
    "mse",
    "real",
    (
        "X Y W1 b1 W2 b2 W3 b3 W4 b4 z1 a1 z2 a2 z3 a3 z4 loss dz4 dz3 dz2 dz1 "
        "dW4 db4 dW3 db3 dW2 db2 dW1 db1"
    ),
    [([4, 6, 5, 4, 2], 9), ([3, 8, 4, 5, 1], 18), ([5, 5, 5, 5, 5], 5)],
    """
def relu(x): return np.maximum(0, x)
def drelu(x): return (x > 0).astype(float)
def dtanh(x): return 1 - np.tanh(x) ** 2
def sig(x): return 1 / (1 + np.exp(-x))
def dsig(x): return sig(x) * (1 - sig(x))

m = len(X)
z1 = np.matmul(X, W1) + b1
a1 = relu(z1)
z2 = np.matmul(a1, W2) + b2
a2 = np.tanh(z2)
z3 = np.matmul(a2, W3) + b3
a3 = sig(z3)
z4 = np.matmul(a3, W4) + b4
loss = np.sum((z4 - Y) ** 2) / (m * Y.shape[1])
dz4 = 2 * (z4 - Y) / (m * Y.shape[1])
dz3 = np.matmul(dz4, W4.T) * dsig(z3)
dz2 = np.matmul(dz3, W3.T) * dtanh(z2)
dz1 = np.matmul(dz2, W2.T) * drelu(z1)
dW4 = np.matmul(a3.T, dz4)
dW3 = np.matmul(a2.T, dz3)
dW2 = np.matmul(a1.T, dz2)
dW1 = np.matmul(X.T, dz1)
db4 = np.sum(dz4, axis=0, keepdims=True)
db3 = np.sum(dz3, axis=0, keepdims=True)
db2 = np.sum(dz2, axis=0, keepdims=True)
db1 = np.sum(dz1, axis=0, keepdims=True)
""",
)
mistake(
    "four",
    "dz_names",
    "derivative of another activation",
    "dz2: dsig is used for layer 2, which is a tanh layer.",
    "* dtanh(z2)",
    "* dsig(z2)",
)
mistake(
    "four",
    "wrong_z",
    "derivative of the wrong layer",
    "dz2: the tanh derivative is taken at z3 instead of z2 (equal widths).",
    "* dtanh(z2)",
    "* dtanh(z3)",
    size=([4, 6, 5, 5, 2], 9),
)
mistake(
    "four",
    "a_in_dsig",
    "derivative formula fed with a instead of z (activation applied twice)",
    "dz3: dsig(a3) instead of dsig(z3).",
    "dsig(z3)",
    "dsig(a3)",
)
mistake(
    "four",
    "dtanh_once",
    "derivative formula wrong",
    "dtanh: 1 - np.tanh(x), the square is missing (layer 2).",
    "np.tanh(x) ** 2",
    "np.tanh(x)",
)
mistake(
    "four",
    "skip",
    "layer fed with the wrong input in the forward pass",
    "z4: uses a2 instead of a3 (equal widths).",
    "np.matmul(a3, W4)",
    "np.matmul(a2, W4)",
    size=([4, 6, 5, 5, 2], 7),
)
mistake(
    "four",
    "W_chain",
    "wrong layer's weights in the backward pass",
    "dz1: goes back through W3 instead of W2 (square).",
    "np.matmul(dz2, W2.T)",
    "np.matmul(dz2, W3.T)",
    size=([5, 5, 5, 5, 5], 5),
)
mistake(
    "four",
    "dW2_X",
    "weight gradient from the wrong activation",
    "dW2: uses a2 (the output of the layer) instead of a1 (equal widths).",
    "np.matmul(a1.T, dz2)",
    "np.matmul(a2.T, dz2)",
    size=([4, 5, 5, 4, 2], 9),
)
mistake(
    "four",
    "db_copy",
    "copy and paste: bias gradient of another layer",
    "db2: sums dz3 (a copied line), not dz2 (equal widths).",
    "db2 = np.sum(dz2",
    "db2 = np.sum(dz3",
    size=([4, 6, 5, 5, 2], 8),
)
mistake(
    "four",
    "loss_half",
    "loss with another factor than the gradient",
    ("loss: has the factor 1/2, the gradients have the factor 2 of the " "plain mean of squares."),
    "loss = np.sum(",
    "loss = 0.5 * np.sum(",
)
mistake(
    "four",
    "keepdims",
    "bias gradient broadcast",
    "db3: mean over all rows and units, repeated for each unit.",
    "db3 = np.sum(dz3, axis=0, keepdims=True)",
    "db3 = np.full_like(b3, np.mean(dz3))",
)
mistake(
    "four",
    "no_w_t_dz3",
    "elementwise product instead of the matrix product",
    ("dz1: dz2 * W2.T elementwise instead of the matrix product (5 rows, " "square)."),
    "np.matmul(dz2, W2.T) *",
    "dz2 * W2.T *",
    size=([5, 5, 5, 5, 5], 5),
)
pair("four", "dz_names", "db_copy", size=([4, 6, 5, 5, 2], 8))
correct("four")
correct("four", size=([5, 5, 5, 5, 5], 5))
correct("four", "dz4 = 2 * (z4 - Y)", "dz4 = -2 * (Y - z4)", size=([4, 3, 6, 2, 1], 17))
