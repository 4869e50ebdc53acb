"""A loop over examples with outer products."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "outer",
    "r oi n",
    "tanh softmax",
    "crossentropy",
    "onehot",
    "X Y W1 b1 W2 b2 loss dW1 db1 dW2 db2",
    [([4, 5, 3], 6), ([3, 7, 4], 10), ([5, 5, 5], 4)],
    """
dW1, db1 = np.zeros_like(W1), np.zeros_like(b1)
dW2, db2 = np.zeros_like(W2), np.zeros_like(b2)
loss = 0
for i in range(len(X)):
    x, t = X[i], Y[i]
    h = np.tanh(W1 @ x + b1)
    o = W2 @ h + b2
    p = np.exp(o) / np.sum(np.exp(o))
    loss += -np.sum(t * np.log(p))
    do = p - t
    dW2 += np.outer(do, h)
    db2 += do
    dh = W2.T @ do
    dnet = dh * (1 - h * h)
    dW1 += np.outer(dnet, x)
    db1 += dnet
loss /= len(X)
dW1 /= len(X)
db1 /= len(X)
dW2 /= len(X)
db2 /= len(X)
""",
)
mistake(
    "outer",
    "outer_swapped",
    "weight gradient transposed",
    "dW1: np.outer(x, dnet) instead of np.outer(dnet, x) (square).",
    "np.outer(dnet, x)",
    "np.outer(x, dnet)",
    size=([5, 5, 5], 4),
)
mistake(
    "outer",
    "indent",
    "gradient of the last example only",
    "db2: assigned instead of added, only the last example counts.",
    "db2 += do",
    "db2 = do.copy()",
)
mistake(
    "outer",
    "reset_inside",
    "accumulator reset inside the loop",
    ("dW1 is set to zero at the start of each pass of the loop, only the " "last example remains."),
    "    x, t = X[i], Y[i]",
    "    x, t = X[i], Y[i]\n    dW1 = np.zeros_like(W1)",
)
mistake(
    "outer",
    "alias",
    "array changed in place (aliasing)",
    (
        "db2: do is multiplied in place by p*(1-p) after dW2 and dh were "
        "computed, db2 then adds the changed array."
    ),
    "    db2 += do\n    dh = W2.T @ do",
    "    dh = W2.T @ do\n    do *= p * (1 - p)\n    db2 += do",
)
mistake(
    "outer",
    "one_minus_h",
    "derivative formula wrong",
    "dnet: the tanh derivative is written 1 + h*h.",
    "(1 - h * h)",
    "(1 + h * h)",
)
mistake(
    "outer",
    "softmax_mse",
    "derivative of another loss",
    (
        "do: 2(p - t)*p*(1-p), the derivative for mse with a sigmoid; the loss "
        "is cross-entropy with softmax."
    ),
    "do = p - t",
    "do = 2 * (p - t) * p * (1 - p)",
)
mistake(
    "outer",
    "online",
    "weights changed during the loop over the batch",
    (
        "W2 is updated inside the loop after each example, so the gradients of "
        "the later examples are taken at other weights than W2."
    ),
    "    dW2 += np.outer(do, h)\n",
    ("    dW2 += np.outer(do, h)\n    W2_cur = W2_cur - 0.3 * np.outer(do, " "h)\n"),
    "loss = 0\n",
    "loss = 0\nW2_cur = W2.copy()\n",
    "    o = W2 @ h",
    "    o = W2_cur @ h",
)
mistake(
    "outer",
    "int_div",
    "rounded gradient",
    "dW1: rounded to 2 decimals before it is returned.",
    "dW1 /= len(X)",
    "dW1 = np.round(dW1 / len(X), 2)",
)
mistake(
    "outer",
    "double_softmax",
    "activation applied twice",
    "p: the softmax is applied a second time to its own output.",
    "p = np.exp(o) / np.sum(np.exp(o))",
    ("p = np.exp(o) / np.sum(np.exp(o))\n    p = np.exp(p) / " "np.sum(np.exp(p))"),
)
pair("outer", "indent", "one_minus_h")
correct("outer")
correct("outer", size=([4, 4, 4], 4))
correct("outer", "dnet = dh * (1 - h * h)", "dnet = dh * (1 - h) * (1 + h)")
