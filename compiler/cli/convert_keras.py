"""The two directions of `nnc convert` for files of Keras."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..contents import UnfitWeights
from ..convert.keras_groups import keras_groups
from ..convert.keras_modules import KINDS, in_order, modules_of
from ..convert.layouts import CannotConvert, Group
from ..convert.matching import Pair, matched
from ..ir.layer_graph import TypedGraph
from .convert import table
from .keras_file import KerasFile, fresh, read_keras, written
from .messages import fail, warn
from .weight_arrays import Array, empty_arrays, read_arrays

EPSILON = {"batchnorm": 1e-3, "layernorm": 1e-3, "groupnorm": 1e-3, "rmsnorm": 1e-6}
"""Keras's own ε of each kind; a .weights.h5 does not say which one the model has."""

CHANNELS = "data_format"


def from_keras(
    typed: TypedGraph, path: Path, given: Mapping[str, str], last: bool | None
) -> list[Pair]:
    """Return a layer of the file for every layer of the network; raises CannotConvert."""
    file = _read(path)
    groups = keras_groups(typed, empty_arrays(typed), _channels_last(file, last))
    return _matched(typed, file, groups, given)


def out_to_keras(
    typed: TypedGraph,
    weights: str,
    given: Mapping[str, str],
    output: str,
    like: str | None,
    last: bool | None,
) -> Iterator[str]:
    """Write a file of Keras with a network's weights; the table."""
    if like is None and output.lower().endswith(".keras"):
        fail(
            f"{output}: a .keras file has a model, too: name one with --like, or write .weights.h5"
        )
    try:
        arrays = read_arrays(Path(weights), typed)
    except UnfitWeights as error:
        fail(str(error))
    try:
        if like is not None:
            return _replaced(typed, arrays, given, output, _read(Path(like)), last)
        return _fresh(typed, keras_groups(typed, arrays, last is not False), given, output)
    except CannotConvert as error:
        fail(f"{like or weights}: {error}")


def _read(path: Path) -> KerasFile:
    from nnc.runtime.dataset import DataError

    try:
        return read_keras(path)
    except (UnfitWeights, DataError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{path}: {error.strerror or error}")


def _channels_last(file: KerasFile, last: bool | None) -> bool:
    """Return where the model has its channels: as asked for, as its layers say, or last."""
    if last is not None:
        return last
    formats = [str(layer[CHANNELS]) for layer in file.layers.values() if CHANNELS in layer]
    return "channels_first" not in formats


def _matched(
    typed: TypedGraph, file: KerasFile, groups: Sequence[Group], given: Mapping[str, str]
) -> list[Pair]:
    modules = modules_of(file.stored)
    known = file.stored.order is not None
    pairs = matched(groups, in_order(groups, modules, given, known), given)
    _check_settings(typed, file, pairs)
    return pairs


def _check_settings(typed: TypedGraph, file: KerasFile, pairs: Sequence[Pair]) -> None:
    """Refuse, or warn of, an ε of a norm with which the two compute something else."""
    layers, known = typed.graph.by_name(), file.layers
    for pair in pairs:
        layer = layers.get(pair.layer.name)
        usual = EPSILON.get(pair.layer.kind)
        if layer is None or usual is None:
            continue
        ours: Any = layer.args["eps"]
        theirs = known.get(pair.module, {}).get("epsilon", None if known else usual)
        if isinstance(theirs, int | float) and not np.isclose(ours, theirs, rtol=1e-6, atol=0):
            told = f"write `eps={theirs:g}` in the spec"
            if known:
                raise CannotConvert(
                    f"{pair.module} has epsilon {theirs:g}, {layer.name} has {ours:g}: {told}"
                )
            warn(
                f"{layer.name} has eps {ours:g}; if {pair.module} has Keras's own, {theirs:g}, {told}"
            )


def _replaced(
    typed: TypedGraph,
    arrays: Mapping[str, Array],
    given: Mapping[str, str],
    output: str,
    like: KerasFile,
    last: bool | None,
) -> Iterator[str]:
    """Write a file like another one with these weights."""
    if (like.config is not None) != output.lower().endswith(".keras"):
        fail(f"{output}: it gets the format of {like.path}; name it alike")
    groups = keras_groups(typed, arrays, _channels_last(like, last))
    pairs = _matched(typed, like, groups, given)
    modules = {module.name: module for module in modules_of(like.stored)}
    places: dict[str, Array] = {}
    for pair in pairs:
        module = modules[pair.module]
        for short, array in pair.layer.layout.to_theirs(pair.layer.arrays).items():
            there = module.weights[short]
            whole = np.broadcast_to(array, there.shape) if array.size == 1 else array
            places[module.paths[short]] = whole.astype(there.dtype)
    _deliver(output, written(like, places, Path(output)))
    return table(pairs, "->")


def _fresh(
    typed: TypedGraph, groups: Sequence[Group], given: Mapping[str, str], output: str
) -> Iterator[str]:
    """Write a .weights.h5 as a model with these layers in this order has it."""
    unknown = [name for name in given if name not in {group.name for group in groups}]
    if unknown:
        raise CannotConvert(f"there is no layer {unknown[0]!r}")
    stored: dict[str, dict[str, Array]] = {}
    names: dict[str, str] = {}
    told: list[Pair] = []
    counts: Counter[str] = Counter()
    for group in groups:
        base = _base(group)
        count = counts[base]
        counts[base] += 1
        place = f"layers/{base}_{count}" if count else f"layers/{base}"
        stored[place] = group.layout.to_theirs(group.arrays)
        names[place] = given.get(group.name, group.name)
        told.append(Pair(group, place, dict(group.arrays)))
    _deliver(output, fresh(stored, names, Path(output)))
    return table(told, "->")


def _base(group: Group) -> str:
    """The name that Keras gives to the groups of a kind, such as conv2d."""
    if group.layout.module.startswith("Bidirectional"):
        return "bidirectional"
    bases = [base for base, kind in KINDS.items() if kind == group.kind]
    axes = group.arrays["W"].ndim - 2 if len(bases) > 1 else 0
    return next(base for base in bases if not axes or f"{axes}d" in base)


def _deliver(output: str, data: bytes) -> None:
    from nnc.runtime import durable

    try:
        durable.write_bytes(output, data)
    except OSError as error:
        fail(f"cannot write {output}: {error.strerror or error}")
