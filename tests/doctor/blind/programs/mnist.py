"""Samples as columns, class numbers, a step: the well-known video."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "mnist",
    "c oi n1",
    "relu softmax",
    "crossentropy",
    "int",
    ("X Y W1 b1 W2 b2 Z1 A1 Z2 A2 dW1 db1 dW2 db2 W1_new b1_new W2_new " "b2_new"),
    [([9, 6, 4], 12), ([5, 10, 3], 32), ([4, 4, 4], 4)],
    """
# samples are columns, Y is the vector of labels
def ReLU(Z):
    return np.maximum(Z, 0)

def ReLU_deriv(Z):
    return Z > 0

def softmax(Z):
    return np.exp(Z) / sum(np.exp(Z))

def one_hot(Y):
    one_hot_Y = np.zeros((Y.size, b2.size))
    one_hot_Y[np.arange(Y.size), Y] = 1
    one_hot_Y = one_hot_Y.T
    return one_hot_Y

m = Y.size
Z1 = W1.dot(X) + b1
A1 = ReLU(Z1)
Z2 = W2.dot(A1) + b2
A2 = softmax(Z2)
dZ2 = A2 - one_hot(Y)
dW2 = 1 / m * dZ2.dot(A1.T)
db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
dZ1 = W2.T.dot(dZ2) * ReLU_deriv(Z1)
dW1 = 1 / m * dZ1.dot(X.T)
db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
alpha = 0.1
W1_new = W1 - alpha * dW1
b1_new = b1 - alpha * db1
W2_new = W2 - alpha * dW2
b2_new = b2 - alpha * db2
""",
    optimizer=("sgd", 0.1),
)
mistake(
    "mnist",
    "sum_axis",
    "softmax over the wrong axis",
    (
        "softmax: sums over axis 1 (samples); samples are columns, the sum "
        "must run over axis 0 (classes)."
    ),
    "np.exp(Z) / sum(np.exp(Z))",
    "np.exp(Z) / np.sum(np.exp(Z), axis=1, keepdims=True)",
)
mistake(
    "mnist",
    "db_scalar",
    "bias gradient summed to a scalar",
    ("db1: np.sum(dZ1) without axis (as in the well-known video), one " "number for all units."),
    "np.sum(dZ1, axis=1, keepdims=True)",
    "np.sum(dZ1)",
)
mistake(
    "mnist",
    "onehot_noT",
    "one-hot matrix wrong",
    "one_hot: not transposed (as many samples as classes).",
    "one_hot_Y = one_hot_Y.T\n",
    "pass\n",
    size=([4, 5, 4], 4),
)
mistake(
    "mnist",
    "relu_deriv_A",
    "derivative formula wrong",
    "ReLU_deriv: returns Z itself for positive Z instead of 1.",
    "return Z > 0",
    "return np.where(Z > 0, Z, 0)",
)
mistake(
    "mnist",
    "m_pixels",
    "division by the wrong count",
    "m: the number of classes (b2.size) is used for the number of samples.",
    "m = Y.size",
    "m = b2.size",
    size=([9, 6, 4], 12),
)
mistake(
    "mnist",
    "dW1_dZ2",
    "update with another layer's gradient",
    "W1_new: updated with dW2 instead of dW1 (both square).",
    "W1_new = W1 - alpha * dW1",
    "W1_new = W1 - alpha * dW2",
    size=([5, 5, 5], 8),
)
mistake(
    "mnist",
    "b2_old",
    "weights not updated",
    "b2_new: b2 is returned unchanged.",
    "b2_new = b2 - alpha * db2",
    "b2_new = b2",
)
mistake(
    "mnist",
    "A1_dW",
    "weight gradient from z instead of a",
    "dW2: Z1.T instead of A1.T.",
    "dZ2.dot(A1.T)",
    "dZ2.dot(Z1.T)",
)
pair("mnist", "db_scalar", "A1_dW")
correct("mnist")
correct("mnist", size=([4, 4, 4], 4))
correct("mnist", dtype="float32")
