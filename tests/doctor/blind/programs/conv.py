"""A convolution by loops, and max-pooling."""

from __future__ import annotations

from ..oracle import conv_and_pool
from ..others import Other, case

CONV = Other(
    key="conv",
    right=conv_and_pool,
    spec=(
        "input 1x8x8 -> conv 3 3x3 relu -> maxpool 2 -> flatten -> dense 4 "
        "softmax\nloss crossentropy\ndtype float64\n"
    ),
    input=(5, 1, 8, 8),
    classes=4,
    shapes={"W1": (3, 1, 3, 3), "b1": (3,), "W2": (27, 4), "b2": (4,)},
    ret="X y W1 b1 W2 b2 z1 a1 a2 loss dW1 db1 dW2 db2",
    source="""
N, C, H, W = X.shape
K = W1.shape[0]
z1 = np.zeros((N, K, H - 2, W - 2))
for n in range(N):
    for k in range(K):
        for i in range(H - 2):
            for j in range(W - 2):
                z1[n, k, i, j] = np.sum(X[n, :, i:i+3, j:j+3] * W1[k]) + b1[k]
a1 = np.maximum(z1, 0)
P = (H - 2) // 2
pool = np.zeros((N, K, P, P))
for i in range(P):
    for j in range(P):
        pool[:, :, i, j] = a1[:, :, 2*i:2*i+2, 2*j:2*j+2].max(axis=(2, 3))
flat = pool.reshape(N, -1)
z2 = flat @ W2 + b2
e = np.exp(z2 - z2.max(axis=1, keepdims=True))
a2 = e / e.sum(axis=1, keepdims=True)
loss = -np.sum(y * np.log(a2)) / N
dz2 = (a2 - y) / N
dW2 = flat.T @ dz2
db2 = dz2.sum(axis=0)
dpool = (dz2 @ W2.T).reshape(pool.shape)
da1 = np.zeros_like(a1)
for n in range(N):
    for k in range(K):
        for i in range(P):
            for j in range(P):
                patch = a1[n, k, 2*i:2*i+2, 2*j:2*j+2]
                mask = patch == patch.max()
                da1[n, k, 2*i:2*i+2, 2*j:2*j+2] += mask * dpool[n, k, i, j]
dz1 = da1 * (z1 > 0)
dW1 = np.zeros_like(W1)
db1 = np.zeros_like(b1)
for n in range(N):
    for k in range(K):
        for i in range(H - 2):
            for j in range(W - 2):
                dW1[k] += dz1[n, k, i, j] * X[n, :, i:i+3, j:j+3]
                db1[k] += dz1[n, k, i, j]
""",
)
case(
    CONV,
    "pool_all",
    "max-pooling gradient to the wrong places",
    (
        "da1: the gradient of the max-pooling goes to all four positions of "
        "the window instead of the maximum only."
    ),
    "mask = patch == patch.max()",
    "mask = np.ones_like(patch)",
)
case(
    CONV,
    "pool_mean",
    "max-pooling gradient to the wrong places",
    (
        "da1: a quarter of the gradient goes to each position of the window as "
        "in average pooling; the layer is max-pooling."
    ),
    "mask = patch == patch.max()",
    "mask = np.ones_like(patch) / 4",
)
case(
    CONV,
    "db_last",
    "bias gradient not summed over the positions",
    ("db1: assigned instead of added, only the last position of the last " "image counts."),
    "db1[k] += dz1",
    "db1[k] = dz1",
)
case(
    CONV,
    "flip",
    "convolution kernel flipped",
    (
        "z1: the kernel is flipped (true convolution) in the forward pass, the "
        "layer is a cross-correlation and the backward pass is made for it."
    ),
    "j:j+3] * W1[k])",
    "j:j+3] * W1[k, :, ::-1, ::-1])",
)
case(
    CONV,
    "no_relu",
    "hidden derivative missing",
    "dz1: the ReLU mask is missing after the convolution, dz1 = da1.",
    "dz1 = da1 * (z1 > 0)",
    "dz1 = da1",
)
case(
    CONV,
    "flat_order",
    "reshape in another order than flatten",
    ("dpool: reshaped to (N, P, P, K) and transposed, flatten was done in " "(K, P, P) order."),
    ".reshape(pool.shape)",
    ".reshape(N, P, P, K).transpose(0, 3, 1, 2)",
)
case(CONV, "ok1")
