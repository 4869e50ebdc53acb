"""Well-conditioned random numbers for a program, and the difference of two results."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from ..draws import error
from .drawing import Data, draw
from .evaluation import Answer, answer
from .program import Program

ROUGH = {"float64": 1e-2, "float32": 5e-6}
"""How far PyTorch in float32 may be from PyTorch in float64 on numbers that count."""


def too_small(program: Program) -> dict[str, int] | None:
    """Numbers for T and S on which the program cannot run, if there are."""
    return next((s for n in (1, 2) if not program.fits(**(s := {"T": n, "S": n}))), None)


def fair(program: Program, seed: int, dtype: str, *, train: bool) -> tuple[Data, Answer, int] | int:
    """The first numbers away from kinks and well conditioned, with PyTorch's answer.

    The count of draws given up comes with them, or alone.

    Where PyTorch in float32 is far from PyTorch in float64, a kink lies between them, or the
    program magnifies rounding; other numbers are drawn.
    """
    for attempt in range(24):
        rng = np.random.default_rng([seed, attempt, 17])
        data = draw(program, rng, narrow=dtype == "float32", train=train)
        if data is None:
            continue
        want = answer(program, data, train=train)
        largest = largest_of([*want.grads.values(), *want.dx.values()])
        values = [np.abs(v).max() for v in want.outputs.values()]
        if not np.isfinite([want.loss, largest, *values]).all() or largest > 1e4:
            continue
        rough = answer(program, data, torch.float32, train=train)
        if apart(rough, want)[0] < ROUGH[dtype]:
            return data, want, attempt
    return 24


def apart(got: Answer, want: Answer) -> tuple[float, str]:
    """The largest error of anything in an answer, and whose it is."""
    every = {**want.grads, **want.dx}
    largest = largest_of(every.values())
    floor = 1e-4 * largest
    errors = [(error(got.outputs[n], v, floor), f"output {n}") for n, v in want.outputs.items()]
    errors += [(error(np.array(got.loss), np.array(want.loss), floor), "loss")]
    both = {**got.grads, **got.dx}
    for name, g in every.items():
        errors.append((gradient_error(both[name], g, largest), f"gradient of {name}"))
    errors += [(error(got.state[n], v), n) for n, v in want.state.items()]
    return max(errors)


def largest_of(grads: Iterable[np.ndarray]) -> float:
    """The size of a model's gradients; 1 where all of them are zero but for rounding."""
    largest = max((float(np.abs(g).max()) for g in grads if g.size), default=0.0)
    return largest if largest > 1e-7 else 1.0


def gradient_error(got: np.ndarray, want: np.ndarray, largest: float) -> float:
    """The error of a gradient among others; of one that is zero only rounding is left."""
    zero = float(np.abs(want).max(initial=0)) < 1e-9 * largest
    return error(got, want, largest if zero else 1e-4 * largest)
