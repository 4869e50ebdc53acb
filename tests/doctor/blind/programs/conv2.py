"""Two convolutions by windows."""

from __future__ import annotations

from ..oracle import two_convs
from ..others import Other, case

CONV2 = Other(
    key="conv2",
    right=two_convs,
    spec=(
        "input 2x6x6 -> conv 3 3x3 relu -> conv 2 3x3 relu -> flatten -> dense "
        "3 softmax\nloss crossentropy\ndtype float64\n"
    ),
    input=(4, 2, 6, 6),
    classes=3,
    shapes={
        "W1": (3, 2, 3, 3),
        "b1": (3,),
        "W2": (2, 3, 3, 3),
        "b2": (2,),
        "W3": (8, 3),
        "b3": (3,),
    },
    ret="X y W1 b1 W2 b2 W3 b3 z1 a1 z2 a2 a3 loss dW1 db1 dW2 db2 dW3 db3",
    source="""
def conv_forward(x, w, b):
    n, c, h, ww = x.shape
    k, _, kh, kw = w.shape
    out = np.zeros((n, k, h - kh + 1, ww - kw + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[:, :, i, j] = np.tensordot(x[:, :, i:i+kh, j:j+kw], w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out

def conv_backward(dout, x, w):
    kh, kw = w.shape[2:]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    db = dout.sum(axis=(0, 2, 3))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dw += np.tensordot(dout[:, :, i, j].T, x[:, :, i:i+kh, j:j+kw], axes=1)
            dx[:, :, i:i+kh, j:j+kw] += np.tensordot(dout[:, :, i, j], w, axes=1)
    return dx, dw, db

N = len(X)
z1 = conv_forward(X, W1, b1)
a1 = np.maximum(z1, 0)
z2 = conv_forward(a1, W2, b2)
a2 = np.maximum(z2, 0)
flat = a2.reshape(N, -1)
z3 = flat.dot(W3) + b3
a3 = np.exp(z3) / np.exp(z3).sum(axis=1, keepdims=True)
loss = -np.mean(np.sum(y * np.log(a3), axis=1))
dz3 = (a3 - y) / N
dW3, db3 = flat.T.dot(dz3), dz3.sum(axis=0)
da2 = dz3.dot(W3.T).reshape(a2.shape)
dz2 = da2 * (a2 > 0)
da1, dW2, db2 = conv_backward(dz2, a1, W2)
dz1 = da1 * (a1 > 0)
_, dW1, db1 = conv_backward(dz1, X, W1)
""",
)
case(
    CONV2,
    "dx_flip",
    "convolution kernel flipped",
    (
        "conv_backward: dx is built with the flipped kernel; it must be spread "
        "with the kernel itself."
    ),
    "np.tensordot(dout[:, :, i, j], w, axes=1)",
    "np.tensordot(dout[:, :, i, j], w[:, :, ::-1, ::-1], axes=1)",
)
case(
    CONV2,
    "dx_assign",
    "overlapping windows overwritten",
    (
        "conv_backward: dx is assigned (=) instead of added (+=), where "
        "windows overlap only the last one counts."
    ),
    "dx[:, :, i:i+kh, j:j+kw] +=",
    "dx[:, :, i:i+kh, j:j+kw] =",
)
case(CONV2, "ok1")
