"""One module with all activations and one with all losses, for numbers near the limits of the dtype.

They are driven through the functions that training uses, so the fused code of any level and
target is what runs. The oracle is tests/exact.py.
"""

from __future__ import annotations

import warnings
from types import ModuleType

import numpy as np

from .exact import ACTIVATIONS, dual, extremes, rounded, variable
from .exact_losses import ONE_OUTPUT

SKIPPED = ("id",)
NAMES = [name for name in ACTIVATIONS if name not in SKIPPED]


def activations(dtype: str) -> str:
    """Every activation behind a dense layer of its own, under a loss whose gradient is 1."""
    lines = ["input 1 as x"]
    lines += [f"x -> dense 1 -> {name} as a{i}" for i, name in enumerate(NAMES)]
    lines += ["output " + ", ".join(f"a{i}" for i in range(len(NAMES)))]
    lines += [f"loss mae on a{i}" for i in range(len(NAMES))]
    return "\n".join([*lines, f"dtype {dtype}\n"])


def faults_of_activations(module: ModuleType, dtype: str) -> list[str]:
    """Where a value or a gradient of `activations` is not that of the oracle."""
    params = module.init_params()
    for name, array in params.items():
        array[...] = 0.25 if name.endswith(".a") else float(name.endswith(".W"))
    most = float(np.finfo(dtype).max)
    low = {f"a{i}": np.full((1, 1), -most, dtype) for i in range(len(NAMES))}
    found = []
    for x in extremes(dtype):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            y, cache = module.forward(params, np.array([[x]]))
            grads = module.backward(params, cache, low)
            again = module.predict(params, np.array([[x]]))
        for i, name in enumerate(NAMES):
            exact = ACTIVATIONS[name](variable(float(x)))
            want, slope = rounded(exact.value, dtype), rounded(exact.slope, dtype)
            near = min(abs(float(x)), 20.0)
            if want == -most:
                continue  # y − t is 0 there
            for got, right in ((y, want), (again, want)):
                if not close(float(got[f"a{i}"][0, 0]), right, dtype, near):
                    found.append(f"{name}({x!r}) = {got[f'a{i}']}, not {right}")
            d = float(grads[f"dense{i + 1}.b"][0])
            if name in ("hard_sigmoid", "hard_swish") and abs(x) == 3:
                continue  # z/6 + 1/2 is 0 and 1 there, but for rounding: a kink
            if not close(d, slope, dtype, 1.0):
                found.append(f"{name}'({x!r}) = {d}, not {slope}")
    return found


def close(got: float, want: float, dtype: str, slack: float) -> bool:
    """Within a few units in the last place of the number or of `slack`."""
    info = np.finfo(dtype)
    room = 64 * float(info.eps) * max(abs(want), slack) + 1000 * float(info.tiny)
    return got == want or abs(got - want) <= room


LOSSES = {
    "mse": (0.0, 1.0, 1e19),
    "quadratic": (0.0, 1.0, 1e19),
    "mae": (0.0, 1.0, 1e19),
    "huber": (0.0, 1.0, 1e19),
    "bce": (0.0, 0.25, 1.0),
    "bce(pos_weight=4)": (0.0, 0.25, 1.0),
    "poisson": (0.0, 3.0, 1e30),
    "hinge": (-1.0, 1.0, 1.0),
}


def losses(dtype: str) -> str:
    """Every loss of one output, each with an output of its own."""
    lines = ["input 1 as x"]
    lines += [f"x -> dense 1 as a{i}" for i in range(len(LOSSES))]
    lines += ["output " + ", ".join(f"a{i}" for i in range(len(LOSSES)))]
    lines += [f"loss {name} on a{i}" for i, name in enumerate(LOSSES)]
    return "\n".join([*lines, f"dtype {dtype}\n"])


def faults_of_losses(module: ModuleType, dtype: str) -> list[str]:
    """Where a part of the loss, or its gradient, is not that of the formula."""
    params = module.init_params()
    for name, array in params.items():
        array[...] = float(name.endswith(".W"))
    parts = list(module.LOSSES)
    found = []
    for case in range(3):
        target = {f"a{i}": np.full((1, 1), t[case], dtype) for i, t in enumerate(LOSSES.values())}
        for x in extremes(dtype)[::2]:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                _, cache = module.forward(params, np.array([[x]]))
                values = module.losses(params, cache, target)
                grads = module.backward(params, cache, target)
            for i, name in enumerate(LOSSES):
                t = float(target[f"a{i}"][0, 0])
                exact = ONE_OUTPUT[name][0](variable(float(x)), dual(t))
                slack = abs(t * float(x)) if name == "poisson" and abs(x) < 1000 else 1.0
                want, slope = rounded(exact.value, dtype), rounded(exact.slope, dtype)
                if not close(values[parts[i]], want, dtype, slack):
                    found.append(f"{name}({x!r}, {t!r}) = {values[parts[i]]!r}, not {want!r}")
                d = float(grads[f"a{i}.b"][0])
                if not close(d, slope, dtype, max(1.0, abs(t))):
                    found.append(f"{name}'({x!r}, {t!r}) = {d!r}, not {slope!r}")
    return found
