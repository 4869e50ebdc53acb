"""Modules of the PyTorch target beside NumPy modules of the same spec, on the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from types import ModuleType
from typing import Any

import numpy as np
import torch
from nnc.driver import Load, Options, compile_source, no_includes
from nnc.source import Source

from .all_layers.comparison import Trial, named
from .all_layers.drawing import Arrays
from .all_layers.evaluation import Answer
from .all_layers.numbers import gradient_error, largest_of
from .draws import error
from .generated import load


def torch_module(text: str) -> ModuleType:
    """The PyTorch module of a spec."""
    options = Options(target="torch", format=False)
    return load(compile_source(Source("program.nn", text), options).code, "generated_torch_model")


def network_with(module: ModuleType, arrays: Arrays, dtype: str = "float64") -> Any:
    """A network with these parameters and statistics, and no others."""
    network = module.Network(dtype=getattr(torch, dtype))
    network.load_state_dict({name: torch.tensor(a) for name, a in arrays.items()})
    return network


def tensors(value: Any) -> Any:
    """Arrays, or a dict of them, as tensors; gradients of real ones are asked for."""
    if isinstance(value, dict):
        return {k: tensors(v) for k, v in value.items()}
    return torch.tensor(value, requires_grad=value.dtype.kind == "f")


def answer(module: ModuleType, trial: Trial, train: bool) -> Answer:
    """Outputs, loss, gradients and statistics, as `Trial.answer` has them of a NumPy module."""
    network = network_with(module, {**trial.params, **trial.state()}, trial.dtype)
    network.train(train)
    x = tensors(trial.x)
    words = {k: v for k, v in trial.words(train).items() if k == "lengths"}
    statistics = {k: v.clone() for k, v in network.state_dict().items()}
    with torch.no_grad():
        y = network(x, **words)
    network.load_state_dict(statistics)
    given = {"target": trial.target} if trial.program.losses else {"loss": True}
    total = network(x, **given, **words)
    total.backward()
    outputs = {k: v.detach().numpy() for k, v in named(y, trial.program.outputs).items()}
    grads = {k: gradient(p) for k, p in network.named_parameters()}
    dx = {k: gradient(v) for k, v in named(x, trial.data.inputs).items() if v.requires_grad}
    state = {k: v.numpy() for k, v in network.state_dict().items() if k in trial.program.state}
    return Answer(outputs, total.item(), grads, dx, state)


def gradient(tensor: torch.Tensor) -> np.ndarray:
    """The gradient of a leaf; zeros where no loss depends on it."""
    return np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()


@dataclass
class Twins:
    """A spec as both kinds of module in float64, with equal weights and a batch."""

    arrays: ModuleType
    module: ModuleType
    network: Any
    params: Arrays
    state: Arrays
    x: Any
    target: Any
    words: dict[str, Any]

    def array_words(self, function: str) -> dict[str, Any]:
        """The keywords that a function of the NumPy module takes."""
        takes = signature(getattr(self.arrays, function)).parameters
        given = {**self.words, "state": self.state} if self.state else self.words
        random = {"rng": np.random.default_rng(0)} if "rng" in takes else {}
        return {k: v for k, v in {**given, **random}.items() if k in takes}

    def torch_words(self, *names: str) -> dict[str, Any]:
        """Those of the keywords with these names."""
        return {k: v for k, v in self.words.items() if k in names}


def twins(text: str, seed: int = 0, load_from: Load = no_includes) -> Twins:
    """Compile a spec twice, with random weights, biases and statistics and the modules' own sample."""
    lines = [line for line in text.splitlines() if not line.startswith("dtype")]
    source = Source("twin.nn", "\n".join([*lines, "dtype float64"]))
    plain, other = Options(level=0, format=False), Options(target="torch", format=False)
    arrays = load(compile_source(source, plain, load_from).code)
    module = load(compile_source(source, other, load_from).code, "generated_torch_model")
    rng = np.random.default_rng(seed)
    params = {
        n: a + 0.1 * rng.standard_normal(a.shape) for n, a in arrays.init_params(seed).items()
    }
    state = dict(arrays.init_state()) if arrays.STATE_SHAPES else {}
    state = {n: 0.1 + np.abs(a + rng.standard_normal(a.shape) / 4) for n, a in state.items()}
    x, target = arrays.sample_batch(rng) if hasattr(arrays, "sample_batch") else (None, None)
    words = {}
    if hasattr(arrays, "sample_lengths"):
        words["lengths"] = arrays.sample_lengths(rng)
    if hasattr(arrays, "as_row_weights"):
        words["weights"] = rng.uniform(0.5, 2, 5)
    network = network_with(module, {**params, **state})
    return Twins(arrays, module, network, params, state, x, target, words)


def twin_errors(t: Twins, train: bool) -> dict[str, float]:
    """How far output, loss, gradients and statistics of the two are apart, in forward's mode."""
    words = t.array_words("forward")
    if "train" in signature(t.arrays.forward).parameters:
        words["train"] = train
    y, cache = t.arrays.forward(t.params, t.x, **words)
    losses = {k: v for k, v in t.words.items() if k == "weights"}
    value = t.arrays.loss(t.params, cache, t.target, **losses)
    grads = t.arrays.backward(t.params, cache, t.target, **losses)
    t.network.train(train)
    t.network.zero_grad()
    lengths = t.torch_words("lengths")
    given = (t.target,) if t.module.TARGETS else ()
    asked = {} if given else {"loss": True}
    total = t.network(t.x, *given, **asked, **lengths, **t.torch_words("weights"))
    if total.requires_grad:
        total.backward()
    got = {n: gradient(p) for n, p in t.network.named_parameters()}
    largest = largest_of(grads.values())
    errors = {f"gradient of {n}": gradient_error(got[n], g, largest) for n, g in grads.items()}
    errors["loss"] = error(np.array(total.item()), np.array(value), 1e-4)
    errors |= {
        n: error(a.numpy(), t.state[n]) for n, a in t.network.state_dict().items() if n in t.state
    }
    if not train:
        with torch.no_grad():
            z = t.network(t.x, **lengths)
        outputs = named(y, t.module.OUTPUTS)
        errors |= {n: error(v.numpy(), outputs[n], 1e-4) for n, v in named(z, outputs).items()}
    return errors
