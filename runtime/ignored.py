"""Targets that count for nothing (`loss crossentropy ignore=ID`): no metric sees them."""

from __future__ import annotations

from collections.abc import Mapping

from .module import Array, Arrays, Module


def ignored_ids(module: Module) -> Mapping[str, int]:
    """Return the class ids that count for nothing, by the name of the target."""
    found: Mapping[str, int] = getattr(module, "IGNORED", {})
    return found


def counted(module: Module, outputs: Arrays, target: Arrays) -> tuple[Arrays, Arrays]:
    """Return outputs and targets of the rows, or positions, that are not ignored, (N, C) and (N,)."""
    ids = ignored_ids(module)
    if not ids:
        return outputs, target
    if not isinstance(target, Mapping):
        [ignore] = ids.values()
        if not isinstance(outputs, Mapping):
            return _pair(outputs, target, ignore)
        return outputs, target
    given = dict(outputs) if isinstance(outputs, Mapping) else dict.fromkeys(target, outputs)
    kept = dict(target)
    for name, ignore in ids.items():
        if name in given and name in kept:
            given[name], kept[name] = _pair(given[name], kept[name], ignore)
    return given, kept


def of_counted(module: Module, target: Arrays, like: Arrays) -> Arrays:
    """Return the entries of arrays like the targets that belong to targets that are not ignored."""
    for name, ignore in ignored_ids(module).items():
        if not isinstance(target, Mapping):
            assert not isinstance(like, Mapping)
            return like[target != ignore] if target.dtype.kind in "iu" else like
        if name in target and target[name].dtype.kind in "iu":
            assert isinstance(like, Mapping)
            like = {**like, name: like[name][target[name] != ignore]}
    return like


def _pair(y: Array, target: Array, ignore: int) -> tuple[Array, Array]:
    """Rows of probabilities are never ignored."""
    if target.shape != y.shape[:-1]:
        return y, target
    keep = target != ignore
    return y[keep], target[keep]
