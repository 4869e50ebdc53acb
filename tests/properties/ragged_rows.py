"""One stage behind every orientation of a padded axis, and a row alone beside a padded batch.

The reference of a row is the same network compiled without `ragged`, which knows no masks, given
the row in its own length. In the batch padding is NaN (for ids, a number that is no id). With
the padded size as a number in place of T, the batch is held against the same rows alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import signature
from types import ModuleType

import numpy as np
from nnc.diagnostics.model import SpecError
from nnc.driver import Options, check, compile_source
from nnc.source import Source

from ..oracle.generated import load

LENGTHS = (3, 8, 5)
PADDED = 10
"""The padded size: no row is whole, and windows reach from each into its padding."""

ORIENTATIONS = {
    "T": "input Tx4 ragged -> dense 1 -> sum axis=1",
    "TxD": "input Tx4 ragged -> dense 4 tanh",
    "DxT": "input Tx4 ragged -> dense 4 tanh -> transpose",
    "NxTxD": "input Tx4 ragged -> dense 4 tanh -> repeat 2",
    "TxNxD": "input Tx4 ragged -> dense 4 tanh -> repeat 2 -> permute 1 0 2",
    "NxDxT": "input Tx4 ragged -> dense 4 tanh -> repeat 2 -> permute 0 2 1",
    "DxL": "input Tx4 ragged -> transpose -> conv 4 3 stride=2 pad=1",
}
"""What comes before the stage. L is what a window leaves of T. Biases keep padding from zero."""

ID_ORIENTATIONS = {
    "T": "input T int ragged",
    "TxN": "input Tx2 int ragged",
    "NxT": "input Tx2 int ragged -> transpose",
}


def module(text: str, level: int, target: str = "numpy") -> ModuleType:
    """A fresh module of a spec; SpecError if it is refused."""
    options = Options(level=level, target=target, format=False)
    return load(compile_source(Source("ragged.nn", text), options).code)


def attempt(text: str, level: int, target: str = "numpy") -> ModuleType | str:
    """A module, or the letter for its refusal: `x` for its padding alone, `-` without it too."""
    try:
        return module(text, level, target)
    except SpecError:
        without = check(Source("ragged.nn", whole(text)))
        return "-" if without.report.has_errors else "x"


def whole(text: str) -> str:
    """The same network for rows of one length each batch."""
    return text.replace(" ragged", "")


def fixed(text: str) -> str:
    """The same network with the padded size as a number."""
    return re.sub(r"input T(?=[x ])", f"input {PADDED}", text)


def spec(before: str, stage: str, loss: str = "loss mse") -> str:
    return f"{before} -> {stage}\n{loss}\noptimizer sgd lr=1\ndtype float64\n"


# --- numbers ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """Rows alone: inputs (1, n, …), values, targets, losses, gradients; parameters for all."""

    params: dict[str, np.ndarray]
    x: tuple[np.ndarray, ...]
    y: tuple[np.ndarray, ...]
    target: tuple[np.ndarray, ...]
    loss: tuple[float, ...]
    grads: tuple[dict[str, np.ndarray], ...]


def rows_alone(reference: ModuleType, seed: int, draw_target=None) -> Rows:
    """What a network without masks makes of each row in its own length."""
    rng = np.random.default_rng(seed)
    params = {
        name: value + 0.4 * rng.standard_normal(value.shape)
        for name, value in reference.init_params(seed).items()
    }
    ((_, *rest),) = (shape[1:] for shape in reference.INPUTS.values())
    xs, ys, targets, losses, grads = [], [], [], [], []
    for n in LENGTHS:
        shape = (1, n, *rest)
        x = rng.integers(0, 5, shape) if " int" in reference.SPEC else rng.standard_normal(shape)
        y, cache = reference.forward(params, x)
        target = (draw_target or _normal)(rng, y.shape)
        xs.append(x)
        ys.append(y)
        targets.append(target)
        losses.append(reference.loss(params, cache, target))
        found = reference.backward(params, cache, target)
        grads.append({name: np.array(g) for name, g in found.items()})
    return Rows(params, tuple(xs), tuple(ys), tuple(targets), tuple(losses), tuple(grads))


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape)


def padded(rows: tuple[np.ndarray, ...], sizes: tuple[int, ...]) -> np.ndarray:
    """The rows in one array of rows of such sizes, with NaN (or −99) where there is no data."""
    nothing = -99 if rows[0].dtype.kind == "i" else np.nan
    array = np.full((len(rows), *sizes), nothing, rows[0].dtype)
    for row, alone in zip(array, rows, strict=True):
        row[tuple(map(slice, alone.shape[1:]))] = alone[0]
    return array


def disagreements(batched: ModuleType, rows: Rows, weights: tuple[float, ...]) -> Iterator[str]:
    """Where a padded batch differs from its rows alone.

    `weights` are what each row's loss and gradients count in the batch's.
    """
    x = padded(rows.x, (PADDED, *rows.x[0].shape[2:]))
    lengths = np.array(LENGTHS)
    predicted = batched.predict(rows.params, x, lengths=lengths)
    y, cache = batched.forward(rows.params, x, lengths=lengths)
    yield from _of_values("forward", y, rows)
    yield from _of_values("predict", predicted, rows)
    target = padded(rows.target, _target_sizes(rows, y))
    loss = batched.loss(rows.params, cache, target)
    found = {"backward": (loss, dict(batched.backward(rows.params, cache, target)))}
    if "rng" not in signature(batched.train_step).parameters:  # else training is another function
        found["train_step"] = _one_step(batched, rows.params, x, target)
    wanted = sum(w * part for w, part in zip(weights, rows.loss, strict=True))
    for where, (loss, grads) in found.items():
        if not abs(loss - wanted) <= 1e-10 * max(1, abs(wanted)):
            yield f"{where}: the loss is {loss}, of the rows alone {wanted}"
        for name in rows.params:
            alone = sum(w * g[name] for w, g in zip(weights, rows.grads, strict=True))
            apart = np.max(np.abs(grads[name] - alone))
            if not apart <= 1e-10 * max(1, np.max(np.abs(alone))):
                yield f"{where}: the gradient of {name} is {apart:.1e} apart"


def _one_step(
    batched: ModuleType, params: dict[str, np.ndarray], x: np.ndarray, target: np.ndarray
):
    """The loss that a step of rate 1 gives, and the gradients that it took."""
    moved = {name: value.copy() for name, value in params.items()}
    opt = batched.init_optimizer(moved)
    loss = batched.train_step(moved, x, target, opt, lengths=np.array(LENGTHS))
    return loss, {name: value - moved[name] for name, value in params.items()}


def _target_sizes(rows: Rows, y: np.ndarray) -> tuple[int, ...]:
    """Targets have the output's shape, class ids lack its last axis."""
    return y.shape[1 : rows.target[0].ndim]


