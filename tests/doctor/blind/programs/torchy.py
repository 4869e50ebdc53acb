"""Weights as (out, in), gradients called grad_*."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "torchy",
    "r oi n",
    "tanh none",
    "mse",
    "real",
    (
        "X y W1 b1 W2 b2 h:a1 y_pred:a2 loss grad_y_pred:da2 grad_W2:dW2 "
        "grad_b2:db2 grad_h:da1 grad_W1:dW1 grad_b1:db1"
    ),
    [([5, 8, 2], 9), ([3, 6, 4], 20), ([4, 4, 4], 4), ([7, 5, 3], 1)],
    """
h = np.tanh(X @ W1.T + b1)
y_pred = h @ W2.T + b2
loss = np.square(y_pred - y).mean()
grad_y_pred = 2.0 * (y_pred - y) / y.size
grad_W2 = grad_y_pred.T @ h
grad_b2 = grad_y_pred.sum(0)
grad_h = grad_y_pred @ W2
grad_z = grad_h * (1 - h ** 2)
grad_W1 = grad_z.T @ X
grad_b1 = grad_z.sum(0)
""",
)
mistake(
    "torchy",
    "div_rows_only",
    "division by the wrong count",
    (
        "grad_y_pred: divided by the number of rows only, the mean of the loss "
        "is over rows and features."
    ),
    "/ y.size",
    "/ y.shape[0]",
    size=([5, 8, 2], 9),
)
mistake(
    "torchy",
    "no_factor2",
    "factor 2 of the squared error missing",
    "grad_y_pred: the factor 2 of the derivative of the square is missing.",
    "2.0 * (y_pred - y)",
    "(y_pred - y)",
)
mistake(
    "torchy",
    "sq",
    "loss used instead of its derivative",
    ("grad_y_pred: the squared error is used, (y_pred - y)**2, not its " "derivative."),
    "2.0 * (y_pred - y) / y.size",
    "(y_pred - y) ** 2 / y.size",
)
mistake(
    "torchy",
    "grad_w1_h",
    "weight gradient from da instead of dz",
    "grad_W1: uses grad_h (before the tanh derivative) instead of grad_z.",
    "grad_W1 = grad_z.T @ X",
    "grad_W1 = grad_h.T @ X",
)
mistake(
    "torchy",
    "fwd_no_T",
    "weights used transposed in the forward pass",
    ("y_pred: h @ W2 instead of h @ W2.T (W2 is square, weights are stored " "(out, in))."),
    "h @ W2.T + b2",
    "h @ W2 + b2",
    size=([4, 4, 4], 6),
)
mistake(
    "torchy",
    "grad_W2_T",
    "weight gradient transposed",
    (
        "grad_W2: h.T @ grad_y_pred is the transposed gradient (square, "
        "weights are stored (out, in))."
    ),
    "grad_W2 = grad_y_pred.T @ h",
    "grad_W2 = h.T @ grad_y_pred",
    size=([3, 4, 4], 5),
)
mistake(
    "torchy",
    "err_mean",
    "error averaged before the backward pass",
    (
        "grad_y_pred: the error is averaged over the outputs (axis 1) first, "
        "all outputs get the same error."
    ),
    "2.0 * (y_pred - y) / y.size",
    ("2.0 * (y_pred - y).mean(axis=1, keepdims=True) * np.ones_like(y) / " "y.size"),
    size=([3, 6, 4], 20),
)
mistake(
    "torchy",
    "mae",
    "derivative of another loss",
    (
        "grad_y_pred: sign(y_pred - y), the derivative of the mean absolute "
        "error; the loss is mse."
    ),
    "2.0 * (y_pred - y) / y.size",
    "np.sign(y_pred - y) / y.size",
)
mistake(
    "torchy",
    "out_tanh",
    "extra derivative at the output",
    (
        "grad_y_pred: multiplied by the tanh derivative 1 - y_pred^2 although "
        "the output layer is linear."
    ),
    "2.0 * (y_pred - y) / y.size",
    "2.0 * (y_pred - y) / y.size * (1 - y_pred ** 2)",
)
mistake(
    "torchy",
    "rms",
    "loss formula wrong",
    ("loss: the square root of the mean is returned (RMSE), the gradients " "are those of mse."),
    "np.square(y_pred - y).mean()",
    "np.sqrt(np.square(y_pred - y).mean())",
)
pair("torchy", "no_factor2", "grad_w1_h")
correct("torchy")
correct("torchy", size=([4, 4, 4], 4))
correct("torchy", "grad_W1 = grad_z.T @ X", "grad_W1 = (X.T @ grad_z).T", dtype="float32")
correct(
    "torchy",
    "loss = np.square(y_pred - y).mean()",
    "loss = np.linalg.norm(y_pred - y) ** 2 / y.size",
    size=([7, 5, 3], 1),
)
