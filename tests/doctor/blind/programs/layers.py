"""A list of layer objects whose backward takes the learning rate."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "layers",
    "r io 1n",
    "tanh tanh none",
    "mse",
    "real",
    (
        "X y W1 b1 W2 b2 W3 b3 dW1=fc1.gW db1=fc1.gb dW2=fc2.gW db2=fc2.gb "
        "dW3=fc3.gW db3=fc3.gb loss W1_new=fc1.W W2_new=fc2.W "
        "W3_new=fc3.W b1_new=fc1.b b2_new=fc2.b b3_new=fc3.b"
    ),
    [([3, 4, 5, 2], 6), ([2, 6, 4, 1], 11), ([4, 4, 4, 4], 7)],
    """
class FCLayer:
    def __init__(self, W, b):
        self.W = W.copy()
        self.b = b.copy()
    def forward(self, input):
        self.input = input
        self.output = np.dot(self.input, self.W) + self.b
        return self.output
    def backward(self, output_error, learning_rate):
        input_error = np.dot(output_error, self.W.T)
        self.gW = np.dot(self.input.T, output_error)
        self.gb = output_error.sum(axis=0, keepdims=True)
        self.W = self.W - learning_rate * self.gW
        self.b = self.b - learning_rate * self.gb
        return input_error

class ActivationLayer:
    def __init__(self, activation, activation_prime):
        self.activation = activation
        self.activation_prime = activation_prime
    def forward(self, input):
        self.input = input
        return self.activation(self.input)
    def backward(self, output_error, learning_rate):
        return self.activation_prime(self.input) * output_error

def tanh(x):
    return np.tanh(x)
def tanh_prime(x):
    return 1 - np.tanh(x) ** 2
def mse(y_true, y_pred):
    return np.mean(np.power(y_true - y_pred, 2))
def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size

fc1, fc2, fc3 = FCLayer(W1, b1), FCLayer(W2, b2), FCLayer(W3, b3)
network = [fc1, ActivationLayer(tanh, tanh_prime), fc2, ActivationLayer(tanh, tanh_prime), fc3]
out = X
for layer in network:
    out = layer.forward(out)
loss = mse(y, out)
g = mse_prime(y, out)
for layer in reversed(network):
    g = layer.backward(g, 0.1)
""",
    optimizer=("sgd", 0.1),
)
mistake(
    "layers",
    "updated_first",
    "weights updated before they are used in the backward pass",
    ("FCLayer.backward: input_error is computed after the weights have been " "updated."),
    "        input_error = np.dot(output_error, self.W.T)\n",
    "",
    "        return input_error\n",
    ("        input_error = np.dot(output_error, self.W.T)\n        return " "input_error\n"),
)
mistake(
    "layers",
    "order",
    "arguments exchanged in the derivative of the loss",
    ("mse_prime is called (out, y): arguments exchanged, all gradients with " "the wrong sign."),
    "mse_prime(y, out)",
    "mse_prime(out, y)",
)
mistake(
    "layers",
    "tanh_prime_out",
    "derivative formula fed with a instead of z (activation applied twice)",
    ("ActivationLayer: stores its output as input, tanh_prime is then taken " "of tanh(x)."),
    "        self.input = input\n        return self.activation(self.input)",
    "        self.input = self.activation(input)\n        return self.input",
)
mistake(
    "layers",
    "no_prime",
    "hidden derivative missing",
    ("ActivationLayer.backward: returns output_error, without the " "derivative."),
    "return self.activation_prime(self.input) * output_error",
    "return output_error",
)
mistake(
    "layers",
    "prime_tanh_plain",
    "activation returned instead of its derivative",
    ("ActivationLayer.backward: multiplies by activation(input) instead of " "its derivative."),
    "self.activation_prime(self.input) * output_error",
    "self.activation(self.input) * output_error",
)
mistake(
    "layers",
    "update_b_W",
    "learning rate missing",
    "FCLayer.backward: the bias is updated without the learning rate.",
    "self.b - learning_rate * self.gb",
    "self.b - self.gb",
)
mistake(
    "layers",
    "mse_len",
    "division by the wrong count",
    "mse_prime: divided by len(y_true), the mean is over rows and outputs.",
    "/ y_true.size",
    "/ len(y_true)",
    size=([3, 4, 5, 2], 6),
)
mistake(
    "layers",
    "forward_T",
    "output stored instead of the input",
    "FCLayer.backward: gW from self.output instead of self.input (square).",
    "np.dot(self.input.T, output_error)",
    "np.dot(self.output.T, output_error)",
    size=([4, 4, 4, 4], 7),
)
pair("layers", "no_prime", "mse_len", size=([3, 4, 5, 2], 6))
correct("layers")
correct("layers", size=([4, 4, 4, 4], 4))
