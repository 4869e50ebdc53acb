"""Fitting of data to a module: row shapes, class ids, one-hot rows, dtypes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .dataset import DataError, Dataset
from .ignored import ignored_ids
from .mapped import map_of
from .metrics import are_classes
from .module import Array, Arrays, Module, Shape

_TAKES_CLASS_IDS = {"crossentropy", "hinge"}

Say = Callable[[tuple[int, ...], str, str], str]
"""Returns the message for an entry, from index, value and reason (see Dataset.say)."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Data as a module takes it, and whether its targets are classes (so that accuracy applies)."""

    data: Dataset
    classes: bool


def fit_rows(data: Dataset, module: Module) -> Dataset:
    """Reshape rows to the model's single input.

    An image becomes flat or gets a channel axis; a table row becomes an image."""
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
    """Refuse rows whose shape differs from the model's inputs; symbolic sizes match any size."""
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
    """Convert targets to the form that the module's losses take.

    A column of whole numbers for an output wider than one holds class ids: they stay ids where
    every loss takes ids, and become one-hot rows where a loss compares rows. For an output of width
    1, of any rank, targets may lack the last axis: (B, T) becomes (B, T, 1); under `hinge`, their 0
    and 1 become −1 and 1. Where no loss compares with a target, the rows are left without any."""
    shapes = module.TARGETS
    if not shapes:  # no loss compares with a target: what the data have is not used
        return Fitted(replace(data, target=None), False)
    if data.target is None:
        raise DataError(f"{data.name}: there are no targets to train towards")
    takes_ids = set(module.LOSSES.values()) <= _TAKES_CLASS_IDS
    signs = set(module.LOSSES.values()) == {"hinge"}
    ignore = ignored_ids(module)
    padded = data.lengths is not None
    if isinstance(data.target, Mapping):
        if data.target.keys() != shapes.keys():
            found, wanted = ", ".join(data.target), ", ".join(shapes)
            raise DataError(f"{data.name}: targets {found}, but the model wants {wanted}")
        fitted = {
            name: _fit(
                array,
                shapes[name],
                takes_ids,
                signs,
                padded,
                partial(data.say, name),
                ignore.get(name),
            )
            for name, array in data.target.items()
        }
        return Fitted(
            replace(data, target={name: array for name, (array, _) in fitted.items()}),
            any(classes for _, classes in fitted.values()),
        )
    if len(shapes) != 1:
        raise DataError(f"{data.name}: one target array, but the model wants {', '.join(shapes)}")
    (shape,) = shapes.values()
    say = partial(data.say, "target")
    alone = next(iter(ignore.values()), None)
    target, ids = _fit(data.target, shape, takes_ids, signs, padded, say, alone)
    return Fitted(replace(data, target=target), ids or _judges_classes(module, shape, target))


def _judges_classes(module: Module, shape: Shape, target: Array) -> bool:
    """Return whether the losses are for classes; targets of bce may be pixels or several labels."""
    kinds = set(module.LOSSES.values())
    if "bce" in kinds and not are_classes(shape, target):
        return False
    return kinds <= _TAKES_CLASS_IDS | {"bce"}


def _signs(target: Array) -> Array:
    """Map 0 and 1 to −1 and 1; anything else is unchanged and left to the module's validation."""
    return 2 * target.astype(np.float32) - 1 if np.isin(target, (0, 1)).all() else target


def _fit(
    target: Array,
    shape: Shape,
    takes_ids: bool,
    signs: bool,
    padded: bool,
    say: Say,
    ignore: int | None = None,
) -> tuple[Array, bool]:
    """Return the target in the module's form, and whether it held class ids."""
    width = shape[-1]
    if width == 1:
        one = target[..., None] if target.ndim == len(shape) - 1 else target
        return (_signs(one) if signs else one), False
    if len(shape) > 2 and takes_ids and not padded and target.ndim == len(shape) - 1:
        return (class_ids(target, width, say, ignore) if isinstance(width, int) else target), True
    column = target.ndim == 1 or (target.ndim == 2 and target.shape[1] == 1)
    if len(shape) != 2 or not column or not isinstance(width, int):
        return target, False
    ids = class_ids(target, width, say, ignore).reshape(len(target))
    return (ids if takes_ids else one_hot(ids, width)), True


def class_ids(target: Array, classes: int, say: Say, ignore: int | None = None) -> Array:
    """Return targets of any shape as int64 class ids from 0 to classes − 1; refuse all others.

    The id to ignore may lie outside."""
    whole = target == np.floor(target) if target.dtype.kind == "f" else np.ones_like(target, bool)
    bad = ~whole | (target < 0) | (target >= classes)
    if ignore is not None:
        bad &= target != ignore
    if bad.any():
        index = tuple(map(int, np.argwhere(bad)[0]))
        if not whole[index]:
            why = "is no class id: these are whole numbers from 0"
            raise DataError(say(index, f"{target[index]}", why))
        value = target[index]
        shown = f"{value:g}" if target.dtype.kind == "f" else f"{value}"
        raise DataError(say(index, shown, _outside(target, classes)))
    return target.astype(np.int64)


def _outside(ids: Array, classes: int) -> str:
    why = f"is outside of 0..{classes - 1}, the class ids of {classes} classes"
    if ids.min() == 1 and ids.max() == classes:
        return f"{why}; classes count from 0, these ids from 1: subtract 1"
    return f"{why}; classes count from 0"


def one_hot(ids: Array, classes: int) -> Array:
    """Return rows (B, classes) with a 1 at each id."""
    rows = np.zeros((len(ids), classes), np.float32)
    rows[np.arange(len(ids)), ids] = 1
    return rows


def cast(data: Dataset, dtype: np.dtype[np.floating]) -> Dataset:
    """Cast real numbers to the model's dtype once, so that no epoch converts them again.

    Raises DataError where a number is too large for the dtype; padding may hold anything.
    Memory-mapped arrays are not cast: the module converts and checks each batch."""
    x = _cast("x", data.x, data, dtype)
    target = None if data.target is None else _cast("target", data.target, data, dtype)
    return replace(data, x=x, target=target)


def _cast(what: str, value: Arrays, data: Dataset, dtype: np.dtype[np.floating]) -> Arrays:
    if isinstance(value, Mapping):
        return {name: _cast_array(name, array, data, dtype) for name, array in value.items()}
    return _cast_array(what, value, data, dtype)


def _cast_array(what: str, array: Array, data: Dataset, dtype: np.dtype[np.floating]) -> Array:
    if array.dtype.kind != "f" or array.dtype == dtype or map_of(array) is not None:
        return array
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        converted = array.astype(dtype, copy=False)
    large = np.isinf(converted) & np.isfinite(array)
    beyond = data.beyond(what, array)
    if beyond is not None:
        large[beyond] = False
    if large.any():
        index = tuple(map(int, np.argwhere(large)[0]))
        most, wider = np.finfo(dtype).max, "; `dtype float64` in the spec holds it"
        why = f"is too large for {dtype} (at most {most:.3g}){wider if dtype.itemsize < 8 else ''}"
        raise DataError(data.say(what, index, f"{array[index]}", why))
    return converted
