"""What nodes that only move entries do, computed on small arrays of labels.

Open sizes are primes in the network's shapes; here each is a small number, so that an array with a
different label in every entry shows where each one goes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import NodeProto

from .network import BATCH, OPEN, Array, Network, attributes

ROWS, STEPS = 2, 3
"""The small numbers for the batch and for open sizes."""

MOVES = ("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Gather")


def small(number: int) -> int:
    """Return a size, or a product of sizes, with small numbers in place of stand-ins."""
    for stand, little in ((BATCH, ROWS), *((prime, STEPS) for prime in OPEN.values())):
        while number > 0 and number % stand == 0:
            number = number // stand * little
    return number


def is_move(net: Network, node: NodeProto) -> bool:
    """Return whether a node moves the entries of a computed value, to places that are known."""
    known = all(name in net.constants for name in node.input[1:])
    return node.op_type in MOVES and known and node.input[0] not in net.constants


def moved(net: Network, nodes: Sequence[NodeProto], array: Array) -> Array:
    """Return an array after these moves; raises ValueError where the sizes do not fit."""
    for node in nodes:
        array = _moved(net, node, array)
    return array


def _moved(net: Network, node: NodeProto, array: Array) -> Array:
    given = attributes(node)
    match node.op_type:
        case "Reshape":
            wanted = [small(int(n)) for n in net.constants[node.input[1]]]
            kept = [array.shape[i] if n == 0 else n for i, n in enumerate(wanted)]
            return array.reshape(kept)
        case "Transpose":
            return array.transpose(given.get("perm"))
        case "Gather":
            return np.take(array, net.constants[node.input[1]], given.get("axis", 0))
    axes = net.constants[node.input[1]] if len(node.input) > 1 else given.get("axes")
    if axes is None:
        return np.squeeze(array)
    places = tuple(int(i) for i in np.ravel(axes))
    return np.squeeze(array, places) if node.op_type == "Squeeze" else np.expand_dims(array, places)
