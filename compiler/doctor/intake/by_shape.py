"""Identification of arrays with unknown names by their shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from math import prod

from ..interpreter import Array
from .naming import BadArrays, Naming
from .network import Axes, Network


def by_shape(network: Network, arrays: Mapping[str, Array], naming: Naming) -> Naming:
    """Assign arrays with unknown names to inputs, targets and parameters without an array.

    Raises BadArrays if the assignment is ambiguous.
    """
    tensors, unknown = dict(naming.tensors), list(naming.unknown)
    missing = [t for t in network.required if t not in tensors.values()]
    own = [n for n in unknown if bare(n) not in unknown]
    fitting = {t: [n for n in own if fits(network, arrays[n], t)] for t in missing}
    for tensor, names in fitting.items():
        if len(names) > 1:
            example = ",".join(f"{name}={tensor}" for name in names[:1])
            raise BadArrays(
                f"{', '.join(names[:-1])} and {names[-1]} both have a shape that fits {tensor}, "
                f"and their names do not say which it is: say so with --map {example}"
            )
        if names and sum(names == others for others in fitting.values()) == 1:
            tensors[names[0]] = tensor
            unknown.remove(names[0])
    for name in list(unknown):
        param = tensors.get(bare(name), "")
        if param in network.params and f"d_{param}" not in tensors.values():
            tensors[name] = f"d_{param}"
            unknown.remove(name)
    return replace(naming, tensors=tensors, unknown=tuple(unknown))


def bare(name: str) -> str:
    """Return the name without its gradient prefix, `v` for `dv` or `grad_v`; empty without one."""
    found = re.fullmatch(r"(?:grad_|nabla_|d_?)(.+)|(.+)_grad", name)
    return (found[1] or found[2]) if found else ""


def fits(network: Network, array: Array, tensor: str) -> bool:
    """Return whether an array has a tensor's shape in some layout."""
    want = network.reference.node(tensor).type.shape
    fixed = tuple(d for d in want if isinstance(d, int))
    axes = network.axes(tensor)
    if axes is Axes.ROWS:
        if array.ndim != len(want) or len(fixed) != len(want) - 1:
            return False
        ends = (array.shape[1:], array.shape[:-1]) if array.ndim == 2 else (array.shape[1:],)
        return fixed in ends
    if axes is Axes.VECTOR:
        return (
            array.size == prod(fixed) and array.ndim in (1, 2) and max(array.shape) == prod(fixed)
        )
    turned = axes is Axes.WEIGHT and array.shape == fixed[::-1]
    return array.shape == fixed or turned
