"""A class with lists of weights, and a loop over layers."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "cls",
    "r io n",
    "tanh sigmoid tanh softmax",
    "crossentropy",
    "onehot",
    (
        "X y W1 b1 W2 b2 W3 b3 W4 b4 a1=net.acts[1] a2=net.acts[2] "
        "a3=net.acts[3] a4=net.acts[4] loss=net.loss dW1=net.dW[0] "
        "db1=net.db[0] dW2=net.dW[1] db2=net.db[1] dW3=net.dW[2] db3=net.db[2] "
        "dW4=net.dW[3] db4=net.db[3]"
    ),
    [([5, 6, 4, 5, 3], 7), ([3, 5, 5, 4, 2], 14), ([4, 4, 4, 4, 4], 6)],
    """
class NeuralNetwork:
    def __init__(self, weights, biases, activations):
        self.weights = weights
        self.biases = biases
        self.activations = activations

    def activate(self, name, z):
        if name == "tanh":
            return np.tanh(z)
        elif name == "sigmoid":
            return 1 / (1 + np.exp(-z))
        else:
            e = np.exp(z - z.max(axis=1, keepdims=True))
            return e / e.sum(axis=1, keepdims=True)

    def derivative(self, name, a):
        if name == "tanh":
            return 1 - a ** 2
        elif name == "sigmoid":
            return a * (1 - a)

    def forward(self, x):
        self.acts = [x]
        for W, b, name in zip(self.weights, self.biases, self.activations):
            z = self.acts[-1].dot(W) + b
            self.acts.append(self.activate(name, z))
        return self.acts[-1]

    def backward(self, y):
        n = y.shape[0]
        L = len(self.weights)
        self.loss = -np.sum(y * np.log(self.acts[-1])) / n
        self.dW = [np.zeros_like(w) for w in self.weights]
        self.db = [np.zeros_like(b) for b in self.biases]
        delta = (self.acts[-1] - y) / n
        for l in range(L - 1, -1, -1):
            self.dW[l] = self.acts[l].T.dot(delta)
            self.db[l] = delta.sum(axis=0)
            if l > 0:
                error = delta.dot(self.weights[l].T)
                delta = error * self.derivative(self.activations[l - 1], self.acts[l])

