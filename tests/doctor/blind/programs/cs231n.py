"""Two layers with scores, probs and reg, in the manner of course notes."""

from __future__ import annotations

from ..dense import base, correct, mistake, pair

base(
    "cs231n",
    "r io n",
    "relu softmax",
    "crossentropy",
    "int",
    (
        "X y W1 b1 W2 b2 hidden:a1 scores:z2 probs:a2 loss dscores:dz2 dW2 db2 "
        "dhidden:dz1 dW1 db1"
    ),
    [([4, 10, 3], 9), ([2, 8, 3], 20), ([6, 5, 5], 5)],
    """
reg = 0.02
num_examples = X.shape[0]
hidden = np.maximum(0, np.dot(X, W1) + b1)   # ReLU
scores = np.dot(hidden, W2) + b2
exp_scores = np.exp(scores)
probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
correct_logprobs = -np.log(probs[range(num_examples), y])
data_loss = np.sum(correct_logprobs) / num_examples
reg_loss = 0.5 * reg * np.sum(W1 * W1) + 0.5 * reg * np.sum(W2 * W2)
loss = data_loss + reg_loss
# gradient on scores
dscores = probs.copy()
dscores[range(num_examples), y] -= 1
dscores /= num_examples
dW2 = np.dot(hidden.T, dscores)
db2 = np.sum(dscores, axis=0)
dhidden = np.dot(dscores, W2.T)
dhidden[hidden <= 0] = 0
dW1 = np.dot(X.T, dhidden)
db1 = np.sum(dhidden, axis=0)
dW2 += reg * W2
dW1 += reg * W1
""",
    l2=0.01,
    note="0.5*reg with reg=0.02 is l2=0.02 of the spec",
)
mistake(
    "cs231n",
    "no_relu_back",
    "hidden derivative missing",
    (
        "dhidden: the gradient of the ReLU is missing, dhidden is not set to "
        "zero where hidden is zero."
    ),
    "dhidden[hidden <= 0] = 0\n",
    "",
)
mistake(
    "cs231n",
    "relu_mask_grad",
    "ReLU mask taken from the gradient",
    ("dhidden: masked by its own sign (dhidden <= 0) instead of by the sign " "of hidden."),
    "dhidden[hidden <= 0] = 0",
    "dhidden[dhidden <= 0] = 0",
)
mistake(
    "cs231n",
    "relu_mask_inverted",
    "ReLU mask inverted",
    ("dhidden: set to zero where hidden > 0, the mask is the wrong way " "round."),
    "dhidden[hidden <= 0] = 0",
    "dhidden[hidden > 0] = 0",
)
mistake(
    "cs231n",
    "label_minus_all",
    "label indexing wrong",
    (
        "dscores: dscores[:, y] -= 1 takes 1 away in the columns y of all rows "
        "(once a column), not one entry a row."
    ),
    "dscores[range(num_examples), y] -= 1",
    "dscores[:, y] -= 1",
)
mistake(
    "cs231n",
    "no_copy",
    "array changed in place (aliasing)",
    (
        "dscores = probs without copy: probs is changed in place and is not "
        "the probabilities any more."
    ),
    "dscores = probs.copy()",
    "dscores = probs",
    ret="X y W1 b1 W2 b2 hidden:a1 scores:z2 probs:a2 loss dW2 db2 dW1 db1",
)
mistake(
    "cs231n",
    "no_minus1",
    "target not subtracted",
    (
        "dscores: the 1 of the right class is never subtracted, the labels do "
        "not enter the gradient."
    ),
    "dscores[range(num_examples), y] -= 1\n",
    "",
)
mistake(
    "cs231n",
    "reg_half",
    "L2 gradient wrong factor",
    (
        "dW1: regularization gradient of W1 is 0.5*reg*W1 but the derivative "
        "of 0.5*reg*W1^2 is reg*W1."
    ),
    "dW1 += reg * W1",
    "dW1 += 0.5 * reg * W1",
)
mistake(
    "cs231n",
    "reg_only_W2",
    "L2 gradient missing in one layer",
    ("dW1: the gradient of the regularization is missing for W1 (it is " "there for W2)."),
    "dW1 += reg * W1\n",
    "",
)
mistake(
    "cs231n",
    "reg_minus",
    "L2 gradient wrong sign",
    "dW2: the regularization gradient is subtracted instead of added.",
    "dW2 += reg * W2",
    "dW2 -= reg * W2",
)
mistake(
    "cs231n",
    "reg_bias",
    "L2 on the biases",
    "db2: weight decay is applied to the bias b2 too.",
    "dW2 += reg * W2",
    "dW2 += reg * W2\ndb2 += reg * b2",
)
mistake(
    "cs231n",
    "reg_loss_only",
    "L2 missing in the loss",
    ("loss: the regularization term is left out of the loss (the gradients " "contain it)."),
    "loss = data_loss + reg_loss",
    "loss = data_loss",
)
mistake(
    "cs231n",
    "reg_wrong_layer",
    "L2 gradient with the wrong layer's weights",
    "dW2: regularized with W1 instead of W2 (both square).",
    "dW2 += reg * W2",
    "dW2 += reg * W1",
    size=([5, 5, 5], 9),
)
mistake(
    "cs231n",
    "reg_over_n",
    "L2 gradient wrong factor",
    (
        "dW1: the regularization gradient is divided by the number of "
        "examples, the penalty in the loss is not."
    ),
    "dW1 += reg * W1",
    "dW1 += reg * W1 / num_examples",
)
mistake(
    "cs231n",
    "reg_l1",
    "L1 instead of L2 gradient",
    ("dW1: sign(W1) is added, which is the gradient of an L1 penalty, the " "loss has L2."),
    "dW1 += reg * W1",
    "dW1 += reg * np.sign(W1)",
)
mistake(
    "cs231n",
    "relu_value",
    "derivative formula wrong",
    ("dhidden: multiplied by the ReLU output (hidden) instead of by the 0/1 " "mask."),
    "dhidden[hidden <= 0] = 0",
    "dhidden *= hidden",
)
mistake(
    "cs231n",
    "leaky",
    "leaky ReLU derivative for a plain ReLU",
    (
        "dhidden: where hidden is zero the gradient is multiplied by 0.1 as in "
        "leaky ReLU, but the forward pass has a plain ReLU."
    ),
    "dhidden[hidden <= 0] = 0",
    "dhidden[hidden <= 0] *= 0.1",
)
mistake(
    "cs231n",
    "relu_fwd_abs",
    "activation formula wrong",
    "hidden: np.abs instead of the maximum with 0 in the forward pass.",
    "np.maximum(0, np.dot(X, W1) + b1)",
    "np.abs(np.dot(X, W1) + b1)",
)
mistake(
    "cs231n",
    "exp_label",
    "wrong probability in the loss",
    (
        "loss: the log of the largest probability of each row is taken instead "
        "of that of the right class."
    ),
    "probs[range(num_examples), y])",
    "probs.max(axis=1))",
    size=([4, 10, 3], 9),
)
mistake(
    "cs231n",
    "batch_const",
    "division by a fixed batch size",
    ("dscores: divided by the constant batch size 32 though the batch has " "fewer rows."),
    "dscores /= num_examples",
    "dscores /= 32",
)
mistake(
    "cs231n",
    "labels_from_1",
    "labels off by one",
    ("dscores: the labels start at 0 but are used as if they started at 1 " "(y - 1)."),
    "dscores[range(num_examples), y] -= 1",
    "dscores[range(num_examples), y - 1] -= 1",
)
mistake(
    "cs231n",
    "minus_N",
    "target subtracted after the division",
    (
        "dscores: divided by num_examples before the 1 is subtracted, so "
        "probabilities are averaged and the target is not."
    ),
    "dscores[range(num_examples), y] -= 1\ndscores /= num_examples",
    "dscores /= num_examples\ndscores[range(num_examples), y] -= 1",
)
pair("cs231n", "no_relu_back", "reg_half")
pair("cs231n", "relu_mask_inverted", "reg_loss_only")
pair("cs231n", "label_minus_all", "reg_bias")
correct("cs231n")
correct("cs231n", "dhidden[hidden <= 0] = 0", "dhidden = dhidden * (hidden > 0)")
correct(
    "cs231n",
    "reg = 0.02",
    "reg = 0.01",
    "0.5 * reg * np.sum(W1 * W1) + 0.5 * reg * np.sum(W2 * W2)",
    "reg * np.sum(W1 * W1) + reg * np.sum(W2 * W2)",
    "dW2 += reg * W2",
    "dW2 += 2 * reg * W2",
    "dW1 += reg * W1",
    "dW1 += 2 * reg * W1",
    size=([5, 5, 5], 5),
    note="2*reg is l2 of the spec, gradient 2*reg*W",
)
