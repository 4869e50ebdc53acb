"""np.matrix, samples as rows."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "matrow",
    "r io 1n mat",
    "sigmoid sigmoid",
    "mse",
    "unit",
    "X y W1 b1 W2 b2 z1 a1 z2 a2 loss dW2 db2 dW1 db1",
    [([4, 5, 2], 6), ([3, 6, 3], 9), ([5, 5, 5], 5)],
    """
z1 = X * W1 + b1
a1 = 1 / (1 + np.exp(-z1))
z2 = a1 * W2 + b2
a2 = 1 / (1 + np.exp(-z2))
loss = np.mean(np.power(a2 - y, 2))
d2 = np.multiply(2 * (a2 - y) / y.size, np.multiply(a2, 1 - a2))
dW2 = a1.T * d2
db2 = d2.sum(axis=0)
d1 = np.multiply(d2 * W2.T, np.multiply(a1, 1 - a1))
dW1 = X.T * d1
db1 = d1.sum(axis=0)
""",
)
mistake(
    "matrow",
    "star",
    "* of np.matrix is the matrix product",
    (
        "d1: the * between np.matrix is a matrix product, a1*(1-a1) multiplies "
        "matrices instead of elements (as many rows as units)."
    ),
    "np.multiply(a1, 1 - a1))\ndW1",
    "a1 * (1 - a1))\ndW1",
    size=([5, 5, 5], 5),
)
mistake(
    "matrow",
    "power",
    "factor 2 of the squared error missing",
    "d2: the factor 2 of the squared error is missing.",
    "2 * (a2 - y) / y.size",
    "(a2 - y) / y.size",
)
mistake(
    "matrow",
    "sum_all",
    "bias gradient summed to a scalar",
    "db1: d1.sum() without axis.",
    "db1 = d1.sum(axis=0)",
    "db1 = d1.sum()",
)
mistake(
    "matrow",
    "elementwise_W",
    "elementwise product instead of the matrix product",
    ("d1: np.multiply(d2, W2.T) instead of the matrix product d2 * W2.T " "(square)."),
    "np.multiply(d2 * W2.T, np",
    "np.multiply(np.multiply(d2, W2.T), np",
    size=([5, 5, 5], 5),
)
mistake(
    "matrow",
    "a2_out",
    "output derivative at the wrong place",
    ("d2: the sigmoid derivative at the output is taken at z2 (z2*(1-z2)) " "instead of a2."),
    "np.multiply(a2, 1 - a2)",
    "np.multiply(z2, 1 - z2)",
)
pair("matrow", "power", "sum_all")
correct("matrow")
correct("matrow", size=([4, 4, 4], 4))
