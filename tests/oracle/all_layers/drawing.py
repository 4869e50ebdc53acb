"""Random values for a program: parameters, inputs with lengths, targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ..programs import LossTerm
from .program import Program

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Data:
    """Numbers for a program, in float64 but for ids; inputs are without padding's junk."""

    params: Arrays
    state: Arrays
    inputs: Arrays
    targets: Arrays
    lengths: np.ndarray | None
    sizes: Mapping[str, int]


def shapes(program: Program, data: Data, steps: Sequence[int]) -> list[tuple[int, ...]]:
    """The whole shapes of values, the batch in front."""
    types = program.measure(**data.sizes)
    batch = len(next(iter(data.inputs.values())))
    return [(batch, *(axis.at[0] for axis in types[i].axes)) for i in steps]


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
