"""A column of ones and biases in the first row of the weights."""

from __future__ import annotations

from ..dense import base, correct, mistake

base(
    "biastrick",
    "r io 1n",
    "sigmoid softmax",
    "crossentropy",
    "onehot",
    ("X Y W1 b1 W2 b2 A1=A1[:,1:] A2 loss dW1=G1[1:] db1=G1[:1] dW2=G2[1:] " "db2=G2[:1]"),
    [([4, 5, 3], 7), ([6, 4, 4], 12), ([4, 4, 4], 5)],
    """
m = X.shape[0]
Theta1 = np.vstack([b1, W1])
Theta2 = np.vstack([b2, W2])
A0 = np.hstack([np.ones((m, 1)), X])
A1 = 1 / (1 + np.exp(-A0.dot(Theta1)))
A1 = np.hstack([np.ones((m, 1)), A1])
Z2 = A1.dot(Theta2)
A2 = np.exp(Z2) / np.exp(Z2).sum(axis=1)[:, None]
loss = -(Y * np.log(A2)).sum() / m
D2 = (A2 - Y) / m
G2 = A1.T.dot(D2)
D1 = D2.dot(Theta2.T) * A1 * (1 - A1)
D1 = D1[:, 1:]
G1 = A0.T.dot(D1)
""",
)
mistake(
    "biastrick",
    "wrong_col",
    "bias column stripped at the wrong end",
    ("D1: the last column is removed instead of the first, the bias unit is " "column 0."),
    "D1 = D1[:, 1:]",
    "D1 = D1[:, :-1]",
)
mistake(
    "biastrick",
    "zeros",
    "bias column of zeros",
    (
        "A0: the extra column is zeros, so the bias of layer 1 does nothing "
        "(forward pass and gradient)."
    ),
    "A0 = np.hstack([np.ones((m, 1)), X])",
    "A0 = np.hstack([np.zeros((m, 1)), X])",
)
mistake(
    "biastrick",
    "bias_last",
    "bias column at the wrong end",
    (
        "A1: the column of ones is appended at the end, the biases are in the "
        "first row of Theta2."
    ),
    "A1 = np.hstack([np.ones((m, 1)), A1])",
    "A1 = np.hstack([A1, np.ones((m, 1))])",
    ret="X Y W1 b1 W2 b2 A2 loss dW1=G1[1:] db1=G1[:1] dW2=G2[1:] db2=G2[:1]",
)
mistake(
    "biastrick",
    "no_prime",
    "hidden derivative missing",
    "D1: the derivative of the sigmoid is missing.",
    "D2.dot(Theta2.T) * A1 * (1 - A1)",
    "D2.dot(Theta2.T)",
)
correct("biastrick")
correct("biastrick", size=([4, 4, 4], 4))
