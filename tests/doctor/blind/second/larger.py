"""Dicts of parameters, class numbers, several labels at once, a penalty, Adam."""

from __future__ import annotations

from ..dense import base, correct, mistake

base(
    "dicts",
    "c oi n1",
    "relu softmax",
    "crossentropy",
    "int",
    "X Y=labels W1=p['W1'] b1=p['b1'] W2=p['W2'] b2=p['b2'] Z1=c['Z1'] A1=c['A1'] A2=c['A2'] "
    "loss=J dW1=g['dW1'] db1=g['db1'] dW2=g['dW2'] db2=g['db2']",
    [([7, 9, 4], 15), ([5, 4, 4], 8), ([6, 5, 3], 3)],
    """
p = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
labels = Y
m = X.shape[1]
T = np.zeros((p["b2"].size, m))
T[labels, np.arange(m)] = 1
c = {}
c["Z1"] = p["W1"] @ X + p["b1"]
c["A1"] = np.where(c["Z1"] > 0, c["Z1"], 0)
Z2 = p["W2"] @ c["A1"] + p["b2"]
E = np.exp(Z2 - Z2.max(axis=0))
c["A2"] = E / E.sum(axis=0)
J = -np.log(c["A2"][labels, np.arange(m)]).sum() / m
g = {}
dZ2 = c["A2"] - T
g["dW2"] = dZ2 @ c["A1"].T / m
g["db2"] = dZ2.sum(axis=1, keepdims=True) / m
dZ1 = p["W2"].T @ dZ2
dZ1[c["Z1"] <= 0] = 0
g["dW1"] = dZ1 @ X.T / m
g["db1"] = dZ1.sum(axis=1, keepdims=True) / m
""",
)
mistake(
    "dicts",
    "softmax_over_samples",
    "softmax over the samples",
    "The softmax adds up over axis 1, the samples.",
    "E / E.sum(axis=0)",
    "E / E.sum(axis=1, keepdims=True)",
)
mistake(
    "dicts",
    "labels_minus_one",
    "labels taken to begin at 1",
    "T is filled at labels - 1.",
    "T[labels, np",
    "T[labels - 1, np",
)
mistake(
    "dicts",
    "db_all",
    "sum over everything",
    "db1 is one number for all units: the sum has no axis.",
    "dZ1.sum(axis=1, keepdims=True) / m",
    'np.full_like(p["b1"], dZ1.sum()) / m',
)
mistake(
    "dicts",
    "m_inputs",
    "number of samples from the wrong axis",
    "m is X.shape[0], the inputs; T needs the samples and is made with them.",
    "m = X.shape[1]\nT",
    "m = X.shape[0]\nn = X.shape[1]\nT",
    '(p["b2"].size, m))\nT[labels, np.arange(m)]',
    '(p["b2"].size, n))\nT[labels, np.arange(n)]',
    "[labels, np.arange(m)]).sum() / m",
    "[labels, np.arange(n)]).sum() / m",
    size=([7, 9, 4], 15),
)
mistake(
    "dicts",
    "db2_no_m",
    "division forgotten in one place",
    "db2 is not divided by m.",
    "dZ2.sum(axis=1, keepdims=True) / m",
    "dZ2.sum(axis=1, keepdims=True)",
)
mistake(
    "dicts",
    "largest",
    "loss of the wrong class",
    "The cost takes the largest probability of each sample, not that of its class.",
    'np.log(c["A2"][labels, np.arange(m)])',
    'np.log(c["A2"].max(axis=0))',
    size=([7, 9, 4], 15),
)
correct("dicts")
correct("dicts", 'dZ1[c["Z1"] <= 0] = 0', 'dZ1 = dZ1 * (c["A1"] > 0)', size=([6, 5, 3], 3))

