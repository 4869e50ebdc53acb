"""Linear regression with a penalty."""

from __future__ import annotations

from ..dense import base, correct, mistake

base(
    "linreg",
    "r io n",
    "none",
    "mse",
    "real",
    "X y W1 b1 y_pred:a1 loss dW1 db1 W1_new b1_new",
    [([3, 2], 6), ([5, 1], 12), ([4, 3], 2), ([3, 3], 3)],
    """
lr = 0.05
lam = 0.1
y_pred = X.dot(W1) + b1
error = y_pred - y
loss = np.mean(error ** 2) + lam * np.sum(W1 ** 2)
dW1 = (2.0 / error.size) * X.T.dot(error) + 2 * lam * W1
db1 = (2.0 / error.size) * error.sum(axis=0)
W1_new = W1 - lr * dW1
b1_new = b1 - lr * db1
""",
    l2=0.1,
    optimizer=("sgd", 0.05),
)
mistake(
    "linreg",
    "lam_once",
    "L2 gradient wrong factor",
    ("dW1: + lam*W1, the factor 2 of the derivative of lam*sum W^2 is " "missing."),
    "+ 2 * lam * W1",
    "+ lam * W1",
)
mistake(
    "linreg",
    "stale_W",
    "saved weights are a view of the updated ones",
    (
        "W1: W1_new = W1 is the same array and is updated in place, so the W1 "
        "given back is already the new one and does not belong to y_pred and "
        "the gradients."
    ),
    "W1_new = W1 - lr * dW1",
    "W1_new = W1\nW1_new -= lr * dW1",
)
mistake(
    "linreg",
    "reg_twice",
    "L2 counted twice",
    (
        "W1_new: weight decay is applied in the step although dW1 already "
        "contains the regularization gradient."
    ),
    "W1_new = W1 - lr * dW1",
    "W1_new = W1 - lr * (dW1 + 2 * lam * W1)",
)
mistake(
    "linreg",
    "reg_in_b",
    "L2 on the biases",
    "db1: weight decay on the bias.",
    "error.sum(axis=0)",
    "error.sum(axis=0) + 2 * lam * b1",
)
mistake(
    "linreg",
    "bias_shape",
    "bias gradient summed over the wrong axis",
    ("db1: summed over axis 1 (outputs) instead of the rows; 3 rows and 3 " "outputs."),
    "error.sum(axis=0)",
    "error.sum(axis=1)",
    size=([4, 3], 3),
)
mistake(
    "linreg",
    "reg_sqrt",
    "L2 norm instead of its square in the loss",
    "loss: lam * the norm of W1 instead of its square.",
    "lam * np.sum(W1 ** 2)",
    "lam * np.linalg.norm(W1)",
)
mistake(
    "linreg",
    "lr_grad",
    "learning rate applied twice",
    "W1_new: lr is multiplied twice.",
    "W1_new = W1 - lr * dW1",
    "W1_new = W1 - lr * (lr * dW1)",
)
correct("linreg")
correct("linreg", size=([3, 3], 3))
correct(
    "linreg",
    "W1_new = W1 - lr * dW1",
    ("W1_new = W1 * (1 - 2 * lr * lam) - lr * (2.0 / error.size) * " "X.T.dot(error)"),
    note="step written as weight decay",
)
