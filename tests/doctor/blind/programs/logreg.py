"""Logistic regression."""

from __future__ import annotations

from ..dense import base, correct, mistake

base(
    "logreg",
    "r io n",
    "sigmoid",
    "bce",
    "binary",
    ("X y W1=w b1=b z=z:z1 y_hat=y_hat:a1 loss dW1=dw db1=db W1_new=w_new " "b1_new=b_new"),
    [([4, 1], 10), ([7, 1], 3), ([3, 1], 32)],
    """
w, b = W1, b1
alpha = 0.1
n = X.shape[0]
z = X @ w + b
y_hat = 1 / (1 + np.exp(-z))
loss = -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
dw = X.T @ (y_hat - y) / n
db = np.sum(y_hat - y) / n
w_new = w - alpha * dw
b_new = b - alpha * db
""",
    optimizer=("sgd", 0.1),
)
mistake(
    "logreg",
    "y_flat",
    "broadcasting (n,1) with (n,)",
    (
        "dw and db: y was flattened to (n,), so y_hat - y is an n x n matrix; "
        "its rows are summed as if they were the error."
    ),
    "dw = X.T @ (y_hat - y) / n\ndb = np.sum(y_hat - y) / n",
    (
        "err = (y_hat - y.ravel()).sum(axis=1, keepdims=True)\ndw = X.T @ err / "
        "n\ndb = np.sum(err) / n"
    ),
)
mistake(
    "logreg",
    "threshold",
    "rounded prediction used in the error",
    (
        "dw: the error uses the 0/1 prediction (y_hat > 0.5) instead of the "
        "probability (perceptron rule)."
    ),
    "dw = X.T @ (y_hat - y) / n",
    "dw = X.T @ ((y_hat > 0.5) - y) / n",
    size=([4, 1], 10),
)
mistake(
    "logreg",
    "mse_rule",
    "derivative of another loss",
    "dw: 2(y_hat-y)*y_hat*(1-y_hat), the gradient of mse; the loss is bce.",
    "dw = X.T @ (y_hat - y) / n",
    "dw = 2 * X.T @ ((y_hat - y) * y_hat * (1 - y_hat)) / n",
)
mistake(
    "logreg",
    "ascent",
    "update with the wrong sign",
    "w_new: alpha*dw is added (ascent).",
    "w_new = w - alpha * dw",
    "w_new = w + alpha * dw",
)
mistake(
    "logreg",
    "loss_eps",
    "probabilities shifted in the log",
    "loss: log(y_hat + 0.1), the epsilon is much too large.",
    "np.log(y_hat) +",
    "np.log(y_hat + 0.1) +",
)
mistake(
    "logreg",
    "b_alpha",
    "bias step with the wrong gradient",
    "b_new: uses the mean of dw instead of db.",
    "b_new = b - alpha * db",
    "b_new = b - alpha * np.mean(dw)",
)
correct("logreg")
correct("logreg", size=([3, 1], 1))
correct(
    "logreg", "dw = X.T @ (y_hat - y) / n", "dw = np.mean(X * (y_hat - y), axis=0).reshape(-1, 1)"
)