base(
    "labels",
    "r io n",
    "tanh sigmoid",
    "bce",
    "binary",
    "X Y W1 b1 W2 b2 loss dW1 db1 dW2 db2",
    [([4, 6, 5], 10), ([3, 5, 5], 6), ([6, 4, 3], 14)],
    """
n, k = Y.shape
dW1, db1 = np.zeros_like(W1), np.zeros_like(b1)
dW2, db2 = np.zeros_like(W2), np.zeros_like(b2)
loss = 0
for i in range(n):
    x, t = X[i], Y[i]
    h = np.tanh(x @ W1 + b1)
    o = 1 / (1 + np.exp(-(h @ W2 + b2)))
    loss += -np.sum(t * np.log(o) + (1 - t) * np.log(1 - o))
    d2 = o - t
    d1 = (W2 @ d2) * (1 - h * h)
    dW2 += np.outer(h, d2)
    db2 += d2
    dW1 += np.outer(x, d1)
    db1 += d1
loss /= n * k
dW1 /= n * k
db1 /= n * k
dW2 /= n * k
db2 /= n * k
""",
)
mistake(
    "labels",
    "slope_again",
    "slope of the output twice",
    "d2 is multiplied by o (1 - o), which the crossentropy has cancelled.",
    "d2 = o - t",
    "d2 = (o - t) * o * (1 - o)",
)
mistake(
    "labels",
    "without_last",
    "a sample left out",
    "The loop leaves out the last sample.",
    "for i in range(n):",
    "for i in range(n - 1):",
)
mistake(
    "labels",
    "weights_by_k",
    "divided by the outputs only",
    "dW1 is divided by k only, the number of outputs.",
    "dW1 /= n * k",
    "dW1 /= k",
)
mistake(
    "labels",
    "tanh_linear",
    "square forgotten",
    "The slope of tanh is written 1 - h.",
    "(1 - h * h)",
    "(1 - h)",
)
mistake(
    "labels",
    "before_slope",
    "gradient of the bias without the slope",
    "db1 adds up W2 d2, without the slope of tanh.",
    "db1 += d1",
    "db1 += W2 @ d2",
)
mistake(
    "labels",
    "one_sided",
    "half of the loss",
    "The loss has only the term of t = 1.",
    "t * np.log(o) + (1 - t) * np.log(1 - o)",
    "t * np.log(o)",
)
correct("labels")
correct("labels", "d1 = (W2 @ d2)", "d1 = d2 @ W2.T", size=([6, 4, 3], 14))

base(
    "ridge",
    "r io n",
    "tanh tanh none",
    "mse",
    "real",
    (
        "X Y W1 b1 W2 b2 W3 b3 loss dW1 db1 dW2 db2 dW3 db3 W1_new b1_new W2_new b2_new W3_new "
        "b3_new"
    ),
    [([4, 5, 5, 2], 8), ([3, 6, 6, 1], 15)],
    """
lr, lam = 0.05, 0.03
h1 = np.tanh(X @ W1 + b1)
h2 = np.tanh(h1 @ W2 + b2)
out = h2 @ W3 + b3
loss = np.mean((out - Y) ** 2) + lam * ((W1 ** 2).sum() + (W2 ** 2).sum() + (W3 ** 2).sum())
d3 = 2 * (out - Y) / out.size
d2 = d3 @ W3.T * (1 - h2 ** 2)
d1 = d2 @ W2.T * (1 - h1 ** 2)
dW3 = h2.T @ d3 + 2 * lam * W3
dW2 = h1.T @ d2 + 2 * lam * W2
dW1 = X.T @ d1 + 2 * lam * W1
db3, db2, db1 = d3.sum(0), d2.sum(0), d1.sum(0)
W1_new, W2_new, W3_new = W1 - lr * dW1, W2 - lr * dW2, W3 - lr * dW3
b1_new, b2_new, b3_new = b1 - lr * db1, b2 - lr * db2, b3 - lr * db3
""",
    l2=0.03,
    optimizer=("sgd", 0.05),
)
mistake(
    "ridge",
    "slope_h2",
    "slope of the other layer",
    "d1 has the slope at h2, not at h1 (equal widths).",
    "(1 - h1 ** 2)",
    "(1 - h2 ** 2)",
)
mistake(
    "ridge",
    "no_lam_W2",
    "penalty forgotten in one layer",
    "dW2 has no penalty.",
    " + 2 * lam * W2",
    "",
)
mistake(
    "ridge",
    "lam_not_doubled",
    "factor of the penalty",
    "The penalty's gradient is lam W in all layers, without the 2.",
    "+ 2 * lam * W3",
    "+ lam * W3",
    "+ 2 * lam * W2",
    "+ lam * W2",
    "+ 2 * lam * W1",
    "+ lam * W1",
)
mistake(
    "ridge",
    "bias_penalty",
    "biases penalized",
    "db3 has the penalty of b3 in it.",
    "d3.sum(0), d2",
    "d3.sum(0) + 2 * lam * b3, d2",
)
mistake(
    "ridge",
    "decay_again",
    "penalty twice in the step",
    "W3 decays once more in its step.",
    "W3 - lr * dW3",
    "W3 - lr * (dW3 + 2 * lam * W3)",
)
mistake(
    "ridge",
    "absolute",
    "another penalty",
    "dW1 has lam sign(W1), the gradient of an absolute penalty.",
    "+ 2 * lam * W1",
    "+ 2 * lam * np.sign(W1)",
)
correct("ridge")
correct("ridge", "W3 - lr * dW3", "W3 * (1 - 2 * lr * lam) - lr * (h2.T @ d3)")

