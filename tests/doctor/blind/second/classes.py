"""Layers as objects; the batch in rows."""

from __future__ import annotations

from ..dense import base, correct, mistake

base(
    "objects",
    "r io n",
    "relu relu softmax",
    "crossentropy",
    "onehot",
    (
        "X Y W1 b1 W2 b2 W3 b3 a1=l1.out a2=l2.out a3=P loss dW1=l1.dW db1=l1.db dW2=l2.dW "
        "db2=l2.db dW3=l3.dW db3=l3.db"
    ),
    [([6, 8, 8, 4], 16), ([5, 7, 7, 3], 9), ([4, 6, 6, 6], 6)],
    """
class Dense:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.db = grad.sum(axis=0)
        return grad @ self.W.T

class DenseReLU(Dense):
    def forward(self, x):
        self.z = super().forward(x)
        self.out = np.maximum(self.z, 0)
        return self.out

    def backward(self, grad):
        return super().backward(grad * (self.z > 0))

l1, l2, l3 = DenseReLU(W1, b1), DenseReLU(W2, b2), Dense(W3, b3)
scores = l3.forward(l2.forward(l1.forward(X)))
P = np.exp(scores - scores.max(axis=1, keepdims=True))
P = P / P.sum(axis=1, keepdims=True)
loss = -(Y * np.log(P)).sum() / len(X)
grad = (P - Y) / len(X)
for layer in (l3, l2, l1):
    grad = layer.backward(grad)
""",
)
mistake(
    "objects",
    "gate_of_out",
    "gate always open",
    "DenseReLU.backward: the gate is out >= 0, which is always true; the relu's slope is missing.",
    "(self.z > 0)",
    "(self.out >= 0)",
)
mistake(
    "objects",
    "cached_output",
    "wrong thing cached",
    "Dense.forward of the relu layers caches the output, so dW of layer 2 is from its own output.",
    "self.out = np.maximum(self.z, 0)\n",
    "self.out = np.maximum(self.z, 0)\n        self.x = self.out if x.shape == self.out.shape else x\n",
    size=([6, 8, 8, 4], 16),
)
mistake(
    "objects",
    "mean_in_last",
    "divided twice in one layer",
    "dW of the last layer is divided by the batch although grad is divided already.",
    "    grad = layer.backward(grad)\n",
    "    grad = layer.backward(grad)\nl3.dW = l3.dW / len(X)\n",
)
mistake(
    "objects",
    "scores_grad",
    "scores in place of probabilities",
    "grad begins with scores - Y, the softmax is left out.",
    "grad = (P - Y) / len(X)",
    "grad = (scores - Y) / len(X)",
)
mistake(
    "objects",
    "accumulated",
    "gradients of a call before are not cleared",
    "dW of all layers is added to what a call before has left: twice the gradient of the weights.",
    "    grad = layer.backward(grad)\n",
    "    grad = layer.backward(grad)\n    layer.dW = layer.dW + layer.dW\n",
)
mistake(
    "objects",
    "wrong_way",
    "gradient through another layer's weights",
    "Layer 3 hands its gradient back through the weights of layer 2 (all square).",
    "for layer in (l3, l2, l1):\n    grad = layer.backward(grad)\n",
    "l3.backward(grad)\ngrad = grad @ W2.T\nfor layer in (l2, l1):\n    grad = layer.backward(grad)\n",
    size=([4, 6, 6, 6], 6),
)
correct("objects")
correct("objects", "(self.z > 0)", "(self.out > 0)", size=([4, 6, 6, 6], 6))
correct("objects", dtype="float32")

base(
    "relus",
    "r io n",
    "relu relu relu relu none",
    "mse",
    "real",
    (
        "X Y W1=W[0] b1=B[0] W2=W[1] b2=B[1] W3=W[2] b3=B[2] W4=W[3] b4=B[3] W5=W[4] b5=B[4] loss "
        "dW1=gw[0] db1=gb[0] dW2=gw[1] db2=gb[1] dW3=gw[2] db3=gb[2] dW4=gw[3] db4=gb[3] "
        "dW5=gw[4] db5=gb[4]"
    ),
    [([5, 6, 6, 6, 6, 2], 10), ([3, 4, 4, 4, 4, 1], 12)],
    """
W = [W1, W2, W3, W4, W5]
B = [b1, b2, b3, b4, b5]
acts, pre = [X], []
for i in range(5):
    pre.append(acts[i] @ W[i] + B[i])
    acts.append(pre[i] if i == 4 else np.maximum(pre[i], 0))
loss = ((acts[5] - Y) ** 2).mean()
gw, gb = [None] * 5, [None] * 5
d = 2 * (acts[5] - Y) / Y.size
for i in range(4, -1, -1):
    gw[i] = acts[i].T @ d
    gb[i] = d.sum(0)
    if i > 0:
        d = (d @ W[i].T) * (pre[i - 1] > 0)
""",
)
mistake(
    "relus",
    "gate_next",
    "index off by one",
    "The gate is that of the layer above, pre[i] in place of pre[i - 1] (equal widths).",
    "* (pre[i - 1] > 0)",
    "* (pre[i if i < 4 else i - 1] > 0)",
    size=([5, 6, 6, 6, 6, 2], 10),
)
mistake(
    "relus",
    "weights_before",
    "index off by one",
    "The gradient goes back through W[i - 1] in layers 2 to 4, the weights of the layer before.",
    "(d @ W[i].T)",
    "(d @ W[i - 1 if 1 < i < 4 else i].T)",
    size=([5, 6, 6, 6, 6, 2], 10),
)
mistake(
    "relus",
    "gate_of_gradient",
    "gate by the gradient",
    "The gradient itself is rectified, np.maximum(d, 0), where the gate should look at z.",
    "d = (d @ W[i].T) * (pre[i - 1] > 0)",
    "d = np.maximum(d @ W[i].T, 0)",
)
mistake(
    "relus",
    "returned_reversed",
    "gradients in the wrong order",
    "The weights' gradients of layers 2 and 4 are exchanged: the list is read from the wrong end.",
    "        d = (d @ W[i].T) * (pre[i - 1] > 0)\n",
    "        d = (d @ W[i].T) * (pre[i - 1] > 0)\ngw[1], gw[3] = gw[3], gw[1]\n",
)
mistake(
    "relus",
    "stops_early",
    "loop one short",
    "The loop ends before the first layer, whose gradients stay zero.",
    "gw, gb = [None] * 5, [None] * 5",
    "gw, gb = [0 * w for w in W], [0 * b for b in B]",
    "range(4, -1, -1)",
    "range(4, 0, -1)",
)
mistake(
    "relus",
    "residual_squared",
    "loss in place of its derivative",
    "The gradient begins with the squared error, not with its derivative.",
    "d = 2 * (acts[5] - Y) / Y.size",
    "d = (acts[5] - Y) ** 2 / Y.size",
)
correct("relus")
correct("relus", "(pre[i - 1] > 0)", "(acts[i] > 0)")
