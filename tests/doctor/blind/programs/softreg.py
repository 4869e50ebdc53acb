"""Softmax regression with class numbers."""

from __future__ import annotations

from ..dense import base, correct, mistake

base(
    "softreg",
    "r io n",
    "softmax",
    "crossentropy",
    "int",
    "X y W1=W b1=b probs:a1 loss dW1=dW db1=db",
    [([4, 3], 10), ([6, 4], 5), ([2, 5], 24), ([4, 4], 4)],
    """
W, b = W1, b1
n, k = X.shape[0], b1.shape[0]
scores = X @ W + b
scores -= scores.max(axis=1, keepdims=True)
probs = np.exp(scores)
probs /= probs.sum(axis=1, keepdims=True)
Y = np.zeros((n, k))
Y[np.arange(n), y] = 1
loss = -np.log(probs[np.arange(n), y]).mean()
dscores = (probs - Y) / n
dW = X.T @ dscores
db = dscores.sum(axis=0)
""",
)
mistake(
    "softreg",
    "max_after",
    "softmax shifted inconsistently",
    ("probs: the maximum is subtracted in the numerator only, not in the " "denominator."),
    "probs /= probs.sum(axis=1, keepdims=True)",
    "probs /= np.exp(X @ W + b).sum(axis=1, keepdims=True)",
)
mistake(
    "softreg",
    "onehot_T",
    "one-hot matrix wrong",
    ("Y: the one-hot matrix is filled at [y, row], transposed (as many rows " "as classes)."),
    "Y[np.arange(n), y] = 1",
    "Y[y, np.arange(n)] = 1",
    size=([3, 4], 4),
)
mistake(
    "softreg",
    "scores_for_probs",
    "error on the scores instead of the probabilities",
    "dscores: scores - Y instead of probs - Y.",
    "(probs - Y) / n",
    "(scores - Y) / n",
)
mistake(
    "softreg",
    "k_div",
    "division by the wrong count",
    ("dscores: divided by the number of classes k instead of the number of " "rows n."),
    "(probs - Y) / n",
    "(probs - Y) / k",
    size=([6, 4], 5),
)
mistake(
    "softreg",
    "sigmoid",
    "wrong activation in the output layer",
    "probs: a sigmoid of each score instead of the softmax.",
    "probs = np.exp(scores)\nprobs /= probs.sum(axis=1, keepdims=True)",
    "probs = 1 / (1 + np.exp(-scores))",
)
correct("softreg")
correct("softreg", size=([4, 4], 4))
correct(
    "softreg",
    "dscores = (probs - Y) / n",
    "dscores = probs.copy()\ndscores[np.arange(n), y] -= 1\ndscores /= n",
    dtype="float32",
)