base(
    "moments",
    "r io n",
    "sigmoid none",
    "mse",
    "real",
    "X Y W1 b1 W2 b2 dW1 db1 dW2 db2 W1_new b1_new W2_new b2_new",
    [([4, 5, 2], 9), ([6, 3, 1], 12)],
    """
h = 1 / (1 + np.exp(-(X @ W1 + b1)))
d2 = 2 * (h @ W2 + b2 - Y) / Y.size
d1 = d2 @ W2.T * h * (1 - h)
dW2, db2, dW1, db1 = h.T @ d2, d2.sum(0), X.T @ d1, d1.sum(0)
beta1, beta2, alpha, eps = 0.9, 0.999, 0.005, 1e-8

def adam_step(w, g, m=0, v=0, t=1):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    mh = m / (1 - beta1 ** t)
    vh = v / (1 - beta2 ** t)
    return w - alpha * mh / (np.sqrt(vh) + eps)

W1_new, b1_new = adam_step(W1, dW1), adam_step(b1, db1)
W2_new, b2_new = adam_step(W2, dW2), adam_step(b2, db2)
""",
    optimizer=("adam", 0.005),
)
mistake(
    "moments",
    "uphill",
    "step uphill",
    "The step is added.",
    "return w - alpha",
    "return w + alpha",
)
mistake(
    "moments",
    "m_uncorrected",
    "one correction forgotten",
    "mh is m, not corrected.",
    "mh = m / (1 - beta1 ** t)",
    "mh = m",
)
mistake(
    "moments",
    "second_call",
    "step count too high",
    "t is 3 in the first step.",
    "t=1):",
    "t=3):",
)
mistake(
    "moments",
    "no_root",
    "root forgotten",
    "The step divides by vh, not by its root.",
    "np.sqrt(vh) + eps",
    "vh + eps",
)
mistake(
    "moments",
    "slope_missing",
    "slope missing before a right step",
    "d1 has no h (1 - h); the step is right for what it is given.",
    "d1 = d2 @ W2.T * h * (1 - h)",
    "d1 = d2 @ W2.T",
)
mistake(
    "moments",
    "slope_of_z",
    "slope from z",
    "d1 has z (1 - z), from what goes into the sigmoid.",
    "h * (1 - h)",
    "(X @ W1 + b1) * (1 - (X @ W1 + b1))",
)
correct("moments")
correct("moments", size=([6, 3, 1], 12), dtype="float32", ret="X Y W1 b1 W2 b2 dW1 db1 dW2 db2")
