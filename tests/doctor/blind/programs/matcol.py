"""np.matrix, samples as columns."""

from __future__ import annotations

from ..dense import base, correct, mistake

base(
    "matcol",
    "c oi n1 mat",
    "tanh sigmoid",
    "bce",
    "binary",
    "X Y W1 b1 W2 b2 A1 A2 dW2 db2 dW1 db1",
    [([4, 6, 2], 8), ([5, 5, 5], 5)],
    """
m = X.shape[1]
A1 = np.tanh(W1 * X + b1)
A2 = 1 / (1 + np.exp(-(W2 * A1 + b2)))
dZ2 = (A2 - Y) / Y.size
dW2 = dZ2 * A1.T
db2 = dZ2.sum(axis=1)
dZ1 = np.multiply(W2.T * dZ2, 1 - np.power(A1, 2))
dW1 = dZ1 * X.T
db1 = dZ1.sum(axis=1)
""",
)
mistake(
    "matcol",
    "star",
    "* of np.matrix is the matrix product",
    (
        "dZ1: A1 * A1 is a matrix product for np.matrix, the tanh derivative "
        "needs elementwise squares (square)."
    ),
    "np.power(A1, 2)",
    "A1 * A1",
    size=([5, 5, 5], 5),
)
mistake(
    "matcol",
    "no_T",
    "weights not transposed in the backward pass",
    "dZ1: W2 * dZ2 instead of W2.T * dZ2 (square).",
    "W2.T * dZ2",
    "W2 * dZ2",
    size=([4, 5, 5], 6),
)
mistake(
    "matcol",
    "m_only",
    "division by the wrong count",
    "dZ2: divided by m, the mean is over samples and outputs.",
    "(A2 - Y) / Y.size",
    "(A2 - Y) / m",
    size=([4, 6, 2], 8),
)
correct("matcol")
correct("matcol", size=([3, 7, 1], 20))
