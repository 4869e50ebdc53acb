"""Layer objects with dvalues and dinputs."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "nnfs",
    "r io 1n",
    "relu relu softmax",
    "crossentropy",
    "int",
    (
        "X y W1 b1 W2 b2 W3 b3 z1=dense1.output a1=activation1.output "
        "z2=dense2.output a2=activation2.output z3=dense3.output "
        "a3=loss_activation.output loss dW1=dense1.dweights db1=dense1.dbiases "
        "dW2=dense2.dweights db2=dense2.dbiases dW3=dense3.dweights "
        "db3=dense3.dbiases"
    ),
    [([2, 9, 6, 3], 15), ([5, 7, 7, 4], 11), ([6, 6, 6, 6], 6)],
    """
class Layer_Dense:
    def __init__(self, weights, biases):
        self.weights = weights
        self.biases = biases
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases
    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)

class Activation_ReLU:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)
    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0

class Activation_Softmax_Loss:
    def forward(self, inputs, y_true):
        exp_values = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        self.output = exp_values / np.sum(exp_values, axis=1, keepdims=True)
        confidences = self.output[range(len(inputs)), y_true]
        return np.mean(-np.log(confidences))
    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        self.dinputs = dvalues.copy()
        self.dinputs[range(samples), y_true] -= 1
        self.dinputs = self.dinputs / samples

dense1, activation1 = Layer_Dense(W1, b1), Activation_ReLU()
dense2, activation2 = Layer_Dense(W2, b2), Activation_ReLU()
dense3, loss_activation = Layer_Dense(W3, b3), Activation_Softmax_Loss()
dense1.forward(X)
activation1.forward(dense1.output)
dense2.forward(activation1.output)
activation2.forward(dense2.output)
dense3.forward(activation2.output)
loss = loss_activation.forward(dense3.output, y)
loss_activation.backward(loss_activation.output, y)
dense3.backward(loss_activation.dinputs)
activation2.backward(dense3.dinputs)
dense2.backward(activation2.dinputs)
activation1.backward(dense2.dinputs)
dense1.backward(activation1.dinputs)
""",
)
mistake(
    "nnfs",
    "no_div",
    "division by rows missing",
    "loss backward: dinputs is not divided by the number of samples.",
    "self.dinputs = self.dinputs / samples",
    "pass",
)
mistake(
    "nnfs",
    "relu_output_inplace",
    "ReLU derivative missing",
    (
        "Activation_ReLU.backward: returns dvalues unchanged, the derivative "
        "of the ReLU is missing in layers 1 and 2."
    ),
    "        self.dinputs[self.inputs <= 0] = 0\n",
    "",
)
mistake(
    "nnfs",
    "relu_inputs_swapped",
    "backward calls wired to the wrong layer",
    (
        "activation1.backward is given dense3.dinputs instead of "
        "dense2.dinputs, layer 2 is skipped in the backward pass."
    ),
    "activation1.backward(dense2.dinputs)",
    "activation1.backward(dense3.dinputs)",
    size=([5, 6, 6, 4], 9),
)
mistake(
    "nnfs",
    "skip_activation",
    "activation skipped in the backward pass",
    (
        "dense2.backward is given dense3.dinputs, activation2.backward is left "
        "out: no ReLU derivative in layer 2."
    ),
    "dense2.backward(activation2.dinputs)",
    "dense2.backward(dense3.dinputs)",
)
mistake(
    "nnfs",
    "fwd_skip",
    "layer fed with the wrong input in the forward pass",
    (
        "dense3.forward is fed with activation1.output instead of "
        "activation2.output (equal widths)."
    ),
    "dense3.forward(activation2.output)",
    "dense3.forward(activation1.output)",
    size=([5, 7, 7, 4], 11),
)
mistake(
    "nnfs",
    "dbiases_mean",
    "bias gradient averaged a second time",
    (
        "Layer_Dense.backward: dbiases is a mean over samples, dvalues is "
        "already divided by the number of samples."
    ),
    "np.sum(dvalues, axis=0, keepdims=True)",
    "np.mean(dvalues, axis=0, keepdims=True)",
)
mistake(
    "nnfs",
    "y_range",
    "label indexing wrong",
    (
        "loss forward: confidences are taken with output[:, y_true] (all "
        "pairs) instead of one entry a row, so the loss is a mean over all "
        "pairs."
    ),
    "self.output[range(len(inputs)), y_true]",
    "self.output[:, y_true]",
)
mistake(
    "nnfs",
    "clip_conf",
    "probabilities clipped too hard",
    ("loss forward: the confidences are clipped to [0.3, 0.7] before the " "log."),
    "return np.mean(-np.log(confidences))",
    "return np.mean(-np.log(np.clip(confidences, 0.3, 0.7)))",
)
mistake(
    "nnfs",
    "dinputs_stale_W",
    "weights updated before they are used in the backward pass",
    (
        "Layer_Dense.backward: the weights are updated (self.weights -= "
        "0.5*dweights) before dinputs is computed with them."
    ),
    "        self.dinputs = np.dot(dvalues, self.weights.T)",
    (
        "        self.weights = self.weights - 0.5 * self.dweights\n        "
        "self.dinputs = np.dot(dvalues, self.weights.T)"
    ),
)
mistake(
    "nnfs",
    "shared",
    "activation object shared by two layers",
    (
        "activation1 is used for both hidden layers, so its stored inputs are "
        "those of layer 2 when layer 1 goes backward."
    ),
    "activation2 = Layer_Dense(W2, b2), Activation_ReLU()",
    "activation2 = Layer_Dense(W2, b2), activation1",
    size=([6, 6, 6, 6], 7),
    ret=(
        "X y W1 b1 W2 b2 W3 b3 z1=dense1.output z2=dense2.output "
        "z3=dense3.output a3=loss_activation.output loss dW1=dense1.dweights "
        "db1=dense1.dbiases dW2=dense2.dweights db2=dense2.dbiases "
        "dW3=dense3.dweights db3=dense3.dbiases"
    ),
)
pair("nnfs", "no_div", "skip_activation")
pair("nnfs", "y_range", "dbiases_mean")
correct("nnfs")
correct("nnfs", size=([5, 5, 5, 5], 5))
correct(
    "nnfs",
    "self.dinputs = self.dinputs / samples",
    "self.dinputs /= samples",
    size=([3, 4, 6, 2], 32),
)
