"""Numbers to try a program on: parameters, inputs with lengths, targets."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import numpy as np
import torch

from ..draws import error
from ..programs import LossTerm
from .evaluation import Answer, Arrays, Data, answer, shapes
from .program import Program

ROUGH = {"float64": 1e-2, "float32": 5e-6}
"""How far PyTorch in float32 may be from PyTorch in float64 on numbers that count."""


def sizes_for(program: Program, rng: np.random.Generator) -> dict[str, int] | None:
    """Small numbers for T and S on which the program can run."""
    for _ in range(40):
        sizes = {name: int(rng.integers(1, 8)) for name in "TS"}
        if program.fits(**sizes):
            return sizes
    for least in range(8, 16):
        if program.fits(T=least, S=least):
            return {"T": least, "S": least}
    return None


def too_small(program: Program) -> dict[str, int] | None:
    """Numbers for T and S on which the program cannot run, if there are."""
    return next((s for n in (1, 2) if not program.fits(**(s := {"T": n, "S": n}))), None)


def lengths_for(
    program: Program, rng: np.random.Generator, sizes: dict[str, int], batch: int
) -> np.ndarray | None:
    """The lengths of ragged rows, each one that the program can read."""
    if not program.ragged:
        return None
    fitting = [n for n in range(1, sizes["T"] + 1) if program.fits(**{**sizes, "T": n})]
    return rng.choice(fitting, batch)


def draw(program: Program, rng: np.random.Generator, *, narrow: bool, train: bool) -> Data | None:
    """Random numbers; `narrow` rounds them to float32 first."""
    sizes = sizes_for(program, rng)
    if sizes is None:
        return None
    batch = int(rng.integers(3, 6) if train and program.state else rng.integers(1, 5))
    params = {name: _param(rng, name, shape) for name, shape in program.params.items()}
    state = {name: _state(rng, name, shape) for name, (shape, _) in program.state.items()}
    lengths = lengths_for(program, rng, sizes, batch)
    data = Data(params, state, {}, {}, lengths, sizes)
    for step in program.steps:
        if step.op == "input":
            name = str(step.attrs["name"])
            dims = [sizes[n] if isinstance(n, str) else n for n in program.inputs[name]]
            data.inputs[name] = _input(program, rng, name, (batch, *dims))
    for term in program.losses:
        (shape,) = shapes(program, data, [term.value])
        if term.on not in data.targets:
            data.targets[term.on] = _target(rng, term, shape)
    if narrow:
        for arrays in (data.params, data.state, data.inputs, data.targets):
            arrays.update(_narrow(arrays))
    return data


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


def _param(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    suffix = name.rpartition(".")[2]
    if suffix == "a":
        return rng.uniform(0.1, 0.4, shape)
    if suffix == "gamma":
        return rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1], shape)
    if suffix in ("W", "Wx", "Wh", "Wqkv", "Wo"):
        return rng.normal(0, (max(shape) / prod(shape)) ** 0.5, shape)
    return rng.normal(0, 0.5, shape)


def _state(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(0.3, 2, shape) if name.endswith("var") else rng.normal(0, 0.5, shape)


def _input(
    program: Program, rng: np.random.Generator, name: str, shape: tuple[int, ...]
) -> np.ndarray:
    if "int" not in program.words[name]:
        return rng.normal(size=shape)
    tables = [s.attrs["v"] for s in program.steps if s.op == "embedding"]
    return rng.integers(0, min(tables, default=2), shape)  # type: ignore[type-var]


def _target(rng: np.random.Generator, term: LossTerm, shape: tuple[int, ...]) -> np.ndarray:
    classes = shape[-1]
    match term.kind:
        case "crossentropy" | "hinge" if term.ids:
            return rng.integers(0, classes, shape[:-1])
        case "crossentropy" | "kl":
            return rng.dirichlet(np.ones(classes), shape[:-1])
        case "bce":
            return rng.uniform(0, 1, shape)
        case "hinge":
            return rng.choice([-1.0, 1.0], shape)
        case "poisson":
            return rng.poisson(2, shape).astype(float)
    return rng.normal(size=shape)


def _narrow(arrays: Arrays) -> Arrays:
    return {k: a.astype("f4").astype("f8") for k, a in arrays.items() if a.dtype.kind == "f"}
