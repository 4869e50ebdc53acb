"""The layers of a Keras file: which of its arrays belong together, their names and their order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .layouts import Array, CannotConvert, Group, Weights
from .matching import fitting

VARS = "vars"
SKIPPED = ("optimizer", "seed_generator", "_dropout_layer", "_softmax", "metrics")
"""Groups of a file that have no weights of a layer."""

WHOLE = ("cell", "forward_layer", "query_dense")
"""Inner layers by which one recognises a layer whose arrays belong together."""

_NUMBER = re.compile(r"_(\d+)$")

KINDS: Mapping[str, str] = {
    "dense": "dense",
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), "conv"),
    **dict.fromkeys(("depthwise_conv1d", "depthwise_conv2d"), "depthwise"),
    **dict.fromkeys(("conv1d_transpose", "conv2d_transpose", "conv3d_transpose"), "conv_transpose"),
    "embedding": "embedding",
    "batch_normalization": "batchnorm",
    "layer_normalization": "layernorm",
    "group_normalization": "groupnorm",
    "rms_normalization": "rmsnorm",
    "p_re_lu": "prelu",
    "lstm": "lstm",
    "gru": "gru",
    "simple_rnn": "rnn",
    "multi_head_attention": "attention",
}
"""The kinds of layers by the names that Keras gives their groups."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a file has: arrays by their paths, the names of layers by their groups, and the names
    of all layers in order, None where the file does not say."""

    arrays: Mapping[str, Array]
    names: Mapping[str, str]
    order: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Module:
    """A layer of a file: its group, its name, its arrays and their paths by short names."""

    group: str
    name: str
    weights: Weights
    paths: Mapping[str, str]

    @property
    def base(self) -> str:
        """The group without its number: `layers/conv2d` of `layers/conv2d_1`."""
        return _NUMBER.sub("", self.group)

    @property
    def number(self) -> int:
        """The number of the group among those of one base."""
        found = _NUMBER.search(self.group)
        return int(found[1]) if found else 0

    @property
    def kind(self) -> str | None:
        """The kind of the layer as far as its group tells."""
        return KINDS.get(self.base.rpartition("/")[2])


def modules_of(stored: Stored) -> list[Module]:
    """Return the layers that have weights, in the order of the file where it has one."""
    groups: dict[str, dict[str, str]] = {}
    paths = [path for path in stored.arrays if not set(_parts(path)) & set(SKIPPED)]
    owners = {path: _owner(path, paths) for path in paths}
    for path, owner in owners.items():
        short = _short(path[len(owner) + 1 :])
        groups.setdefault(owner, {})[short] = path
    found = [
        part
        for group, places in groups.items()
        for part in _separated(_module(stored, group, places))
    ]
    return _sorted(_distinct(found), stored.order)


def _parts(path: str) -> list[str]:
    return [_NUMBER.sub("", part) for part in path.split("/")]


def _owner(path: str, paths: Iterable[str]) -> str:
    """The group of the layer that an array belongs to: the outermost one that is a whole."""
    parts = path.split("/")
    for at, part in enumerate(parts):
        if part in (*WHOLE, "backward_layer", "key_dense", "value_dense", "output_dense"):
            return "/".join(parts[:at])
        if part == "layer" and at and _NUMBER.sub("", parts[at - 1]) == "time_distributed":
            return "/".join(parts[:at])
    return "/".join(parts[: parts.index(VARS)]) if VARS in parts else "/".join(parts[:-1])


def _short(path: str) -> str:
    """`cell.0` of `cell/vars/0`; what TimeDistributed wraps is named as if it stood alone."""
    return ".".join(part for part in path.split("/") if part not in (VARS, "layer"))


def _module(stored: Stored, group: str, places: Mapping[str, str]) -> Module:
    ordered = dict(sorted(places.items(), key=lambda item: _numeric(item[0])))
    name = stored.names.get(group) or group.rpartition("/")[2] or "model"
    weights = {short: stored.arrays[path] for short, path in ordered.items()}
    return Module(group, name, weights, ordered)


def _numeric(short: str) -> tuple[str, int]:
    lead, _, number = short.rpartition(".")
    return lead, int(number) if number.isdigit() else 0


def _separated(module: Module) -> list[Module]:
    """A separable convolution as the two that it consists of."""
    if not _is_separable(module.weights):
        return [module]
    parts = (("depthwise", {"0": "0"}), ("pointwise", {"1": "0", "2": "1"}))
    return [
        Module(
            f"{module.group}/{what}",
            f"{module.name}.{what}",
            {new: module.weights[old] for old, new in names.items() if old in module.weights},
            {new: module.paths[old] for old, new in names.items() if old in module.paths},
        )
        for what, names in parts
    ]


def _is_separable(weights: Weights) -> bool:
    first, second = weights.get("0"), weights.get("1")
    if first is None or second is None or first.ndim < 3 or second.ndim != first.ndim:
        return False
    points = second.shape[:-1]
    return set(points[:-1]) == {1} and points[-1] == int(np.prod(first.shape[-2:]))


def _distinct(modules: list[Module]) -> list[Module]:
    """Modules whose names are not unique are called by their groups."""
    names = [module.name for module in modules]
    return [
        Module(m.group, m.group, m.weights, m.paths) if names.count(m.name) > 1 else m
        for m in modules
    ]


def _sorted(modules: list[Module], order: Sequence[str] | None) -> list[Module]:
    """Order the modules as the file says; else by their numbers."""
    if order is None:
        return sorted(modules, key=lambda m: (m.base, m.number))
    place = {name: at for at, name in enumerate(order)}

    def rank(module: Module) -> tuple[int, str]:
        own = module.name.removesuffix(".depthwise").removesuffix(".pointwise")
        return place.get(own, len(place)), module.name

    return sorted(modules, key=rank)


def in_order(
    groups: Sequence[Group], modules: Sequence[Module], given: Mapping[str, str], known: bool
) -> dict[str, Weights]:
    """Return the modules by name, those without a layer of their name in the layers' order.

    Where the file has no order (`known` is false), layers of one class are counted by Keras, and
    are taken in that order; of others, a layer takes the only one that fits. Raises CannotConvert
    with the candidates where several fit."""
    weights = {module.name: module.weights for module in modules}
    if known:
        return weights
    taken = {given.get(group.name, group.name) for group in groups}
    rest = [group for group in groups if given.get(group.name, group.name) not in weights]
    free = [module for module in modules if module.name not in taken]
    if len(rest) != len(free):
        return weights
    chosen: list[str] = []
    for group in rest:
        left = [module for module in free if module.name not in chosen]
        chosen.append(_next(group, left, free))
    return {name: weights[name] for name in [*chosen, *(n for n in weights if n not in chosen)]}


def _next(group: Group, left: Sequence[Module], free: Sequence[Module]) -> str:
    counted = [module for module in left if module.kind == group.kind]
    bases = {module.base for module in free if module.kind == group.kind}
    others = [m for m in free if m.kind is None and fitting(group, m.weights) is not None]
    if counted and len(bases) == 1 and not others:
        return min(counted, key=lambda module: module.number).name
    fits = [module.name for module in left if fitting(group, module.weights) is not None]
    if len(fits) == 1:
        return fits[0]
    if not fits:
        return left[0].name  # the pairing will say that it does not fit
    raise CannotConvert(
        f"the order of the layers is not in the file; {group.name} may take {', '.join(fits)}: "
        f"use --map {group.name}=LAYER, or a .keras file, which has the order"
    )
