"""What bounds the two workloads whose aims are missed (W7, W9): bare programs of their parts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .timing import interleave

ROWS, STEPS, INPUTS, HIDDEN = 16, 30, 768, 100
IMAGES = (16, 40, 64, 128)


def main(rounds: int) -> None:
    """Times of the parts, and their sum."""
    rng = np.random.default_rng(0)
    show("W7: the matrix products of lstm 100 over 30x768, batch 16", lstm_parts(rng), rounds)
    show("W9: weighted pooling 2x4 of 40x64x128, batch 16", pooling_parts(rng), rounds)
    x = uniform(rng, *IMAGES).reshape(-1)
    twice = {"reading x twice": lambda: (x.dot(x), x.dot(x))}
    show("W9: what any program must do", twice, rounds)


def show(title: str, parts: dict[str, Callable[[], object]], rounds: int) -> None:
    """Print one line a part."""
    timings = interleave(parts, rounds=max(5, rounds // 10), calls=3)
    print(f"\n{title}")
    for name in parts:
        print(f"  {name:52}{timings.typical(name) * 1e3:7.2f} ms")
    print(f"  {'together':52}{sum(map(timings.typical, parts)) * 1e3:7.2f} ms")


def lstm_parts(rng: np.random.Generator) -> dict[str, Callable[[], object]]:
    """Every product of the step, into arrays that are there; no gate, no bias, no update."""
    n, gates = ROWS * STEPS, 4 * HIDDEN
    x, dz = uniform(rng, n, INPUTS), uniform(rng, n, gates)
    wx, wh, back = (
        uniform(rng, INPUTS, gates),
        uniform(rng, HIDDEN, gates),
        uniform(rng, gates, HIDDEN),
    )
    h, d = uniform(rng, ROWS, HIDDEN), uniform(rng, ROWS, gates)
    states = uniform(rng, n, HIDDEN)
    z, dwx, dwh = np.empty_like(dz), np.empty_like(wx), np.empty_like(wh)
    zt, dh = np.empty_like(d), np.empty_like(h)
    return {
        "x Wx of all steps": lambda: x.dot(wx, out=z),
        "xᵀ dz of all steps": lambda: x.T.dot(dz, out=dwx),
        "h Wh, 30 times": lambda: [h.dot(wh, out=zt) for _ in range(STEPS)],
        "dz Whᵀ, 30 times": lambda: [d.dot(back, out=dh) for _ in range(STEPS)],
        "hᵀ dz of all steps": lambda: states.T.dot(dz, out=dwh),
    }


def pooling_parts(rng: np.random.Generator) -> dict[str, Callable[[], object]]:
    """x is read once for y and once for dw; NumPy does each as thin products, image by image."""
    x, w = uniform(rng, *IMAGES), uniform(rng, 2, 4)
    runs = x.reshape(len(x), -1, 4)
    under = np.empty((runs.shape[1], 2), x.dtype)
    spread = uniform(rng, runs.shape[1], 2)
    return {
        "runs of x times the rows of w": lambda: [np.matmul(run, w.T, out=under) for run in runs],
        "runsᵀ times dy, for dw": lambda: [run.T @ spread for run in runs],
    }


def uniform(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Numbers between 0 and 1 in float32."""
    return rng.random(shape, dtype=np.float32)
