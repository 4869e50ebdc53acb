"""The softmax Jacobian of each example, with the squared error."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "jacobian",
    "r io n",
    "relu softmax",
    "mse",
    "onehot",
    "X y W1 b1 W2 b2 z1 a1 z2 a2 loss da2 dz2 dW2 db2 dW1 db1",
    [([4, 6, 3], 5), ([3, 8, 4], 9), ([5, 6, 2], 3)],
    """
z1 = X.dot(W1) + b1
a1 = np.where(z1 > 0, z1, 0)
z2 = a1.dot(W2) + b2
ez = np.exp(z2 - z2.max(axis=1, keepdims=True))
a2 = ez / ez.sum(axis=1, keepdims=True)
loss = np.mean((a2 - y) ** 2)
da2 = 2 * (a2 - y) / a2.size
dz2 = np.zeros_like(a2)
for i in range(len(a2)):
    p = a2[i].reshape(-1, 1)
    J = np.diagflat(p) - p.dot(p.T)
    dz2[i] = J.dot(da2[i])
dW2 = a1.T.dot(dz2)
db2 = dz2.sum(axis=0)
dz1 = dz2.dot(W2.T)
dz1[z1 <= 0] = 0
dW1 = X.T.dot(dz1)
db1 = dz1.sum(axis=0)
""",
)
mistake(
    "jacobian",
    "plus",
    "softmax Jacobian with the wrong sign",
    "J: diag(p) + p p^T instead of diag(p) - p p^T.",
    "np.diagflat(p) - p",
    "np.diagflat(p) + p",
)
mistake(
    "jacobian",
    "diag",
    "only the diagonal of the softmax Jacobian",
    "dz2: a2*(1-a2)*da2, only the diagonal of the softmax Jacobian.",
    "dz2[i] = J.dot(da2[i])",
    "dz2[i] = a2[i] * (1 - a2[i]) * da2[i]",
)
mistake(
    "jacobian",
    "ce",
    "derivative of another loss",
    ("dz2: (a2 - y)/N is for cross-entropy; the loss is mse, the softmax " "Jacobian is needed."),
    "dz2[i] = J.dot(da2[i])",
    "dz2[i] = (a2[i] - y[i]) / len(a2)",
)
mistake(
    "jacobian",
    "no_diag",
    "softmax Jacobian without the diagonal",
    "J: the diagonal part is missing, J = -p p^T.",
    "np.diagflat(p) - p.dot(p.T)",
    "-p.dot(p.T)",
)
mistake(
    "jacobian",
    "first_p",
    "Jacobian of one example for all",
    "J: made from a2[0] for every row.",
    "p = a2[i]",
    "p = a2[0]",
)
mistake(
    "jacobian",
    "inplace_relu",
    "array changed in place (aliasing)",
    (
        "a1: a1 = z1 and a1[a1 < 0] = 0 changes z1 too; the mask then tests z1 "
        "< 0 and nothing is masked."
    ),
    "a1 = np.where(z1 > 0, z1, 0)",
    "a1 = z1\na1[a1 < 0] = 0",
    "dz1[z1 <= 0] = 0",
    "dz1[z1 < 0] = 0",
)
mistake(
    "jacobian",
    "da2",
    "division by the wrong count",
    ("da2: divided by the number of classes only instead of rows times " "classes."),
    "/ a2.size",
    "/ a2.shape[1]",
)
pair("jacobian", "diag", "da2")
correct("jacobian")
correct("jacobian", "dz2[i] = J.dot(da2[i])", "dz2[i] = a2[i] * (da2[i] - a2[i].dot(da2[i]))")
