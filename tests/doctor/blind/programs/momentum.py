"""Two layers and a step with momentum."""

from __future__ import annotations

from ..dense import base, correct, mistake

base(
    "momentum",
    "r io n",
    "tanh softmax",
    "crossentropy",
    "onehot",
    "X Y W1 b1 W2 b2 A1 A2 dW1 db1 dW2 db2 W1_new b1_new W2_new b2_new",
    [([5, 4, 3], 10), ([3, 6, 2], 4), ([4, 4, 4], 8)],
    """
lr, mu = 0.1, 0.9
vW1, vb1, vW2, vb2 = [np.zeros_like(p) for p in (W1, b1, W2, b2)]
A1 = np.tanh(X.dot(W1) + b1)
S = A1.dot(W2) + b2
S = S - S.max(axis=1)[:, np.newaxis]
A2 = np.exp(S) / np.exp(S).sum(axis=1)[:, np.newaxis]
D2 = (A2 - Y) / len(Y)
dW2 = A1.T.dot(D2)
db2 = D2.sum(axis=0)
D1 = D2.dot(W2.T) * (1 - A1 * A1)
dW1 = X.T.dot(D1)
db1 = D1.sum(axis=0)
vW1 = mu * vW1 - lr * dW1
vb1 = mu * vb1 - lr * db1
vW2 = mu * vW2 - lr * dW2
vb2 = mu * vb2 - lr * db2
W1_new = W1 + vW1
b1_new = b1 + vb1
W2_new = W2 + vW2
b2_new = b2 + vb2
""",
    optimizer=("momentum", 0.1),
)
mistake(
    "momentum",
    "sign",
    "momentum velocity with the wrong sign",
    "vW1: mu*v + lr*dW1 is added to W1, the step goes uphill for W1.",
    "vW1 = mu * vW1 - lr * dW1",
    "vW1 = mu * vW1 + lr * dW1",
)
mistake(
    "momentum",
    "lr_twice",
    "learning rate applied twice",
    ("W2_new: the velocity already contains lr, it is multiplied by lr " "again."),
    "W2_new = W2 + vW2",
    "W2_new = W2 + lr * vW2",
)
mistake(
    "momentum",
    "mu_applied",
    "momentum applied to the gradient",
    (
        "vW1, first step: the velocity is mu*(v - lr*dW1), the gradient is "
        "multiplied by the momentum too."
    ),
    "vW1 = mu * vW1 - lr * dW1",
    "vW1 = mu * (vW1 - lr * dW1)",
)
mistake(
    "momentum",
    "wrong_v",
    "bias updated with another layer's gradient",
    "b1_new: adds the velocity of b2 (equal widths).",
    "b1_new = b1 + vb1",
    "b1_new = b1 + vb2",
    size=([5, 4, 4], 10),
)
mistake(
    "momentum",
    "stale_v",
    "update before the velocity is refreshed",
    ("W1_new: computed from the old velocity (zero), W1 does not move in " "the first step."),
    "vW1 = mu * vW1 - lr * dW1",
    "W1_old_v = vW1\nvW1 = mu * vW1 - lr * dW1",
    "W1_new = W1 + vW1",
    "W1_new = W1 + W1_old_v",
)
correct("momentum")
correct(
    "momentum",
    "vW1 = mu * vW1 - lr * dW1",
    "vW1 = mu * vW1 + dW1",
    "W1_new = W1 + vW1",
    "W1_new = W1 - lr * vW1",
    note="velocity without lr for W1, the same first step",
)
