"""System S14: one `jacobian` call against one backward pass per output and point."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import numpy as np

from .generated import module
from .timing import interleave

SPEC = "input 1 -> dense 20 tanh -> dense 20 tanh -> dense 4\n"
POINTS = 1000
Params = Mapping[str, np.ndarray]


def main(rounds: int) -> None:
    """The derivatives of four outputs at 1,000 points, either way, and the ratio."""
    made = module(SPEC, emit=("jacobian", "vjp"))
    params = made.init_params(0)
    x = np.linspace(-2, 2, POINTS, dtype=np.float32)[:, None]
    ways = {
        "one jacobian call": lambda: made.jacobian(params, x),
        "backward passes": lambda: one_by_one(made, params, x),
        "those, in a batch": lambda: by_output(made, params, x),
    }
    one, *others = (way() for way in ways.values())
    for other in others:
        if not np.allclose(one, other, rtol=1e-4, atol=1e-5):
            raise AssertionError("the contenders compute different things")
    timings = interleave(ways, rounds=max(3, rounds // 40), calls=1)
    print(f"\nall derivatives of 1-20-20-4 (tanh) at {POINTS:,} points")
    for name in ways:
        print(f"  {name:18}{timings.typical(name) * 1e3:10.2f} ms")
    ratio = timings.ratio("backward passes", "one jacobian call")
    print(f"  the call is {ratio:.0f} times faster than one backward pass per output and point")


def one_by_one(made: ModuleType, params: Params, x: np.ndarray) -> np.ndarray:
    """(points, 4, 1): a forward pass per point, a backward pass per output and point."""
    found = np.empty((len(x), 4, 1), x.dtype)
    for i in range(len(x)):
        _, cache = made.forward(params, x[i : i + 1])
        for k in range(4):
            found[i, k] = made.vjp(params, cache, np.eye(4)[k : k + 1])[1][0]
    return found


def by_output(made: ModuleType, params: Params, x: np.ndarray) -> np.ndarray:
    """The same with all points in one batch: a backward pass per output."""
    _, cache = made.forward(params, x)
    rows = [np.tile(np.eye(4)[k], (len(x), 1)) for k in range(4)]
    return np.stack([made.vjp(params, cache, dy)[1] for dy in rows], axis=1)
