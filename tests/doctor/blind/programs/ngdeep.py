"""Dictionaries of parameters, caches and grads, samples as columns."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "ngdeep",
    "c oi n1",
    "relu relu sigmoid",
    "bce",
    "binary",
    "X Y W1 b1 W2 b2 W3 b3 Z1 A1 Z2 A2 Z3 A3 loss dW3 db3 dW2 db2 dW1 db1",
    [([5, 6, 4, 1], 12), ([3, 8, 5, 1], 30), ([4, 4, 4, 1], 8)],
    """
parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2, "W3": W3, "b3": b3}
L = 3
m = Y.shape[1]

def relu(Z):
    return np.maximum(0, Z), Z

def sigmoid(Z):
    return 1 / (1 + np.exp(-Z)), Z

def relu_backward(dA, Z):
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ

def sigmoid_backward(dA, Z):
    s = 1 / (1 + np.exp(-Z))
    return dA * s * (1 - s)

def linear_backward(dZ, A_prev, W):
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db

caches = []
A = X
for l in range(1, L):
    A_prev = A
    Z = np.dot(parameters["W" + str(l)], A_prev) + parameters["b" + str(l)]
    A, _ = relu(Z)
    caches.append((A_prev, Z, A))
ZL = np.dot(parameters["W3"], A) + parameters["b3"]
AL, _ = sigmoid(ZL)
caches.append((A, ZL, AL))
loss = -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m

grads = {}
dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
dZ = sigmoid_backward(dAL, caches[L - 1][1])
dA, grads["dW3"], grads["db3"] = linear_backward(dZ, caches[L - 1][0], parameters["W3"])
for l in reversed(range(L - 1)):
    A_prev, Z, _ = caches[l]
    dZ = relu_backward(dA, Z)
    dA, dW_temp, db_temp = linear_backward(dZ, A_prev, parameters["W" + str(l + 1)])
    grads["dW" + str(l + 1)] = dW_temp
    grads["db" + str(l + 1)] = db_temp
Z1, A1, Z2, A2, Z3, A3 = caches[0][1], caches[0][2], caches[1][1], caches[1][2], ZL, AL
dW1, db1, dW2, db2, dW3, db3 = [grads[k] for k in ("dW1", "db1", "dW2", "db2", "dW3", "db3")]
""",
)
mistake(
    "ngdeep",
    "dAL",
    "term missing in the derivative of the loss",
    ("dAL: the second part + (1-Y)/(1-AL) of the derivative of the " "cross-entropy is missing."),
    "dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))",
    "dAL = -np.divide(Y, AL)",
)
mistake(
    "ngdeep",
    "dAL_sign",
    "sign wrong in one term of the derivative of the loss",
    "dAL: -(Y/AL + (1-Y)/(1-AL)), the two terms must have opposite signs.",
    "np.divide(Y, AL) - np.divide(1 - Y",
    "np.divide(Y, AL) + np.divide(1 - Y",
)
mistake(
    "ngdeep",
    "cache_next",
    "wrong cache entry (layer index off by one)",
    (
        "loop over hidden layers: the ReLU mask of the next layer "
        "(caches[l+1]) is used instead of that of layer l (equal widths)."
    ),
    "dZ = relu_backward(dA, Z)\n    dA, dW",
    "dZ = relu_backward(dA, caches[min(l + 1, L - 2)][1])\n    dA, dW",
    size=([4, 5, 5, 1], 9),
)
mistake(
    "ngdeep",
    "dW_temp",
    "gradient stored under the wrong layer",
    (
        "loop over hidden layers: dW is stored for the right layer but db of "
        "the two hidden layers are exchanged (db1 holds db2 and the other way "
        "round)."
    ),
    'grads["db" + str(l + 1)] = db_temp',
    'grads["db" + str(2 - l)] = db_temp',
    size=([4, 5, 5, 1], 8),
)
mistake(
    "ngdeep",
    "prev_W",
    "updated/other layer weights in the backward pass",
    (
        "linear_backward in the loop is given W of layer 1 for every hidden "
        'layer (parameters["W1"]), so the error leaving layer 2 goes through '
        "the wrong weights."
    ),
    'parameters["W" + str(l + 1)])\n    grads',
    'parameters["W1"])\n    grads',
    size=([4, 4, 4, 1], 9),
)
mistake(
    "ngdeep",
    "A_prev_current",
    "weight gradient from the layer's own output",
    (
        "linear_backward in the loop: given the output A of the layer instead "
        "of its input A_prev (equal widths)."
    ),
    "A_prev, Z, _ = caches[l]",
    "_, Z, A_prev = caches[l]",
    size=([4, 4, 4, 1], 8),
)
mistake(
    "ngdeep",
    "db_scalar",
    "bias gradient summed to a scalar",
    (
        "linear_backward: np.sum without axis, db is one number for all the "
        "units (right for the output layer with one unit, wrong in layers 1 "
        "and 2)."
    ),
    "np.sum(dZ, axis=1, keepdims=True) / m",
    "np.sum(dZ) / m",
)
mistake(
    "ngdeep",
    "dAL_m",
    "division by rows twice",
    (
        "dAL: divided by m although linear_backward divides by m, all "
        "gradients are m times too small."
    ),
    "dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))",
    "dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL)) / m",
)
pair("ngdeep", "db_scalar", "dAL_m")
correct("ngdeep")
correct("ngdeep", size=([4, 4, 4, 1], 4))
correct("ngdeep", "dZ[Z <= 0] = 0", "dZ = dZ * np.where(Z > 0, 1, 0)")
