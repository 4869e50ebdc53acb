"""Lists of weights and biases, and backprop for one example at a time."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "nielsen",
    "c oi n1",
    "sigmoid sigmoid sigmoid",
    "mse",
    "unit",
    (
        "X Y W1 b1 W2 b2 W3 b3 dW1=nabla_w[0] db1=nabla_b[0] dW2=nabla_w[1] "
        "db2=nabla_b[1] dW3=nabla_w[2] db3=nabla_b[2] W1_new=weights[0] "
        "W2_new=weights[1] W3_new=weights[2] b1_new=biases[0] b2_new=biases[1] "
        "b3_new=biases[2]"
    ),
    [([4, 5, 3, 2], 6), ([3, 4, 4, 3], 10), ([3, 3, 3, 3], 5)],
    """
def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))

weights = [W1.copy(), W2.copy(), W3.copy()]
biases = [b1.copy(), b2.copy(), b3.copy()]
num_layers = 4
eta = 0.3

def cost_derivative(output_activations, y):
    return 2 * (output_activations - y) / y.shape[0]

def backprop(x, y):
    nabla_b = [np.zeros(b.shape) for b in biases]
    nabla_w = [np.zeros(w.shape) for w in weights]
    activation = x
    activations = [x]
    zs = []
    for b, w in zip(biases, weights):
        z = np.dot(w, activation) + b
        zs.append(z)
        activation = sigmoid(z)
        activations.append(activation)
    delta = cost_derivative(activations[-1], y) * sigmoid_prime(zs[-1])
    nabla_b[-1] = delta
    nabla_w[-1] = np.dot(delta, activations[-2].transpose())
    for l in range(2, num_layers):
        z = zs[-l]
        sp = sigmoid_prime(z)
        delta = np.dot(weights[-l + 1].transpose(), delta) * sp
        nabla_b[-l] = delta
        nabla_w[-l] = np.dot(delta, activations[-l - 1].transpose())
    return nabla_b, nabla_w

nabla_b = [np.zeros(b.shape) for b in biases]
nabla_w = [np.zeros(w.shape) for w in weights]
mini_batch = [(X[:, [i]], Y[:, [i]]) for i in range(X.shape[1])]
for x, y in mini_batch:
    delta_nabla_b, delta_nabla_w = backprop(x, y)
    nabla_b = [nb + dnb for nb, dnb in zip(nabla_b, delta_nabla_b)]
    nabla_w = [nw + dnw for nw, dnw in zip(nabla_w, delta_nabla_w)]
