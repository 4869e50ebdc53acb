"""One spec for every family of layers, with batches of any size for its module."""

from __future__ import annotations

import inspect
import re
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from nnc.driver import Options, compile_source
from nnc.source import Source

from .contract import load

FAMILIES = {
    "conv1d": "input 4xT -> conv 6 3 stride=2 pad=1 relu -> conv 3 2 dilation=2 groups=3 tanh"
    " -> mean axis=-1 -> dense 2; loss mse",
    "conv2d": "input 2xTx6 -> conv 4 3x2 pad=same leaky_relu(0.1) -> conv 3 3 stride=2"
    " -> global_avgpool -> dense 3 softmax; loss crossentropy; optimizer sgd lr=0.1 momentum=0.9",
    "conv_transpose": "input 2xTx3 -> conv_transpose 4 3x2 stride=2 pad=1 output_pad=1 groups=2 tanh"
    " -> conv_transpose 1 2; loss mae; optimizer sgd lr=0.01",
    "depthwise": "input 3xTx5 -> depthwise 3 mult=2 pad=same selu -> global_maxpool -> dense 2"
    "; loss poisson; optimizer rmsprop lr=0.01",
    "pooling": "input 2xTx7 -> maxpool 3x2 stride=2 pad=1 -> conv 2 1 -> avgpool 2 stride=1 pad=1"
    " -> global_avgpool -> dense 2; loss huber",
    "weightedpool": "input 2xTx7 -> weightedpool 3x2 stride=2 -> weightedpool 2 normalize=none stride=1"
    " -> global_avgpool -> dense 2; loss mse; regularize l2=0.01",
    "local": "input 2x5x6 -> local 3 3x2 stride=2 pad=1 tanh -> flatten -> local 1 3 -> flatten"
    " -> dense 2; loss quadratic",
    "batchnorm": "input 2xTx4 -> conv 3 3 pad=same -> batchnorm relu -> global_avgpool -> batchnorm"
    " -> dense 3 softmax; loss crossentropy smoothing=0.1; optimizer sgd lr=0.1 momentum=0.9",
    "norms": "input Tx4 -> layernorm -> dense 4 -> rmsnorm -> mean axis=0 -> dense 2; loss mse",
    "groupnorm": "input 4xTx3 -> groupnorm 2 -> conv 4 1 -> groupnorm 4 elu -> global_avgpool"
    " -> dense 1 sigmoid; loss bce pos_weight=2; optimizer nadam lr=0.01",
    "random": "input Tx4 -> dropout 0.2 -> dense 4 prelu -> noise 0.1 -> dense 2; loss mse"
    "; optimizer adam lr=0.01; clip norm=1",
    "embedding": "input T int ragged -> embedding 5 4 as e -> lstm 3 -> dense 4"
    " -> dense 5 tie=e softmax; loss crossentropy; optimizer adagrad lr=0.1",
    "rnn": "input Tx3 -> rnn 4 relu layers=2 -> dense 2; loss mse; clip value=0.1",
    "lstm": "input Tx3 ragged -> lstm 2 return=all layers=2 dropout=0.2 bidirectional=true"
    " -> dense 2 softmax; loss crossentropy; optimizer adamw lr=0.01; schedule cosine steps=9",
    "gru": "input Tx3 ragged as a -> gru 3 reverse=true as p\n"
    "input Lx3 ragged as b -> gru 3 bidirectional=true return=all -> max axis=0 -> dense 3 as q\n"
    "[p, q] -> concat -> dense 2; loss mse; optimizer adadelta lr=0.5",
    "attention": "input Tx4 ragged -> positional learned=true max=9 -> attention 2 causal=true"
    " -> dense 2; loss mse reduction=sum; optimizer sgd lr=0.01",
    "shapes": "input 2xTx4 -> pad 1 -> upsample 2x2 -> permute 1 2 0 -> mean axis=0 -> crop 2:8"
    " -> transpose -> max axis=1 -> repeat 2 -> flatten -> reshape 2x2 -> dense 2; loss mse; optimizer sgd"
    " lr=0.1",
    "reductions": "input Tx4 ragged -> dense 3 tanh -> [max axis=0, mean axis=0, sum axis=0]"
    " -> concat -> dense 1; loss hinge; optimizer lion lr=0.01",
    "merges": "input 4 as a -> dense 3 tanh as p; input 4 as b -> use p as q\n"
    "[p, q] -> max -> [id, dense 3] -> mul -> dense 3 log_softmax as kind; [p, q] -> dot as size\n"
    "output kind, size; loss kl reduction=batchmean on kind; loss mae on size weight=0.1",
}
LEAST = {"conv1d": 9, "conv2d": 6, "conv_transpose": 2, "pooling": 4, "weightedpool": 8}
EMITTED = ("input-gradient", "vjp", "jacobian", "per-example")
WITHOUT = {
    "batchnorm": {"per-example"},
    "embedding": {"input-gradient", "jacobian"},
}


