"""Random parameters, inputs and targets for a program, and the difference of two results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from . import numpy_reference
from .programs import LossTerm, Program

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Draw:
    """One set of numbers to try a program on; everything is float64 but class ids."""

    params: dict[str, np.ndarray]
    inputs: dict[str, np.ndarray]
    targets: dict[str, np.ndarray]

    @property
    def x(self) -> np.ndarray | dict[str, np.ndarray]:
        """What forward takes: the array of the only input, else a dict."""
        return next(iter(self.inputs.values())) if len(self.inputs) == 1 else self.inputs

    @property
    def target(self) -> np.ndarray | dict[str, np.ndarray]:
        """What loss takes: a dict if and only if several outputs carry losses."""
        return next(iter(self.targets.values())) if len(self.targets) == 1 else self.targets


def draw(program: Program, seed: int, batch: int | None = None, narrow: bool = False) -> Draw:
    """Numbers from a seed; `narrow` rounds them to float32 first."""
    rng = np.random.default_rng([seed, 11])
    batch = batch or int(rng.integers(1, 8))
    time = int(rng.integers(1, 6))
    params = {name: _param(rng, name, shape) for name, shape in program.params.items()}
    inputs = {
        name: rng.normal(size=_sized(shape, batch, time)) for name, shape in program.inputs.items()
    }
    targets: dict[str, np.ndarray] = {}
    for term in program.losses:
        targets.setdefault(
            term.on, _target(rng, term, _sized(program.shapes[term.value], batch, time))
        )
    if narrow:
        params, inputs, targets = _narrow(params), _narrow(inputs), _narrow(targets)
    return Draw(params, inputs, targets)


def smooth_draw(program: Program, seed: int, margin: float, narrow: bool = False) -> Draw | None:
    """The first draw whose values keep away from kinks and are of ordinary size."""
    for attempt in range(30):
        one = draw(program, 100 * seed + attempt, narrow=narrow)
        loss, run = numpy_reference.total_loss(program, one.params, one.inputs, one.targets)
        largest = max(float(np.abs(v).max()) for v in run.values)
        if np.isfinite(loss) and run.margin > margin and largest < 1e3:
            return one
    return None


def _param(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if name.endswith(".a"):
        return rng.uniform(0.1, 0.4, shape)
    if name.endswith(".b"):
        return rng.normal(0, 0.5, shape)
    return rng.normal(0, 1 / np.sqrt(shape[0]), shape)


def _sized(shape: tuple[int | str, ...], batch: int, time: int) -> tuple[int, ...]:
    return (batch, *(time if d == "T" else int(d) for d in shape))


def _target(rng: np.random.Generator, term: LossTerm, shape: tuple[int, ...]) -> np.ndarray:
    match term.kind:
        case "crossentropy" if term.ids:
            return rng.integers(0, shape[-1], shape[:-1])
        case "crossentropy":
            return rng.dirichlet(np.ones(shape[-1]), shape[:-1])
        case "bce":
            hard = rng.integers(0, 2, shape).astype(float)
            return hard if rng.random() < 0.5 else rng.uniform(0, 1, shape)
        case "hinge" if term.ids:
            return rng.integers(0, shape[-1], shape[:-1])
        case "hinge":
            return rng.choice([-1.0, 1.0], shape)
        case "kl":
            rows = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
            certain = np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
            return np.where(rng.random((*shape[:-1], 1)) < 0.3, certain, rows)
        case "poisson":
            return rng.poisson(2, shape).astype(float)
    return rng.normal(size=shape)


def _narrow(arrays: Arrays) -> dict[str, np.ndarray]:
    return {
        name: a.astype(np.float32).astype(np.float64) if a.dtype.kind == "f" else a
        for name, a in arrays.items()
    }


# --- comparison ---------------------------------------------------------------------------


def error(got: np.ndarray, want: np.ndarray, floor: float = 0.0) -> float:
    """max|a−b| / max|b|, the denominator at least `floor`; infinite for NaN or another shape."""
    got = np.asarray(got, np.float64)
    if got.shape != want.shape or not np.isfinite(got).all():
        return np.inf
    if not want.size:
        return 0.0
    apart = float(np.abs(got - want).max())
    return apart / max(float(np.abs(want).max()), floor, 1e-300) if apart else 0.0


def worst(got: Arrays, want: Arrays) -> tuple[float, str]:
    """The largest error over the gradients of a model, and whose it is."""
    assert list(got) == list(want), f"names {list(got)}, expected {list(want)}"
    floor = 1e-4 * max((float(np.abs(g).max()) for g in want.values()), default=0.0)
    errors = [(error(got[name], want[name], floor), name) for name in want]
    return max(errors, default=(0.0, ""))
