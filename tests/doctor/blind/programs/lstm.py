"""An LSTM over five steps."""

from __future__ import annotations

from ..oracle import lstm
from ..others import Other, case

LSTM = Other(
    key="lstm",
    right=lstm,
    spec=("input 5x3 -> lstm 4 -> dense 2 softmax\nloss crossentropy\ndtype " "float64\n"),
    input=(6, 5, 3),
    classes=2,
    shapes={"Wx": (3, 16), "Wh": (4, 16), "b": (16,), "Wy": (4, 2), "by": (2,)},
    ret="X y Wx Wh b Wy by probs loss dWx dWh db dWy dby",
    source="""
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

N, T, D = X.shape
H = Wh.shape[0]
h = np.zeros((T + 1, N, H))
c = np.zeros((T + 1, N, H))
cache = []
for t in range(T):
    a = X[:, t] @ Wx + h[t] @ Wh + b
    i, f, g, o = sigmoid(a[:, :H]), sigmoid(a[:, H:2*H]), np.tanh(a[:, 2*H:3*H]), sigmoid(a[:, 3*H:])
    c[t + 1] = f * c[t] + i * g
    h[t + 1] = o * np.tanh(c[t + 1])
    cache.append((i, f, g, o))
scores = h[T] @ Wy + by
probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
loss = -np.sum(y * np.log(probs)) / N
dscores = (probs - y) / N
dWy, dby = h[T].T @ dscores, dscores.sum(axis=0)
dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
dh = dscores @ Wy.T
dc = np.zeros((N, H))
for t in reversed(range(T)):
    i, f, g, o = cache[t]
    tc = np.tanh(c[t + 1])
    do = dh * tc
    dc = dc + dh * o * (1 - tc ** 2)
    di, df, dg = dc * g, dc * c[t], dc * i
    da = np.hstack([di * i * (1 - i), df * f * (1 - f), dg * (1 - g ** 2), do * o * (1 - o)])
    dWx += X[:, t].T @ da
    dWh += h[t].T @ da
    db += da.sum(axis=0)
    dh = da @ Wh.T
    dc = dc * f
""",
    note="gates in the order i, f, g, o; the dense layer is Wy, by",
)
case(
    LSTM,
    "no_dc",
    "recurrent cell gradient cut",
    (
        "dc: the gradient of the cell state is not carried to the step before "
        "(dc = 0 at every step)."
    ),
    "    dc = dc * f\n",
    "    dc = np.zeros((N, H))\n",
)
case(
    LSTM,
    "c_now",
    "wrong time step",
    ("df: multiplied with c[t+1] (the new cell state) instead of the old " "one c[t]."),
    "dc * c[t], dc * i",
    "dc * c[t + 1], dc * i",
)
case(
    LSTM,
    "h_now",
    "wrong time step",
    "dWh: uses h[t+1] instead of the previous hidden state h[t].",
    "h[t].T @ da",
    "h[t + 1].T @ da",
)
case(
    LSTM,
    "tanh_c",
    "hidden derivative missing",
    "dc: the derivative of tanh(c), 1 - tc^2, is missing.",
    "dh * o * (1 - tc ** 2)",
    "dh * o",
)
case(LSTM, "ok1")
