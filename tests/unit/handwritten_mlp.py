"""A handwritten module with the public interface of generated ones (contract 1).

input 64 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy
"""

from __future__ import annotations

import numpy as np

INPUTS = {"x": ("B", 64)}
OUTPUTS = {"y": ("B", 10)}
TARGETS = {"target": ("B", 10)}
LOSSES = {"crossentropy": "crossentropy"}
PARAM_SHAPES = {
    "dense1.W": (64, 30),
    "dense1.b": (30,),
    "dense2.W": (30, 10),
    "dense2.b": (10,),
}
STATE_SHAPES = {}
NUM_PARAMS = 2260
TRAIN = {"batch": 10, "epochs": 2, "lr": 0.5}
METRICS = ()


def init_params(seed=0):
    rng = np.random.default_rng(seed)
    return {
        name: (
            rng.normal(0, shape[0] ** -0.5, shape) if len(shape) > 1 else np.zeros(shape)
        ).astype(np.float32)
        for name, shape in PARAM_SHAPES.items()
    }


def forward(params, x):
    if np.shape(x)[1:] != (64,):
        raise ValueError(f"x must be (B, 64), found {np.shape(x)}")
    h = 1 / (1 + np.exp(-(x @ params["dense1.W"] + params["dense1.b"])))
    z = h @ params["dense2.W"] + params["dense2.b"]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return y, (x, h, y)


def loss(params, cache, target):
    y = cache[-1]
    return float(-np.log(y[np.arange(len(y)), target]).mean())


def predict(params, x):
    return forward(params, x)[0]


def backward(params, cache, target):
    x, h, y = cache
    dz = y.copy()
    dz[np.arange(len(y)), target] -= 1
    dz /= len(y)
    dh = dz @ params["dense2.W"].T * h * (1 - h)
    return {
        "dense1.W": x.T @ dh,
        "dense1.b": dh.sum(0),
        "dense2.W": h.T @ dz,
        "dense2.b": dz.sum(0),
    }


def init_optimizer(params):
    return {"step": 0}


def train_step(params, x, target, opt, lr=None):
    cache = forward(params, x)[1]
    value = loss(params, cache, target)
    for name, grad in backward(params, cache, target).items():
        params[name] -= (TRAIN["lr"] if lr is None else lr) * grad
    opt["step"] += 1
    return value


def train_epoch(params, x, target, opt, *, batch, order, lr=None):
    losses = []
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        losses.append(train_step(params, x[rows], target[rows], opt, lr) * len(rows))
    return float(np.sum(losses)) / len(order)