nabla_w = [nw / len(mini_batch) for nw in nabla_w]
nabla_b = [nb / len(mini_batch) for nb in nabla_b]
weights = [w - eta * nw for w, nw in zip(weights, nabla_w)]
biases = [b - eta * nb for b, nb in zip(biases, nabla_b)]
""",
    optimizer=("sgd", 0.3),
)
mistake(
    "nielsen",
    "act_index",
    "layer index off by one",
    (
        "nabla_w[-l]: uses activations[-l] (the layer's own output) instead of "
        "activations[-l-1] (its input); equal widths."
    ),
    "activations[-l - 1].transpose()",
    "activations[-l].transpose()",
    size=([3, 3, 3, 2], 5),
)
mistake(
    "nielsen",
    "weights_index",
    "layer index off by one",
    ("delta in the loop: weights[-l] instead of weights[-l+1] (square " "weights)."),
    "weights[-l + 1]",
    "weights[-l]",
    size=([4, 4, 4, 4], 5),
)
mistake(
    "nielsen",
    "range_short",
    "loop stops before the first layer",
    (
        "backprop loop: range(2, num_layers - 1), the first layer never gets a "
        "gradient (dW1 and db1 stay zero)."
    ),
    "range(2, num_layers)",
    "range(2, num_layers - 1)",
)
mistake(
    "nielsen",
    "no_sp",
    "hidden derivative missing",
    "delta in the loop: sigmoid_prime of the hidden layers is missing.",
    ".transpose(), delta) * sp",
    ".transpose(), delta)",
)
mistake(
    "nielsen",
    "sp_activation",
    "derivative formula fed with a instead of z (activation applied twice)",
    (
        "delta in the loop: sigmoid_prime is given the activation "
        "(activations[-l]) instead of zs[-l]."
    ),
    "z = zs[-l]",
    "z = activations[-l]",
)
mistake(
    "nielsen",
    "last_only",
    "gradient of the last example only",
    (
        "nabla_b and nabla_w are overwritten for every example instead of "
        "added up, only the last example counts."
    ),
    "nabla_w = [nw + dnw for nw, dnw in zip(nabla_w, delta_nabla_w)]",
    "nabla_w = [dnw for nw, dnw in zip(nabla_w, delta_nabla_w)]",
)
mistake(
    "nielsen",
    "no_mean",
    "division by rows missing in one place",
    "nabla_b: not divided by the size of the mini-batch (nabla_w is).",
    "nabla_b = [nb / len(mini_batch) for nb in nabla_b]\n",
    "",
)
mistake(
    "nielsen",
    "updated_with_plus",
    "update with the wrong sign",
    "biases: eta*nabla_b is added instead of subtracted.",
    "biases = [b - eta",
    "biases = [b + eta",
)
mistake(
    "nielsen",
    "eta_over_len",
    "learning rate divided by the batch size again",
    ("weights: eta is divided by len(mini_batch) though nabla_w is a mean " "already."),
    "[w - eta * nw for",
    "[w - (eta / len(mini_batch)) * nw for",
)
mistake(
    "nielsen",
    "out_no_prime",
    "output derivative missing",
    (
        "delta of the output layer: without sigmoid_prime(zs[-1]) (that would "
        "be right for cross-entropy, the loss is mse)."
    ),
    "cost_derivative(activations[-1], y) * sigmoid_prime(zs[-1])",
    "cost_derivative(activations[-1], y)",
)
mistake(
    "nielsen",
    "prime_z1",
    "derivative formula wrong",
    "sigmoid_prime: sigmoid(z)*(1-z) instead of sigmoid(z)*(1-sigmoid(z)).",
    "sigmoid(z) * (1 - sigmoid(z))",
    "sigmoid(z) * (1 - z)",
)
mistake(
    "nielsen",
    "skip_first_example",
    "one example left out",
    (
        "mini_batch: the loop starts at 1, the first example is left out of "
        "the gradient (and of the mean)."
    ),
    "for i in range(X.shape[1])]",
    "for i in range(1, X.shape[1])]",
)
mistake(
    "nielsen",
    "cost_order",
    "arguments exchanged in the derivative of the loss",
    (
        "delta of the output layer: cost_derivative(y, activations[-1]), the "
        "arguments are exchanged and the sign is reversed."
    ),
    "cost_derivative(activations[-1], y) *",
    "cost_derivative(y, activations[-1]) *",
)
mistake(
    "nielsen",
    "delta_nabla_b",
    "bias gradient before the derivative",
    (
        "nabla_b[-1]: the cost derivative without sigmoid_prime is stored as "
        "the gradient of the output bias (nabla_w is right)."
    ),
    "nabla_b[-1] = delta",
    "nabla_b[-1] = cost_derivative(activations[-1], y)",
)
mistake(
    "nielsen",
    "sp_next",
    "derivative of the wrong layer",
    (
        "delta in the loop: the derivative is taken at zs[-l+1] (the layer "
        "above) instead of zs[-l] (equal widths)."
    ),
    "z = zs[-l]",
    "z = zs[-l + 1]",
    size=([4, 3, 3, 3], 6),
)
pair("nielsen", "act_index", "no_mean", size=([3, 3, 3, 2], 5))
pair("nielsen", "no_sp", "updated_with_plus")
pair("nielsen", "out_no_prime", "weights_index", size=([4, 4, 4, 4], 5))
correct("nielsen")
correct("nielsen", size=([3, 3, 3, 3], 3))
correct(
    "nielsen",
    (
        "nabla_w = [nw / len(mini_batch) for nw in nabla_w]\nnabla_b = [nb / "
        "len(mini_batch) for nb in nabla_b]\n"
    ),
    "",
    "[w - eta * nw for",
    "[w - (eta / len(mini_batch)) * nw for",
    "[b - eta * nb for",
    "[b - (eta / len(mini_batch)) * nb for",
    ret=(
        "X Y W1 b1 W2 b2 W3 b3 W1_new=weights[0] W2_new=weights[1] "
        "W3_new=weights[2] b1_new=biases[0] b2_new=biases[1] b3_new=biases[2]"
    ),
    note="sums over the batch, divided in the update",
)
