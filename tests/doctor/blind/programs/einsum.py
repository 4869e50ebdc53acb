"""Three layers by einsum."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "einsum",
    "r io n",
    "tanh relu none",
    "mse",
    "real",
    ("X y W1 b1 W2 b2 W3 b3 z1 a1 z2 a2 z3 loss g3:dz3 g2:dz2 g1:dz1 dW3 " "db3 dW2 db2 dW1 db1"),
    [([3, 5, 6, 2], 8), ([4, 6, 5, 3], 13), ([5, 5, 5, 5], 5)],
    """
z1 = np.einsum('ni,ij->nj', X, W1) + b1
a1 = np.tanh(z1)
z2 = np.einsum('ni,ij->nj', a1, W2) + b2
a2 = z2 * (z2 > 0)
z3 = np.einsum('ni,ij->nj', a2, W3) + b3
err = z3 - y
loss = np.einsum('nk,nk->', err, err) / err.size
g3 = 2 * err / err.size
dW3 = np.einsum('ni,nj->ij', a2, g3)
db3 = np.einsum('nj->j', g3)
g2 = np.einsum('nj,ij->ni', g3, W3) * (z2 > 0)
dW2 = np.einsum('ni,nj->ij', a1, g2)
db2 = np.einsum('nj->j', g2)
g1 = np.einsum('nj,ij->ni', g2, W2) * (1 - a1 ** 2)
dW1 = np.einsum('ni,nj->ij', X, g1)
db1 = np.einsum('nj->j', g1)
""",
)
mistake(
    "einsum",
    "idx",
    "indices of the weights exchanged",
    ("g1: einsum 'nj,ji->ni' contracts W2 the wrong way round (not " "transposed, square)."),
    "g1 = np.einsum('nj,ij->ni', g2, W2)",
    "g1 = np.einsum('nj,ji->ni', g2, W2)",
    size=([5, 5, 5, 5], 5),
)
mistake(
    "einsum",
    "nsum",
    "weight gradient summed separately",
    (
        "dW2: einsum 'ni,mj->ij' sums over the rows of a1 and g2 separately "
        "instead of over the same row."
    ),
    "dW2 = np.einsum('ni,nj->ij', a1, g2)",
    "dW2 = np.einsum('ni,mj->ij', a1, g2)",
)
mistake(
    "einsum",
    "db_i",
    "bias gradient summed over the wrong axis",
    ("db2: einsum 'nj->n' sums over the units instead of the rows (as many " "rows as units)."),
    "db2 = np.einsum('nj->j', g2)",
    "db2 = np.einsum('nj->n', g2)",
    size=([5, 5, 5, 5], 5),
)
mistake(
    "einsum",
    "mask_a1",
    "derivative of the wrong layer",
    "g2: the ReLU mask is taken from z1 instead of z2 (equal widths).",
    "* (z2 > 0)\ndW2",
    "* (z1 > 0)\ndW2",
    size=([4, 6, 6, 3], 13),
)
mistake(
    "einsum",
    "stale_g",
    "delta of the wrong layer",
    "db2: sums g1 instead of g2 (equal widths).",
    ("db2 = np.einsum('nj->j', g2)\ng1 = np.einsum('nj,ij->ni', g2, W2) * (1 " "- a1 ** 2)"),
    ("g1 = np.einsum('nj,ij->ni', g2, W2) * (1 - a1 ** 2)\ndb2 = " "np.einsum('nj->j', g1)"),
    size=([3, 5, 5, 2], 8),
)
mistake(
    "einsum",
    "skip_layer",
    "layer skipped in the backward pass",
    ("g1: goes back from g3 through W3 directly, layer 2 is skipped (equal " "widths)."),
    "g1 = np.einsum('nj,ij->ni', g2, W2)",
    "g1 = np.einsum('nj,ij->ni', g3, W3)",
    size=([4, 5, 5, 3], 6),
)
mistake(
    "einsum",
    "sech",
    "derivative formula wrong",
    "g1: the tanh derivative is 1/cosh(z1) instead of 1/cosh(z1)**2.",
    "(1 - a1 ** 2)",
    "(1 / np.cosh(z1))",
)
pair("einsum", "mask_a1", "nsum", size=([4, 6, 6, 3], 13))
correct("einsum")
correct("einsum", size=([5, 5, 5, 5], 5))
correct("einsum", "* (1 - a1 ** 2)", "/ np.cosh(z1) ** 2", note="tanh derivative as 1/cosh^2")
