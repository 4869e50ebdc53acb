"""The right values of the blind corpus: its own forward pass, and finite differences.

It shares nothing with the programs of the cases, and nothing with the doctor.

Conventions: mse and bce are means over rows and features, crossentropy is a mean over rows of
-sum y log a, a penalty of c adds c·sum W² of the weights.  Adam and momentum are taken from zero states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

Arrays = dict[str, np.ndarray]


def activation(kind: str, z: np.ndarray) -> np.ndarray:
    if kind == "sigmoid":
        small = np.exp(-np.abs(z))
        return np.where(z >= 0, 1 / (1 + small), small / (1 + small))
    if kind == "tanh":
        return np.tanh(z)
    if kind == "relu":
        return z * (z > 0)
    if kind == "softmax":
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)
    return z


def loss_of(kind: str, a: np.ndarray, y: np.ndarray) -> float:
    if kind == "mse":
        return ((a - y) ** 2).mean()
    if kind == "crossentropy":
        return -(y * np.log(a)).sum(1).mean()
    return -(y * np.log(a) + (1 - y) * np.log(1 - a)).mean()


def forward(
    p: Mapping[str, np.ndarray],
    acts: Sequence[str],
    loss: str,
    l2: float,
    x: np.ndarray,
    y: np.ndarray,
) -> Arrays:
    """All z, a and the loss of a chain of dense layers.

    `p` has W1, b1, … and, to differentiate by them, offsets z1, a1, … that are added.
    """
    out, a = {}, x
    for k, kind in enumerate(acts, 1):
        z = a @ p[f"W{k}"] + p[f"b{k}"] + p.get(f"z{k}", 0)
        a = activation(kind, z) + p.get(f"a{k}", 0)
        out[f"z{k}"], out[f"a{k}"] = z, a
    penalty = l2 * sum((p[f"W{k}"] ** 2).sum() for k in range(1, len(acts) + 1))
    return {**out, "loss": loss_of(loss, a, y) + penalty}


def finite_differences(f: Callable[[], float], array: np.ndarray, h: float = 1e-6) -> np.ndarray:
    """The gradient of `f`, which looks at `array`, by central differences of step `h`."""
    grad = np.zeros_like(array)
    for i in np.ndindex(array.shape):
        kept = array[i]
        array[i] = kept + h
        up = f()
        array[i] = kept - h
        down = f()
        array[i] = kept
        grad[i] = (up - down) / (2 * h)
    return grad


def stepped(optimizer: tuple[str, float], w: np.ndarray, g: np.ndarray) -> np.ndarray:
    """A parameter after its first step."""
    kind, rate = optimizer
    return w - rate * (g / (np.abs(g) + 1e-8) if kind == "adam" else g)


def differs(got: np.ndarray, want: np.ndarray, tol: float) -> bool:
    """Whether norms differ by more than `tol`; vectors may have any number of axes of length 1."""
    got, want = np.asarray(got, dtype=float), np.asarray(want)
    if got.size != want.size:
        return True
    if got.shape != want.shape and max(got.shape, default=1) != got.size:
        return True
    got = got.reshape(want.shape)
    if not np.isfinite(got).all():
        return True
    return bool(np.linalg.norm(got - want) > tol * np.linalg.norm(want) + 1e-9)


def windows(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross-correlation without padding: (n, c, h, w) with (k, c, kh, kw)."""
    v = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.einsum("ncijuv,kcuv->nkij", v, w) + b[None, :, None, None]


def conv_and_pool(p: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
    """One convolution, max-pooling, one dense layer with softmax."""
    z1 = windows(x, p["W1"], p["b1"])
    a1 = z1 * (z1 > 0)
    n, c, h, w = a1.shape
    pool = a1.reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))
    z2 = pool.reshape(n, -1) @ p["W2"] + p["b2"]
    a2 = activation("softmax", z2)
    loss = loss_of("crossentropy", a2, y)
    return {"z1": z1, "a1": a1, "pool": pool, "z2": z2, "a2": a2, "loss": loss}


def two_convs(p: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
    """Two convolutions and a dense layer with softmax."""
    z1 = windows(x, p["W1"], p["b1"])
    a1 = z1 * (z1 > 0)
    z2 = windows(a1, p["W2"], p["b2"])
    a2 = z2 * (z2 > 0)
    z3 = a2.reshape(len(x), -1) @ p["W3"] + p["b3"]
    a3 = activation("softmax", z3)
    loss = loss_of("crossentropy", a3, y)
    return {"z1": z1, "a1": a1, "z2": z2, "a2": a2, "z3": z3, "a3": a3, "loss": loss}


def lstm(p: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
    """An LSTM with gates i, f, g, o and zero first states; its last h feeds a softmax layer."""
    size = p["Wh"].shape[0]
    h = c = np.zeros((len(x), size))
    for t in range(x.shape[1]):
        z = np.split(x[:, t] @ p["Wx"] + h @ p["Wh"] + p["b"], 4, axis=1)
        kinds = ("sigmoid", "sigmoid", "tanh", "sigmoid")
        i, f, g, o = (activation(kind, part) for kind, part in zip(kinds, z, strict=True))
        c = f * c + i * g
        h = o * np.tanh(c)
    a = activation("softmax", h @ p["Wy"] + p["by"])
    return {"probs": a, "loss": loss_of("crossentropy", a, y)}
