"""A spec as a generated module and as an ONNX model that onnxruntime runs, on the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
from nnc.driver import Options, compile_source
from nnc.ir.layer_graph import TypedGraph
from nnc.onnx_export.model import OPSET, onnx_model
from nnc.report.sampled import default_sizes, sampled_inputs
from nnc.report.timed import timed_module
from nnc.runtime.bench import sample
from nnc.source import Source

from .generated import load

Arrays = dict[str, Any]

onnxruntime.set_default_logger_severity(4)

NO_KERNEL = ("NOT_IMPLEMENTED", "does not support double")
"""What onnxruntime says where it has no double version of an operator."""


@dataclass(frozen=True)
class Pair:
    """A module with its weights, and its typed graph."""

    typed: TypedGraph
    module: ModuleType
    params: Arrays
    state: Arrays
    text: str

    def onnx(self, opset: int = OPSET):
        """The ONNX model with the same weights."""
        return onnx_model(self.typed, {**self.params, **self.state}, opset, self.text)

    def call(self, x: Arrays, lengths: Arrays) -> Arrays:
        """What the module's predict gives, by output."""
        more = {"state": self.state} if self.state else {}
        more |= {"lengths": single(lengths)} if lengths else {}
        y = self.module.predict(self.params, single(x), **more)
        return y if isinstance(y, dict) else {next(iter(self.module.OUTPUTS)): y}


def pair(text: str, seed: int = 0) -> Pair:
    """A spec compiled, with random weights, biases and statistics among them."""
    compiled = compile_source(Source("m.nn", text), Options(level=0, format=False))
    module, rng = load(compiled.code), np.random.default_rng(seed)
    params = module.init_params(seed=seed)
    for name in params:
        params[name][...] += 0.1 * rng.standard_normal(params[name].shape)
    state = module.init_state() if compiled.graph.states else {}
    for name in state:
        state[name][...] = 0.1 + np.abs(state[name] + rng.standard_normal(state[name].shape) / 4)
    return Pair(compiled.graph, module, dict(params), state, text)


def numbers(made: Pair, seed: int, size: int) -> tuple[Arrays, Arrays]:
    """Rows for a network and, where they are padded, their lengths."""
    rng = np.random.default_rng([seed, 1])
    limits = timed_module(made.typed, "m.nn").limits
    sizes = dict.fromkeys(default_sizes(made.typed), size)
    given = sampled_inputs(made.typed, limits, sizes)
    x = {a.name: sample(a.kind, (4, *a.shape), a.below, rng) for a in given}
    x = {name: a.astype(kind_of(a, made.typed.graph.dtype)) for name, a in x.items()}
    short = np.array([size, size - 3, size - 1, size - 2])
    return x, {a.name: short for a in given if a.ragged}


SIZES = (9, 17, 7, 33)
"""Open sizes to try: some networks need long rows, some take short ones only."""


def rows(made: Pair, seed: int = 0) -> tuple[Arrays, Arrays, Arrays]:
    """Rows that the network takes, their lengths, and what its predict gives."""
    for size in SIZES[:-1]:
        x, lengths = numbers(made, seed, size)
        try:
            return x, lengths, made.call(x, lengths)
        except ValueError as error:
            if "or more" not in str(error) and "at most" not in str(error):
                raise
    x, lengths = numbers(made, seed, SIZES[-1])
    return x, lengths, made.call(x, lengths)


def kind_of(array: np.ndarray, dtype: str) -> str:
    """Whole numbers are long, real ones are the model's."""
    return dtype if array.dtype.kind == "f" else "int64"


def single(arrays: Arrays) -> Any:
    """A single array without its name, as modules take it."""
    return arrays if len(arrays) > 1 else next(iter(arrays.values()))


def answers(model: Any, x: Arrays, lengths: Arrays) -> Arrays | None:
    """What onnxruntime gives, by output; None where it has no kernel for a dtype."""
    feed = {**x, **{f"{name}_lengths": n.astype(np.int64) for name, n in lengths.items()}}
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        found = session.run(None, feed)
    except Exception as error:  # onnxruntime has a class for each of its own error codes
        if any(word in str(error) for word in NO_KERNEL):
            return None
        raise
    return dict(zip((o.name for o in session.get_outputs()), found, strict=True))


def apart(got: Arrays, want: Arrays) -> float:
    """The largest difference, relative to the largest number of that output (at least 1)."""
    assert got.keys() == want.keys()
    for name, array in want.items():
        assert got[name].shape == array.shape, name
        assert got[name].dtype == array.dtype, name
    return max(float(np.abs(got[n] - w).max() / max(1, np.abs(w).max())) for n, w in want.items())
