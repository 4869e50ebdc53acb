"""Two layers and a step of Adam."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "adam",
    "r io n",
    "relu none",
    "mse",
    "real",
    "X y W1 b1 W2 b2 a1 a2 dW1 db1 dW2 db2 W1_new b1_new W2_new b2_new",
    [([4, 6, 2], 8), ([3, 5, 1], 16)],
    """
lr, beta1, beta2, eps = 0.01, 0.9, 0.999, 1e-8
z1 = X @ W1 + b1
a1 = np.maximum(z1, 0)
a2 = a1 @ W2 + b2
dz2 = 2 * (a2 - y) / a2.size
dW2 = a1.T @ dz2
db2 = dz2.sum(0)
dz1 = dz2 @ W2.T * (a1 > 0)
dW1 = X.T @ dz1
db1 = dz1.sum(0)

def adam(p, g, m, v, t):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g ** 2
    m_hat = m / (1 - beta1 ** t)
    v_hat = v / (1 - beta2 ** t)
    return p - lr * m_hat / (np.sqrt(v_hat) + eps)

t = 1
W1_new = adam(W1, dW1, 0, 0, t)
b1_new = adam(b1, db1, 0, 0, t)
W2_new = adam(W2, dW2, 0, 0, t)
b2_new = adam(b2, db2, 0, 0, t)
""",
    optimizer=("adam", 0.01),
)
mistake(
    "adam",
    "no_correction",
    "Adam without bias correction",
    "adam: m_hat and v_hat are m and v, the bias correction is missing.",
    "m_hat = m / (1 - beta1 ** t)\n    v_hat = v / (1 - beta2 ** t)",
    "m_hat = m\n    v_hat = v",
)
mistake(
    "adam",
    "no_sqrt",
    "Adam without the square root",
    "adam: divides by v_hat instead of its square root.",
    "np.sqrt(v_hat) + eps",
    "v_hat + eps",
)
mistake(
    "adam",
    "t_zero",
    "Adam step counter wrong",
    ("adam: t is 2 at the first step (increased twice), the bias correction " "is that of step 2."),
    "t = 1\n",
    "t = 2\n",
)
mistake(
    "adam",
    "v_not_square",
    "Adam second moment without the square",
    "adam: v is built from |g| instead of g squared.",
    "(1 - beta2) * g ** 2",
    "(1 - beta2) * np.abs(g)",
)
mistake(
    "adam",
    "shared_state",
    "optimizer state shared by parameters",
    (
        "W2_new: the moments m and v are not zero at the first step, they "
        "still hold the state of an earlier call with the same gradient, so "
        "the step of W2 is about 1.3 times too long."
    ),
    "W2_new = adam(W2, dW2, 0, 0, t)",
    "W2_new = adam(W2, dW2, 0.1 * dW2, 0.001 * dW2 ** 2, t)",
)
mistake(
    "adam",
    "beta_swap",
    "Adam betas exchanged",
    "adam: the bias correction of m uses beta2 and that of v uses beta1.",
    "m / (1 - beta1 ** t)",
    "m / (1 - beta2 ** t)",
    "v / (1 - beta2 ** t)",
    "v / (1 - beta1 ** t)",
)
mistake(
    "adam",
    "plus",
    "update with the wrong sign",
    "adam: the step is added to the parameters.",
    "return p - lr",
    "return p + lr",
)
mistake(
    "adam",
    "relu_z",
    "derivative formula wrong",
    (
        "dz1: multiplied by np.sign(z1), which is -1 for negative z1, instead "
        "of the ReLU mask 0/1."
    ),
    "* (a1 > 0)",
    "* np.sign(z1)",
)
pair("adam", "no_correction", "relu_z")
correct("adam")
correct("adam", dtype="float32", ret="X y W1 b1 W2 b2 a1 a2 dW1 db1 dW2 db2")