def _of_values(where: str, y: np.ndarray, rows: Rows) -> Iterator[str]:
    for r, alone in enumerate(rows.y):
        inside = np.zeros(y.shape[1:], bool)
        inside[tuple(map(slice, alone.shape[1:]))] = True
        got = y[r][inside].reshape(alone.shape[1:])
        if not np.allclose(got, alone[0], rtol=1e-10, atol=1e-10):
            yield f"{where}: row {r} is {got}, alone {alone[0]}"
        if np.any(y[r][~inside] != 0):
            yield f"{where}: padding of row {r} is not zero"


def by_size(rows: Rows) -> tuple[float, ...]:
    """What each row counts in a mean over all entries: as many as it has."""
    sizes = [y.size for y in rows.y]
    return tuple(n / sum(sizes) for n in sizes)


# --- losses -------------------------------------------------------------------------------


def _unit(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(0, 1, shape)


def _probabilities(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.dirichlet(np.ones(shape[-1]), shape[:-1])


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.choice([-1.0, 1.0], shape)


def _ids(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(0, shape[-1], shape[:-1])


TARGETS = {
    "any": _normal,
    "unit": _unit,
    "probabilities": _probabilities,
    "signs": _signs,
    "ids": _ids,
    "counts": _unit,
}


def each_row(_: Rows) -> tuple[float, ...]:
    """What each row counts in a mean over the batch."""
    return (1 / len(LENGTHS),) * len(LENGTHS)


def in_full(_: Rows) -> tuple[float, ...]:
    """What each row counts in a sum."""
    return (1.0,) * len(LENGTHS)


def by_class(rows: Rows, weights: tuple[float, ...] = (1, 2, 3, 4)) -> tuple[float, ...]:
    """What each row counts in a mean by the weights of its class ids."""
    sums = [float(np.take(weights, ids).sum()) for ids in rows.target]
    return tuple(n / sum(sums) for n in sums)