class Trial:
    """A family's module with parameters, and batches for it."""

    def __init__(self, family: str, level: int, dtype: str) -> None:
        self.module: ModuleType = load(source(family, level, dtype))
        self.least = LEAST.get(family, 3)
        self.params: dict[str, np.ndarray] = self.module.init_params(1)
        self.rate = {} if self.module.TRAIN.get("lr") else {"lr": 0.01}

    def batch(self, rows: int, extra: int = 0, seed: int = 0) -> tuple[Any, Any, dict[str, Any]]:
        """Inputs, targets and lengths, of sequences so much longer than the least."""
        rng = np.random.default_rng(seed)
        sizes = {"B": rows, "T": self.least + extra, "L": self.least + extra + 1}
        x = {n: self._input(n, rng, shaped(s, sizes)) for n, s in self.module.INPUTS.items()}
        target = {n: self._target(n, rng, shaped(s, sizes)) for n, s in self.module.TARGETS.items()}
        ragged = getattr(self.module, "RAGGED", ())
        lengths = {n: rng.integers(1, x[n].shape[1] + 1, rows) for n in ragged}
        return only(x), only(target), {"lengths": only(lengths)} if lengths else {}

    def _input(self, name: str, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        if re.search(r"input \w+ int\b", self.module.SPEC):
            return rng.integers(0, 5, shape)
        return rng.normal(size=shape).astype(self.module.DTYPE)

    def _target(self, name: str, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        if " softmax" in self.module.SPEC:
            return rng.integers(0, shape[-1], shape[:-1])
        rows = rng.uniform(0.1, 1, shape)
        if "hinge" in self.module.SPEC:
            rows = np.sign(rows - 0.5)
        elif shape[-1] > 1:
            rows /= rows.sum(axis=-1, keepdims=True)
        return rows.astype(self.module.DTYPE)

    def call(self, name: str, *args: Any, train: bool = False, **given: Any) -> Any:
        """A function of the module with whatever keywords it needs and is not given."""
        function = getattr(self.module, name)
        taken = inspect.signature(function).parameters
        if "state" in taken:
            given.setdefault("state", self.module.init_state())
        if "rng" in taken:
            given.setdefault("rng", np.random.default_rng(5))
        if "train" in taken:
            given["train"] = train
        return function(*args, **given)

    def said(self, params: Any, x: Any, target: Any, **more: Any) -> dict[str, Any]:
        """Output, loss, gradients and state of one batch in training, in fresh arrays."""
        state = self.module.init_state() if self.module.STATE_SHAPES else {}
        given = {"state": state} if state else {}
        y, cache_ = self.call("forward", params, x, train=True, **given, **more)
        loss = np.array(self.module.loss(params, cache_, target))
        grads = self.module.backward(params, cache_, target)
        return {"y": copies(y), "loss": loss, "grads": copies(grads), "state": state}


@cache
def source(family: str, level: int, dtype: str) -> str:
    """The module's text, with every function that the family can have."""
    emit = tuple(name for name in EMITTED if name not in WITHOUT.get(family, ()))
    options = Options(level=level, format=False, emit=emit)
    text = f"{FAMILIES[family]}\ndtype {dtype}\n"
    return compile_source(Source("family.nn", text), options).code


def shaped(shape: tuple[Any, ...], sizes: dict[str, int]) -> tuple[int, ...]:
    """The sizes as numbers; a module states those that follow from others as formulas."""
    return tuple(n if isinstance(n, int) else int(eval(n, {}, sizes)) for n in shape)


def only(named: dict[str, Any]) -> Any:
    """One array where there is one, as modules take it."""
    return next(iter(named.values())) if len(named) == 1 else named


def arrays(value: Any) -> list[Any]:
    """All arrays of nested dicts and tuples."""
    if isinstance(value, dict | tuple):
        inner = value.values() if isinstance(value, dict) else value
        return [a for v in inner for a in arrays(v)]
    return [value]


def copies(value: Any) -> Any:
    """The same, in arrays that nobody else has."""
    if isinstance(value, dict):
        return {name: copies(v) for name, v in value.items()}
    return tuple(map(copies, value)) if isinstance(value, tuple) else np.array(value)


def same(got: Any, want: Any, tolerance: float = 1e-10) -> None:
    """Equal up to rounding, measured by the largest number of all."""
    pairs = list(zip(arrays(got), arrays(want), strict=True))
    largest = max((float(np.abs(b).max(initial=0)) for _, b in pairs), default=0.0)
    for a, b in pairs:
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * max(largest, 1e-3))
