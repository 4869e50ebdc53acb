"""A tiny network with nonlin(x, deriv), whose deltas descend and are added."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "trask",
    "r io 1n",
    "sigmoid sigmoid",
    "mse",
    "unit",
    (
        "X y W1=syn0 b1=bias0 W2=syn1 b2=bias1 a1=l1 a2=l2 loss "
        "W1_new=syn0_new W2_new=syn1_new b1_new=bias0_new b2_new=bias1_new"
    ),
    [([3, 4, 1], 4), ([5, 6, 2], 7), ([2, 3, 3], 12)],
    """
def nonlin(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))

syn0, syn1, bias0, bias1 = W1, W2, b1, b2
lr = 0.5
l0 = X
l1 = nonlin(np.dot(l0, syn0) + bias0)
l2 = nonlin(np.dot(l1, syn1) + bias1)
loss = np.mean((y - l2) ** 2)
# how far off are we
l2_error = 2 * (y - l2) / y.size
l2_delta = l2_error * nonlin(l2, deriv=True)
# how much did each l1 value contribute to the l2 error
l1_error = l2_delta.dot(syn1.T)
l1_delta = l1_error * nonlin(l1, deriv=True)
syn1_new = syn1 + lr * l1.T.dot(l2_delta)
syn0_new = syn0 + lr * l0.T.dot(l1_delta)
bias1_new = bias1 + lr * l2_delta.sum(axis=0, keepdims=True)
bias0_new = bias0 + lr * l1_delta.sum(axis=0, keepdims=True)
""",
    optimizer=("sgd", 0.5),
    dz=-1,
    note="deltas are the descent direction (y - a), the update adds them",
)
mistake(
    "trask",
    "no_out_prime",
    "output derivative missing",
    "l2_delta: the sigmoid derivative at the output layer is missing.",
    "l2_delta = l2_error * nonlin(l2, deriv=True)",
    "l2_delta = l2_error",
)
mistake(
    "trask",
    "minus",
    "update with the wrong sign",
    (
        "update of syn1 and syn0 and the biases: the deltas are (y - l2), so "
        "the step must be added; syn1 is subtracted and goes uphill."
    ),
    "syn1_new = syn1 + lr",
    "syn1_new = syn1 - lr",
)
mistake(
    "trask",
    "nonlin_l",
    "derivative formula fed with a instead of z (activation applied twice)",
    (
        "nonlin(deriv=True): applies the sigmoid to its argument, but it is "
        "called with l1 and l2 which are sigmoid outputs already."
    ),
    "return x * (1 - x)",
    "s = 1 / (1 + np.exp(-x))\n        return s * (1 - s)",
)
mistake(
    "trask",
    "l1_error_raw",
    "error instead of delta sent back",
    (
        "l1_error: sends l2_error back through syn1 instead of l2_delta; the "
        "output derivative is missing for layer 1."
    ),
    "l1_error = l2_delta.dot(syn1.T)",
    "l1_error = l2_error.dot(syn1.T)",
)
mistake(
    "trask",
    "deriv_l2",
    "derivative of the wrong layer",
    "l1_delta: multiplied by the derivative at l2 instead of l1.",
    "l1_delta = l1_error * nonlin(l1, deriv=True)",
    "l1_delta = l1_error * nonlin(l2, deriv=True)",
    size=([3, 4, 1], 4),
)
mistake(
    "trask",
    "factor2",
    "factor 2 of the squared error missing",
    (
        "l2_error: the factor 2 of the derivative of the squared error is "
        "missing, every step is half as long."
    ),
    "l2_error = 2 * (y - l2) / y.size",
    "l2_error = (y - l2) / y.size",
)
mistake(
    "trask",
    "lr_missing",
    "learning rate missing",
    "update of syn0: the learning rate is left out (step with lr = 1).",
    "syn0 + lr * l0",
    "syn0 + l0",
)
mistake(
    "trask",
    "updated_first",
    "weights updated before they are used in the backward pass",
    ("l1_error: syn1 is already updated when the error is sent back through " "it."),
    "l1_error = l2_delta.dot(syn1.T)",
    "l1_error = l2_delta.dot((syn1 + lr * l1.T.dot(l2_delta)).T)",
)
mistake(
    "trask",
    "abs_error",
    "absolute value of the error",
    ("l2_error: the absolute value of (y - l2) is used, the sign of the " "error is lost."),
    "l2_error = 2 * (y - l2) / y.size",
    "l2_error = 2 * np.abs(y - l2) / y.size",
)
mistake(
    "trask",
    "bias_not_updated",
    "bias not updated",
    "bias0: never updated, bias0_new is bias0.",
    "bias0_new = bias0 + lr * l1_delta.sum(axis=0, keepdims=True)",
    "bias0_new = bias0",
)
mistake(
    "trask",
    "scalar_loss",
    "loss value used as the error",
    ("l2_error: the scalar loss is used as the error instead of its " "derivative 2(y - l2)/size."),
    "l2_error = 2 * (y - l2) / y.size",
    "l2_error = loss",
)
mistake(
    "trask",
    "prev_l",
    "weight gradient from the wrong activation",
    "update of syn1: uses l0 (the input) instead of l1 (equal widths).",
    "syn1_new = syn1 + lr * l1.T",
    "syn1_new = syn1 + lr * l0.T",
    size=([4, 4, 2], 6),
)
mistake(
    "trask",
    "bias_mean",
    "bias gradient averaged a second time",
    ("bias1: the delta is averaged over rows although it is already divided " "by the size."),
    "bias1 + lr * l2_delta.sum(axis=0, keepdims=True)",
    "bias1 + lr * l2_delta.mean(axis=0, keepdims=True)",
)
mistake(
    "trask",
    "swapped_updates",
    "bias updated with another layer's gradient",
    "bias0: updated with l2_delta instead of l1_delta.",
    "bias0_new = bias0 + lr * l1_delta",
    "bias0_new = bias0 + lr * l2_delta",
    size=([3, 3, 3], 5),
)
pair("trask", "no_out_prime", "lr_missing")
pair("trask", "factor2", "bias_not_updated")
correct("trask")
correct(
    "trask",
    "l2_error = 2 * (y - l2) / y.size",
    "l2_error = (y - l2) * (2.0 / (y.shape[0] * y.shape[1]))",
    dtype="float32",
)
correct("trask", size=([4, 4, 4], 4))
