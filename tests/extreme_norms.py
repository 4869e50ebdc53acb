"""Norms of rows whose squares are beyond the dtype, by their definition in NumPy's longest numbers."""

from __future__ import annotations

import warnings
from types import ModuleType

import numpy as np

NORMS = ("batchnorm", "layernorm", "groupnorm 2", "rmsnorm")
ROWS, FEATURES, EPS = 6, 8, 1e-5


def norm(kind: str, dtype: str) -> str:
    """A norm behind a dense layer that changes nothing, under the sum of the outputs' weights."""
    return f"input {FEATURES} -> dense {FEATURES} -> {kind} as n; loss mse\ndtype {dtype}\n"


def hat_of(x: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """(x − μ) / √(σ² + ε) and the root, as exact as NumPy has numbers; the root broadcasts."""
    groups = x.reshape(ROWS, 2, FEATURES // 2) if kind.startswith("groupnorm") else x
    axis = 0 if kind == "batchnorm" else -1
    mean = 0 if kind == "rmsnorm" else groups.mean(axis=axis, keepdims=True)
    apart = groups - mean
    root = np.sqrt((apart * apart).mean(axis=axis, keepdims=True) + EPS)
    return (apart / root).reshape(x.shape), np.broadcast_to(root, groups.shape).reshape(x.shape)


def gradient_of(d: np.ndarray, hat: np.ndarray, root: np.ndarray, kind: str) -> np.ndarray:
    """dL/dx from dL/dx̂: (d − mean d − x̂ mean(d x̂)) / root; rmsnorm has no mean d."""
    shape = (ROWS, 2, FEATURES // 2) if kind.startswith("groupnorm") else d.shape
    axis = 0 if kind == "batchnorm" else -1
    d, h = d.reshape(shape), hat.reshape(shape)
    middle = 0 if kind == "rmsnorm" else d.mean(axis=axis, keepdims=True)
    moved = d - middle - h * (d * h).mean(axis=axis, keepdims=True)
    return moved.reshape(hat.shape) / root


def faults_of_norm(module: ModuleType, kind: str, dtype: str, cut: float) -> list[str]:
    """Where values, or gradients by what comes in, are wrong; the sizes of the rows go through all.

    Deltas below `cut` may have been set to zero.
    """
    rng = np.random.default_rng(3)
    params = module.init_params()
    for name, array in params.items():
        array[...] = np.eye(FEATURES) if name.endswith(".W") else rng.uniform(0.5, 1, array.shape)
        if name.endswith(".b"):
            array[...] = 0
    gamma, beta = params["n.gamma"], params.get("n.beta", np.zeros(FEATURES))
    info, found = np.finfo(dtype), []
    most = float(info.max) / 32
    sizes = (
        float(info.tiny),
        1e-3,
        1.0,
        most**0.25,
        0.5 * most**0.5,
        4 * most**0.5,
        most**0.75,
        most,
    )
    for size in sizes:
        for mixed in (False, True):  # all rows large, or only the second
            x = rng.standard_normal((ROWS, FEATURES))
            x[[1] if mixed and kind != "batchnorm" else slice(None)] *= size
            x = x.astype(dtype)
            target = rng.standard_normal((ROWS, FEATURES)).astype(dtype)
            training = {"state": module.init_state(), "train": True} if module.STATE_SHAPES else {}
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                y, cache = module.forward(params, x, **training)
                grads = module.backward(params, cache, target)
            hat, root = hat_of(x.astype(np.longdouble), kind)
            want = hat * gamma + beta
            d = gradient_of(2 * (want - target) / target.size * gamma, hat, root, kind)
            where = f"{kind} at {size:g}{' in one row' if mixed else ''}"
            if not (error := np.abs(y - want).max()) <= 64 * info.eps:
                found.append(f"{where}: values off by {error:g}")
            # through the dense layer: dW = xᵀ dz brings dz back to the size of the data
            want = x.T.astype(np.longdouble) @ d
            got = grads["dense1.W"]
            error = np.abs(got - want).max() / np.abs(hat).max()
            if not error <= 512 * info.eps + ROWS * cut * np.abs(x).max():
                found.append(f"{where}: gradients off by {error:g}")
    return found


def cut_of(dtype: str, level: int) -> float:
    """The size of deltas that -O1 may set to zero; see compiler/passes/flush_denormals.py."""
    return {"float32": 1e-32, "float64": 1e-285}[dtype] if level else 0.0
