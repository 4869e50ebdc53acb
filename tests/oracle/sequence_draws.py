"""Helpers of the sequence oracles: modules of a spec, padded random inputs, and the comparison.

NNC_ORACLE_PROGRAMS=50 tries that many draws instead of 6; NNC_TEST_TARGET=numba makes every module
for that target, otherwise the first draw of each test is also compiled for it where it is installed.
"""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from types import ModuleType

import numpy as np
import torch
from nnc.driver import Options, compile_source
from nnc.source import Source

from .generated import TARGET, load

COUNT = min(int(os.environ.get("NNC_ORACLE_PROGRAMS", "6")), 100)
Arrays = dict[str, np.ndarray]


def modules(spec: str, *, numba: bool = False) -> dict[str, ModuleType]:
    """The module at both levels and, where asked for and installed, for Numba."""
    wanted = [(0, TARGET), (1, TARGET)]
    if numba and TARGET == "numpy" and importlib.util.find_spec("numba"):
        wanted.append((1, "numba"))
    made = {}
    for level, target in wanted:
        options = Options(level=level, target=target, format=False, emit=("input-gradient",))
        made[f"{target} -O{level}"] = load(compile_source(Source("spec.nn", spec), options).code)
    return made


def lengths_of(rng, rows: int, steps: int, ragged: bool) -> np.ndarray:
    """A length for each row, of which one fills the array."""
    found = rng.integers(1, steps + 1, rows) if ragged else np.full(rows, steps)
    found[rng.integers(rows)] = steps
    return found


def padded(x: np.ndarray, lengths: np.ndarray, value: float = np.nan) -> np.ndarray:
    """x with junk beyond each row's length."""
    x = np.array(x)
    x[np.arange(x.shape[1]) >= lengths[:, None]] = value
    return x


def tensors(arrays: Arrays, *, grad: bool = True) -> dict[str, torch.Tensor]:
    """Leaves with gradients, in float64."""
    return {k: torch.tensor(v, dtype=torch.float64, requires_grad=grad) for k, v in arrays.items()}


def gradients(leaves: dict[str, torch.Tensor]) -> Arrays:
    """The gradients, zeros where none has arrived."""
    return {
        k: (torch.zeros_like(v) if v.grad is None else v.grad).numpy() for k, v in leaves.items()
    }


def same(got: object, want: object, what: str) -> None:
    """Equal to 1e-9 of the size of what is compared."""
    want = np.asarray(want)
    size = max(float(np.abs(want).max(initial=0.0)), 1.0)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-9 * size, err_msg=what)


def compare(
    made: dict[str, ModuleType],
    params: Arrays,
    x: Arrays,
    given: dict,
    target: object,
    want: tuple[Arrays, float, Arrays, Arrays],
    spec: str,
) -> None:
    """Outputs, predict, loss and gradients by parameters and inputs of all modules."""
    outputs, loss, grads, dx = want
    for name, module in made.items():
        place = f"{name}\n{spec}"
        y, cache = module.forward(params, x, **given)
        for found in (y, module.predict(params, x, **given)):
            found = found if isinstance(found, dict) else {"y": found}
            for key, value in outputs.items():
                same(found[key], value, f"{key} {place}")
        same(module.loss(params, cache, target), loss, f"loss {place}")
        for key, value in module.backward(params, cache, target).items():
            same(value, grads[key], f"gradient of {key}, {place}")
        if not dx:
            continue
        found = module.input_gradient(params, x, target, **given)
        found = found if isinstance(found, dict) else {next(iter(dx)): found}
        for key, value in dx.items():
            same(found[key], value, f"dx of {key}, {place}")


def two_inputs(rng, arrays, steps, ragged):
    """Lengths for q and m, of so many steps, where they are ragged, and NaN beyond them.

    Returns the arrays with all lengths, as PyTorch's side reads them, then x and the keywords that
    modules take."""
    numbers, x, lengths = dict(arrays), dict(arrays), {}
    for name, count, one in zip("qm", steps, ragged, strict=True):
        own = lengths_of(rng, len(arrays[name]), count, one)
        numbers[f"{name} lengths"] = own
        if one:
            lengths[name], x[name] = own, padded(x[name], own)
    if not lengths:
        return numbers, x, {}
    return numbers, x, {"lengths": lengths if len(lengths) > 1 else next(iter(lengths.values()))}


def counted(drawn, names):
    """How many of the first 60 draws have each value of these fields."""
    cases = [drawn(seed) for seed in range(60)]
    return Counter(f"{name} {getattr(case, name)}" for case in cases for name in names)
