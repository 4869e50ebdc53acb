"""Generated modules, compiled by `compile_source`, and their results for random values.

NNC_TEST_TARGET=numba has every test that makes its modules here make them for that target.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from types import ModuleType

import numpy as np
from nnc.driver import Options, compile_source
from nnc.source import Source

from .draws import Draw, error, worst
from .programs import Program

TARGET = os.environ.get("NNC_TEST_TARGET", "numpy")
TOLERANCE = {"float64": 1e-10, "float32": 1e-4}


@cache
def code(text: str, level: int = 1, format: bool = False) -> str:
    """The module's text; unformatted unless asked, because Black takes most of the time."""
    options = Options(level=level, format=format, target=TARGET)
    return compile_source(Source("program.nn", text), options).code


def load(source: str, name: str = "generated_model") -> ModuleType:
    """A module from its text, as an import would make it."""
    module = ModuleType(name)
    module.__dict__["__file__"] = f"{name}.py"
    exec(compile(source, f"{name}.py", "exec"), sys.modules.setdefault(name, module).__dict__)
    return sys.modules.pop(name)


def module(text: str, level: int = 1) -> ModuleType:
    """A fresh module of a spec."""
    return load(code(text, level))


def disagreements(
    generated: ModuleType,
    program: Program,
    draw: Draw,
    outputs: dict[str, np.ndarray],
    loss: float,
    grads: dict[str, np.ndarray],
    tolerance: float,
) -> list[str]:
    """Where a module differs from the given answer, one line a difference."""
    dtype = generated.init_params()[next(iter(program.params))].dtype
    params = {name: value.astype(dtype) for name, value in draw.params.items()}
    y, cache = generated.forward(params, draw.x)
    got = y if isinstance(y, dict) else {next(iter(outputs)): y}
    floor = 1e-4 * max(float(np.abs(g).max()) for g in grads.values())
    errors = {f"output {name}": error(got[name], outputs[name], floor) for name in outputs}
    value = generated.loss(params, cache, draw.target)
    errors["loss"] = error(np.array(value), np.array(loss), floor)
    apart, where = worst(generated.backward(params, cache, draw.target), grads)
    errors[f"gradient of {where}"] = apart
    return [f"{what}: error {e:.1e}" for what, e in errors.items() if not e <= tolerance]
