"""Fitting data to what a module asks for: row shapes, class ids, one-hot rows, dtypes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from .dataset import DataError, Dataset
from .module import Array, Arrays, Module, Shape

_TAKES_CLASS_IDS = {"crossentropy", "hinge"}


@dataclass(frozen=True, slots=True)
class Fitted:
    """Data as a module takes it, and whether its targets are classes (so accuracy has meaning)."""

    data: Dataset
    classes: bool


def fit_rows(data: Dataset, module: Module) -> Dataset:
    """The same numbers in the shape of the model's only input.

    An image becomes flat or gets a channel axis, a line of a table becomes an image.
    """
    shapes = list(module.INPUTS.values())
    if len(shapes) != 1 or isinstance(data.x, Mapping):
        raise DataError(
            f"{data.name}: such data fit a model with one input, this has {len(shapes)}"
        )
    wanted = shapes[0][1:]
    pixels = math.prod(data.x.shape[1:])
    if not all(isinstance(n, int) for n in wanted) or math.prod(map(int, wanted)) != pixels:
        raise DataError(
            f"{data.name}: rows of {'x'.join(map(str, data.x.shape[1:]))} do not fit "
            f"the model's input {'x'.join(map(str, wanted))}"
        )
    return replace(data, x=data.x.reshape(len(data), *map(int, wanted)))


def require_rows(data: Dataset, module: Module) -> None:
    """Refuse rows of another shape than the model's inputs; symbolic sizes may be any."""
    for name, shape in module.INPUTS.items():
        found = (data.x[name] if isinstance(data.x, Mapping) else data.x).shape[1:]
        fits = len(found) == len(shape) - 1 and all(
            n == m or not isinstance(m, int) for n, m in zip(found, shape[1:], strict=True)
        )
        if not fits:
            raise DataError(
                f"{data.name}: `{name}` has rows of shape {found}, the model reads {shape[1:]}"
            )


def fit_targets(data: Dataset, module: Module) -> Fitted:
    """Targets as the module's losses take them.

    A column of whole numbers for an output wider than one is class ids: they stay so where
    every loss takes them, and become one-hot rows where one compares rows. For an output one
    wide, of any rank, targets may lack its last axis, (B, T) becomes (B, T, 1); under `hinge` their 0
    and 1 become −1 and 1.
    """
    if data.target is None:
        raise DataError(f"{data.name}: there are no targets to train towards")
    shapes = module.TARGETS
    takes_ids = set(module.LOSSES.values()) <= _TAKES_CLASS_IDS
    signs = set(module.LOSSES.values()) == {"hinge"}
    if isinstance(data.target, Mapping):
        if data.target.keys() != shapes.keys():
            found, wanted = ", ".join(data.target), ", ".join(shapes)
            raise DataError(f"{data.name}: targets {found}, but the model wants {wanted}")
        fitted = {
            name: _fit(array, shapes[name], takes_ids, signs, f"{data.name}: {name}")
            for name, array in data.target.items()
        }
        return Fitted(
            replace(data, target={name: array for name, (array, _) in fitted.items()}),
            any(classes for _, classes in fitted.values()),
        )
    if len(shapes) != 1:
        raise DataError(f"{data.name}: one target array, but the model wants {', '.join(shapes)}")
    target, classes = _fit(data.target, next(iter(shapes.values())), takes_ids, signs, data.name)
    return Fitted(replace(data, target=target), classes or _judges_classes(module))


def _judges_classes(module: Module) -> bool:
    """Whether every loss of the module is one for classes."""
    return set(module.LOSSES.values()) <= _TAKES_CLASS_IDS | {"bce"}


def _signs(target: Array) -> Array:
    """−1 and 1 from 0 and 1; anything else as it is, for the module to judge."""
    return 2 * target.astype(np.float32) - 1 if np.isin(target, (0, 1)).all() else target


def _fit(
    target: Array, shape: Shape, takes_ids: bool, signs: bool, what: str
) -> tuple[Array, bool]:
    """The target as the module takes it, and whether it was class ids."""
    width = shape[-1]
    if width == 1:
        one = target[..., None] if target.ndim == len(shape) - 1 else target
        return (_signs(one) if signs else one), False
    column = target.ndim == 1 or (target.ndim == 2 and target.shape[1] == 1)
    if len(shape) != 2 or not column or not isinstance(width, int):
        return target, False
    ids = class_ids(target, what)
    return (ids if takes_ids else one_hot(ids, width, what)), True


def class_ids(target: Array, what: str) -> Array:
    """Whole numbers (B,) in int64, from any column of them."""
    ids = target.reshape(len(target))
    wrong = ids != np.floor(ids)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"{what}: class ids must be whole numbers, row {row + 1} is {ids[row]:g}")
    return ids.astype(np.int64)


def one_hot(ids: Array, classes: int, what: str = "the data") -> Array:
    """Rows (B, classes) with a 1 at each id."""
    wrong = (ids < 0) | (ids >= classes)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{what}: class ids must be 0 to {classes - 1}, row {row + 1} is {ids[row]}"
        )
    rows = np.zeros((len(ids), classes), np.float32)
    rows[np.arange(len(ids)), ids] = 1
    return rows


def cast(data: Dataset, dtype: np.dtype[np.floating]) -> Dataset:
    """The data with its real numbers in the model's dtype, so that no epoch converts again."""

    def convert(array: Array) -> Array:
        return array.astype(dtype, copy=False) if array.dtype.kind == "f" else array

    target = None if data.target is None else _each(data.target, convert)
    return replace(data, x=_each(data.x, convert), target=target)


def _each(value: Arrays, change: Callable[[Array], Array]) -> Arrays:
    if isinstance(value, Mapping):
        return {name: change(array) for name, array in value.items()}
    return change(value)