net = NeuralNetwork([W1, W2, W3, W4], [b1, b2, b3, b4], ["tanh", "sigmoid", "tanh", "softmax"])
net.forward(X)
net.backward(y)
""",
)
mistake(
    "cls",
    "acts_out",
    "weight gradient from the layer's own output",
    "dW in the loop: acts[l+1] instead of acts[l] (equal widths).",
    "self.acts[l].T.dot(delta)",
    "self.acts[l + 1].T.dot(delta)",
    size=([4, 4, 4, 4, 4], 6),
)
mistake(
    "cls",
    "loop_stop",
    "loop stops before the first layer",
    (
        "backward: range(L-1, 0, -1) leaves out layer 0, the gradients of the "
        "first layer stay zero."
    ),
    "range(L - 1, -1, -1)",
    "range(L - 1, 0, -1)",
)
mistake(
    "cls",
    "wrong_name",
    "derivative of the wrong layer's activation",
    (
        "delta in the loop: activations[l] instead of activations[l-1], the "
        "derivative of the layer above's function (tanh and sigmoid exchanged "
        "in layers 1 and 2; layer 3 happens to be right)."
    ),
    "self.derivative(self.activations[l - 1], self.acts[l])",
    (
        'self.derivative("tanh" if self.activations[l] == "softmax" else '
        "self.activations[l], self.acts[l])"
    ),
)
mistake(
    "cls",
    "no_keep_delta",
    "derivative left out of the chain",
    (
        "delta in the loop: the error is sent on without the derivative (delta "
        "= error), for all hidden layers."
    ),
    "delta = error * self.derivative(self.activations[l - 1], self.acts[l])",
    "delta = error",
)
mistake(
    "cls",
    "W_T",
    "weights not transposed in the backward pass",
    ("error in the loop: delta.dot(weights[l]) without the transpose " "(square)."),
    "delta.dot(self.weights[l].T)",
    "delta.dot(self.weights[l])",
    size=([4, 4, 4, 4, 4], 7),
)
mistake(
    "cls",
    "W_idx",
    "wrong layer's weights in the backward pass",
    "error in the loop: weights[l-1] instead of weights[l] (square).",
    "delta.dot(self.weights[l].T)",
    "delta.dot(self.weights[l - 1].T)",
    size=([5, 5, 5, 5, 5], 4),
)
mistake(
    "cls",
    "double_acc",
    "gradients not reset",
    (
        "the gradients are accumulated (+=) and not set to zero between two "
        "calls of backward: all dW and db are doubled."
    ),
    (
        "        self.dW = [np.zeros_like(w) for w in self.weights]\n        "
        "self.db = [np.zeros_like(b) for b in self.biases]\n"
    ),
    (
        '        if not hasattr(self, "dW"):\n            self.dW = '
        "[np.zeros_like(w) for w in self.weights]\n            self.db = "
        "[np.zeros_like(b) for b in self.biases]\n"
    ),
    "self.dW[l] = self.acts[l].T.dot(delta)",
    "self.dW[l] += self.acts[l].T.dot(delta)",
    "self.db[l] = delta",
    "self.db[l] += delta",
    "net.forward(X)\nnet.backward(y)",
    "for epoch in range(2):\n    net.forward(X)\n    net.backward(y)",
)
mistake(
    "cls",
    "deriv_tanh_sq",
    "derivative formula wrong",
    'derivative("tanh"): (1 - a)**2 instead of 1 - a**2, layers 1 and 3.',
    "return 1 - a ** 2",
    "return (1 - a) ** 2",
)
mistake(
    "cls",
    "deriv_else",
    "derivative of another activation",
    ('derivative: for "sigmoid" it returns the derivative of tanh, 1 - a^2 ' "(layer 2)."),
    "return a * (1 - a)",
    "return 1 - a * a",
)
mistake(
    "cls",
    "n_each",
    "division by rows twice",
    (
        "error in the loop: divided by n again at every layer, the gradients "
        "shrink by n with each layer further down."
    ),
    "error = delta.dot(self.weights[l].T)",
    "error = delta.dot(self.weights[l].T) / n",
)
mistake(
    "cls",
    "input_acts",
    "input standardised in the forward pass",
    (
        "forward: the input is standardised (minus mean, divided by std) "
        "inside the forward pass, the network of the spec is fed with X itself."
    ),
    "self.acts = [x]",
    "self.acts = [(x - x.mean(axis=0)) / x.std(axis=0)]",
)
mistake(
    "cls",
    "db_mean",
    "bias gradient averaged a second time",
    ("db in the loop: delta.mean although delta is already divided by n, " "all the biases."),
    "delta.sum(axis=0)",
    "delta.mean(axis=0)",
)
mistake(
    "cls",
    "db_first",
    "gradient of one example only",
    "db in the loop: only the first row of delta is taken, not the sum.",
    "delta.sum(axis=0)",
    "delta[0]",
)
mistake(
    "cls",
    "clip",
    "gradient clipped",
    (
        "delta of the output layer: clipped to [-0.02, 0.02], left over from "
        "an experiment with gradient clipping."
    ),
    "delta = (self.acts[-1] - y) / n",
    "delta = np.clip((self.acts[-1] - y) / n, -0.02, 0.02)",
)
pair("cls", "deriv_tanh_sq", "db_mean")
pair("cls", "W_T", "db_first", size=([4, 4, 4, 4, 4], 6))
correct("cls")
correct("cls", size=([4, 4, 4, 4, 4], 4))
correct("cls", size=([3, 5, 4, 6, 2], 1), dtype="float32")
