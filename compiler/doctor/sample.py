"""Random parameters, inputs and targets for the user's program, from a seed, in a layout."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from ..ir.dims import BATCH, Sym
from ..losses import LOSSES
from .intake.layout import Layout
from .intake.network import Axes, Network
from .interpreter import Array

STANDARD = Layout()
"""nnc's layout."""

SEQUENCE = 5
"""Steps of a sequence of unspecified length."""


@dataclass(frozen=True)
class Sample:
    """A batch by usual names: X, Y, and W1, b1, W2, b2, … for the layers with weights."""

    x: Array
    target: Array
    params: dict[str, Array]

    def arrays(self) -> dict[str, Array]:
        """All arrays by name."""
        return {"X": self.x, "Y": self.target, **self.params}


def sample(network: Network, rows: int = 8, seed: int = 0, layout: Layout = STANDARD) -> Sample:
    """Return a batch for a network with one input and one target.

    Raises ValueError for a network with several, or with parameters other than weights and
    biases.
    """
    if len(network.inputs) != 1 or len(network.targets) != 1:
        raise ValueError("numbers can be made up for a network with one input and one target")
    rng = np.random.default_rng(seed)
    x = rng.normal(size=_shape(network, network.inputs[0], rows))
    target = _target(network, rows, rng)
    params = {}
    for at, stage in enumerate(network.stages, 1):
        for letter, param in (("W", stage.weight), ("b", stage.bias)):
            if param:
                value = _drawn(network, param, rng)
                params[f"{letter}{at}"] = laid_out(value, network.axes(param), layout)
    if len(params) != len(network.params):
        raise ValueError("numbers can be made up only for layers with weights and biases")
    return Sample(laid_out(x, Axes.ROWS, layout), laid_out(target, Axes.ROWS, layout), params)


def laid_out(array: Array, axes: Axes, layout: Layout) -> Array:
    """Convert an array from nnc's layout to another one."""
    match axes:
        case Axes.WEIGHT if layout.out_in:
            return array.T.copy()
        case Axes.FILTER if layout.channels_last:
            return array.transpose(2, 3, 1, 0).copy()
        case Axes.ROWS if layout.channels_last and array.ndim == 4:
            return array.transpose(0, 2, 3, 1).copy()
        case Axes.ROWS if layout.columns and array.ndim == 2:
            return array.T.copy()
        case Axes.VECTOR if layout.columns:
            return array[:, None].copy()
    return array


def _shape(network: Network, tensor: str, rows: int) -> tuple[int, ...]:
    shape = network.reference.node(tensor).type.shape
    return tuple(_size(dim, rows) for dim in shape)


def _size(dim: int | Sym, rows: int) -> int:
    if isinstance(dim, int):
        return dim
    return rows if dim == BATCH else SEQUENCE


def _target(network: Network, rows: int, rng: np.random.Generator) -> Array:
    shape = _shape(network, network.targets[0], rows)
    kinds = {LOSSES[loss.setting.kind].target for loss in network.typed.graph.losses}
    if kinds & {"classes", "margins"} and shape[-1] > 1:
        return np.asarray(np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])])
    return np.asarray(rng.integers(0, 2, shape), np.float64)


def _drawn(network: Network, param: str, rng: np.random.Generator) -> Array:
    """Draw weights of usual size, and nonzero biases, so that a missing one is detected."""
    shape = network.params[param]
    if len(shape) < 2:
        return np.asarray(0.3 * rng.normal(size=shape))
    entries = shape[0] if len(shape) == 2 else prod(shape[1:])
    return np.asarray(rng.normal(size=shape) / np.sqrt(entries))
