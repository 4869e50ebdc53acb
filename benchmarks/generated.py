"""Generated modules and the data the benchmarks feed them."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
from nnc.driver import Options, compile_source
from nnc.source import Source

DIGITS = "input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy\n"


def module(text: str, level: int = 1, emit: tuple[str, ...] = ()) -> ModuleType:
    """The module of a spec, made in memory."""
    options = Options(level=level, emit=emit, format=False)
    code = compile_source(Source("bench.nn", text), options).code
    made = ModuleType("bench")
    sys.modules["bench"] = made
    exec(compile(code, "bench.py", "exec"), made.__dict__)
    return made


def digits(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Synthetic 28x28 digits: ten fixed patterns, a fifth of the pixels inked, with noise."""
    rng = np.random.default_rng(seed)
    patterns = (rng.random((10, 784)) < 0.2) * rng.uniform(0.3, 1, (10, 784))
    target = rng.integers(0, 10, rows)
    x = np.clip(patterns[target] * rng.uniform(0.5, 1, (rows, 784)), 0, 1)
    return x.astype(np.float32), target
