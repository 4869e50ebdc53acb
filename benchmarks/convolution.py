"""System S16: a convolution with 16 filters against four nested loops."""

from __future__ import annotations

import numpy as np

from .generated import module
from .timing import interleave

SPEC = "input 3x32x32 -> conv 16 3x3 pad=same\n"


def main(rounds: int) -> None:
    """Two images of 3x32x32 by the module and by loops, and the ratio."""
    made = module(SPEC)
    params = made.init_params(0)
    x = np.random.default_rng(0).standard_normal((2, 3, 32, 32)).astype(np.float32)
    _, cache = made.forward(params, x)
    ways = {
        "module": lambda: made.forward(params, x, cache=cache)[0],
        "four loops": lambda: by_loops(x, params["conv1.W"], params["conv1.b"]),
    }
    fast, slow = (way() for way in ways.values())
    if not np.allclose(fast, slow, rtol=1e-4, atol=1e-5):
        raise AssertionError("the contenders compute different things")
    timings = interleave(ways, rounds=max(3, rounds // 20), calls=1)
    print("\nconvolution of 2x3x32x32 with 16 filters of 3x3")
    for name in ways:
        print(f"  {name:12}{timings.typical(name) * 1e3:10.2f} ms")
    print(
        f"  the module is {timings.ratio('four loops', 'module'):.0f} times faster than the loops"
    )


def by_loops(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Over images, filters, rows and columns."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    y = np.empty((len(x), len(w), *x.shape[2:]), x.dtype)
    for n, f, i, j in np.ndindex(y.shape):
        y[n, f, i, j] = np.sum(padded[n, :, i : i + 3, j : j + 3] * w[f]) + b[f]
    return y
