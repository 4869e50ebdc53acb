"""Two layers in plain lines, in the manner of a first blog post."""

from __future__ import annotations

from ..dense import base, mistake

base(
    "plain",
    "r io n",
    "sigmoid softmax",
    "crossentropy",
    "onehot",
    "X y W1 b1 W2 b2 z1 a1 z2 a2 loss dz2 dW2 db2 da1 dz1 dW1 db1",
    [([6, 5, 3], 8), ([4, 7, 5], 3), ([3, 4, 2], 16), ([5, 5, 4], 1)],
    """
def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)

N = X.shape[0]
# forward
z1 = X @ W1 + b1
a1 = sigmoid(z1)
z2 = a1 @ W2 + b2
a2 = softmax(z2)
loss = -np.sum(y * np.log(a2)) / N
# backward
dz2 = (a2 - y) / N
dW2 = a1.T @ dz2
db2 = np.sum(dz2, axis=0)
da1 = dz2 @ W2.T
dz1 = da1 * a1 * (1 - a1)
dW1 = X.T @ dz1
db1 = np.sum(dz1, axis=0)
""",
)
mistake(
    "plain",
    "dz2_not_averaged",
    "division by rows missing",
    (
        "dz2: the gradient of the loss is not divided by the number of rows N "
        "(the loss is a mean, the gradient is a sum), so every gradient is N "
        "times too big."
    ),
    "dz2 = (a2 - y) / N",
    "dz2 = a2 - y",
    size=([6, 5, 3], 8),
)
mistake(
    "plain",
    "dz2_sign",
    "sign of the error reversed",
    (
        "dz2: the sign is reversed, y - a2 instead of a2 - y; all gradients "
        "have the opposite sign."
    ),
    "dz2 = (a2 - y) / N",
    "dz2 = (y - a2) / N",
)
mistake(
    "plain",
    "dz2_extra_sigprime",
    "extra derivative at the output",
    (
        "dz2: multiplied by a2*(1-a2) although a2 - y is already the gradient "
        "at the softmax input (softmax and cross-entropy combined)."
    ),
    "dz2 = (a2 - y) / N",
    "dz2 = (a2 - y) * a2 * (1 - a2) / N",
)
mistake(
    "plain",
    "dz1_no_prime",
    "hidden derivative missing",
    "dz1: the derivative of the sigmoid of layer 1 is missing, dz1 = da1.",
    "dz1 = da1 * a1 * (1 - a1)",
    "dz1 = da1",
)
mistake(
    "plain",
    "dz1_prime_of_z",
    "derivative formula fed with z instead of a",
    (
        "dz1: the sigmoid derivative is computed as z1*(1-z1), with the "
        "pre-activation instead of the activation a1."
    ),
    "dz1 = da1 * a1 * (1 - a1)",
    "dz1 = da1 * z1 * (1 - z1)",
)
mistake(
    "plain",
    "dz1_sigmoid_twice",
    "derivative formula fed with a instead of z (activation applied twice)",
    (
        "dz1: sigmoid derivative evaluated as sigmoid(a1)*(1-sigmoid(a1)); a1 "
        "is already the sigmoid, it is applied twice."
    ),
    "dz1 = da1 * a1 * (1 - a1)",
    "dz1 = da1 * sigmoid(a1) * (1 - sigmoid(a1))",
)
mistake(
    "plain",
    "dz1_one_plus",
    "derivative formula wrong",
    "dz1: sigmoid derivative written a1*(1+a1) instead of a1*(1-a1).",
    "a1 * (1 - a1)",
    "a1 * (1 + a1)",
)
mistake(
    "plain",
    "dW2_z1",
    "weight gradient from z instead of a",
    "dW2: uses z1 (before the sigmoid) instead of the activation a1.",
    "dW2 = a1.T @ dz2",
    "dW2 = z1.T @ dz2",
)
mistake(
    "plain",
    "dW1_da1",
    "weight gradient from da instead of dz",
    (
        "dW1: computed from da1 instead of dz1, so the activation derivative "
        "of layer 1 is missing in dW1 only (db1 is right)."
    ),
    "dW1 = X.T @ dz1",
    "dW1 = X.T @ da1",
)
mistake(
    "plain",
    "db1_da1",
    "bias gradient from da instead of dz",
    "db1: sums da1 instead of dz1.",
    "db1 = np.sum(dz1, axis=0)",
    "db1 = np.sum(da1, axis=0)",
)
mistake(
    "plain",
    "db2_mean",
    "bias gradient averaged a second time",
    (
        "db2: np.mean over the rows although dz2 is already divided by N; db2 "
        "is N times too small."
    ),
    "db2 = np.sum(dz2, axis=0)",
    "db2 = np.mean(dz2, axis=0)",
    size=([3, 4, 2], 16),
)
mistake(
    "plain",
    "db1_axis",
    "bias gradient summed over the wrong axis",
    (
        "db1: summed over axis 1 (the units) instead of axis 0 (the rows); not "
        "noticed because there are as many rows as hidden units."
    ),
    "db1 = np.sum(dz1, axis=0)",
    "db1 = np.sum(dz1, axis=1)",
    size=([4, 6, 3], 6),
)
mistake(
    "plain",
    "db_scalar",
    "bias gradient summed to a scalar",
    "db1: np.sum without axis, one number for all the units of layer 1.",
    "db1 = np.sum(dz1, axis=0)",
    "db1 = np.sum(dz1)",
)
mistake(
    "plain",
    "da1_not_transposed",
    "weights not transposed in the backward pass",
    ("da1: dz2 @ W2 instead of dz2 @ W2.T (the shapes agree because W2 is " "square)."),
    "da1 = dz2 @ W2.T",
    "da1 = dz2 @ W2",
    size=([3, 4, 4], 7),
)
mistake(
    "plain",
    "da1_reshape",
    "reshape instead of transpose",
    ("da1: W2.reshape(...) is used instead of W2.T, which mixes up the " "entries of the weights."),
    "da1 = dz2 @ W2.T",
    "da1 = dz2 @ W2.reshape(W2.shape[1], W2.shape[0])",
)
mistake(
    "plain",
    "da1_W1",
    "wrong layer's weights in the backward pass",
    "da1: goes back through W1 instead of W2 (both are square).",
    "da1 = dz2 @ W2.T",
    "da1 = dz2 @ W1.T",
    size=([4, 4, 4], 6),
)
mistake(
    "plain",
    "softmax_axis",
    "softmax over the wrong axis",
    (
        "a2: the softmax is normalised over axis 0 (the samples of the batch) "
        "instead of axis 1 (the classes)."
    ),
    "e / np.sum(e, axis=1, keepdims=True)",
    "e / np.sum(e, axis=0, keepdims=True)",
)
mistake(
    "plain",
    "softmax_global",
    "softmax normalised over the whole batch",
    ("a2: the softmax divides by the sum over the whole array, not by the " "sum of each row."),
    "e / np.sum(e, axis=1, keepdims=True)",
    "e / np.sum(e)",
)
mistake(
    "plain",
    "bias2_forgotten",
    "bias forgotten in the forward pass",
    "z2: the bias b2 is not added in the forward pass.",
    "z2 = a1 @ W2 + b2",
    "z2 = a1 @ W2",
)
mistake(
    "plain",
    "skip_act",
    "activation forgotten in the forward pass",
    (
        "z2: layer 2 is fed with z1 instead of a1, the sigmoid of layer 1 is "
        "skipped in the forward pass."
    ),
    "z2 = a1 @ W2 + b2",
    "z2 = z1 @ W2 + b2",
)
mistake(
    "plain",
    "sigmoid_sign",
    "activation formula wrong",
    ("a1: the sigmoid is written 1/(1+exp(z)), the minus sign in the " "exponent is missing."),
    "np.exp(-z))",
    "np.exp(z))",
)
mistake(
    "plain",
    "loss_sum",
    "loss not averaged",
    ("loss: the sum over the batch is not divided by N (the gradients are " "right)."),
    "loss = -np.sum(y * np.log(a2)) / N",
    "loss = -np.sum(y * np.log(a2))",
    size=([6, 5, 3], 8),
)
mistake(
    "plain",
    "loss_mean_all",
    "loss averaged over the classes too",
    (
        "loss: np.mean over rows and classes, so the cross-entropy is too "
        "small by the number of classes (the gradients are right)."
    ),
    "loss = -np.sum(y * np.log(a2)) / N",
    "loss = -np.mean(y * np.log(a2))",
)
mistake(
    "plain",
    "loss_nosign",
    "sign of the loss",
    "loss: the minus sign of the cross-entropy is missing.",
    "loss = -np.sum",
    "loss = np.sum",
)
mistake(
    "plain",
    "loss_log10",
    "wrong logarithm in the loss",
    "loss: log10 instead of the natural logarithm.",
    "np.log(a2)",
    "np.log10(a2)",
)
mistake(
    "plain",
    "N_features",
    "division by the wrong count",
    (
        "N: taken from X.shape[1] (number of features) instead of the number "
        "of rows; loss and gradients are divided by the wrong number."
    ),
    "N = X.shape[0]",
    "N = X.shape[1]",
    size=([6, 5, 3], 8),
)
mistake(
    "plain",
    "dW1_twice_avg",
    "division by rows twice",
    (
        "dW1: divided by N a second time (dz2 is already divided by N), so dW1 "
        "is N times too small."
    ),
    "dW1 = X.T @ dz1",
    "dW1 = X.T @ dz1 / N",
    size=([4, 7, 5], 3),
)
mistake(
    "plain",
    "X_permuted",
    "labels and rows out of step",
    (
        "dz2: X was shuffled for the epoch but the labels used in dz2 are "
        "shuffled by another permutation, so rows and labels do not belong "
        "together."
    ),
    "dz2 = (a2 - y) / N",
    ("perm = np.random.RandomState(3).permutation(N)\ndz2 = (a2 - y[perm]) / " "N"),
    size=([6, 5, 3], 8),
)
mistake(
    "plain",
    "hard_pred",
    "rounded prediction used in the error",
    (
        "dz2: the error uses the one-hot of the argmax (the predicted class) "
        "instead of the probabilities a2."
    ),
    "dz2 = (a2 - y) / N",
    "pred = np.eye(a2.shape[1])[a2.argmax(axis=1)]\ndz2 = (pred - y) / N",
    size=([3, 4, 2], 16),
)
mistake(
    "plain",
    "ce_no_softmax_jac",
    "softmax derivative missing",
    (
        "dz2: -y/a2 is the gradient at the output of the softmax, the softmax "
        "itself (its Jacobian) is left out."
    ),
    "dz2 = (a2 - y) / N",
    "dz2 = -(y / a2) / N",
)
mistake(
    "plain",
    "ce_diag",
    "only the diagonal of the softmax Jacobian",
    (
        "dz2: the softmax derivative is taken as a2*(1-a2), only the diagonal "
        "of the Jacobian: -y/a2*a2*(1-a2)."
    ),
    "dz2 = (a2 - y) / N",
    "dz2 = -(y / a2) * a2 * (1 - a2) / N",
)
mistake(
    "plain",
    "mean_outer",
    "averaging before the outer product",
    (
        "dW1: the outer product of the mean input and the summed delta instead "
        "of the sum of the outer products of each row."
    ),
    "dW1 = X.T @ dz1",
    "dW1 = np.outer(X.mean(axis=0), dz1.sum(axis=0))",
    size=([6, 5, 3], 8),
)
mistake(
    "plain",
    "order",
    "derivative multiplied in the wrong place",
    (
        "dz1: the sigmoid derivative is multiplied onto dz2 before going "
        "through W2 instead of onto da1 afterwards (widths equal)."
    ),
    "da1 = dz2 @ W2.T\ndz1 = da1 * a1 * (1 - a1)",
    "da1 = (dz2 * a1 * (1 - a1)) @ W2.T\ndz1 = da1",
    size=([3, 4, 4], 5),
    ret="X y W1 b1 W2 b2 z1 a1 z2 a2 loss dz2 dW2 db2 dz1 dW1 db1",
)
mistake(
    "plain",
    "dW1_T",
    "weight gradient transposed",
    "dW1: transposed, dz1.T @ X instead of X.T @ dz1 (W1 is square).",
    "dW1 = X.T @ dz1",
    "dW1 = dz1.T @ X",
    size=([5, 5, 3], 8),
)
mistake(
    "plain",
    "sigma_x_sq",
    "derivative formula wrong",
    ("dz1: the sigmoid derivative is written (1 - a1**2), which is that of " "tanh."),
    "da1 * a1 * (1 - a1)",
    "da1 * (1 - a1 ** 2)",
)
