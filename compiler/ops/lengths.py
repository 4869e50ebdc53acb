"""The lengths of padded rows: before a layer, and as formulas of the given lengths."""

from __future__ import annotations

from collections.abc import Iterable

from ..ir.dims import Dim, symbol
from .build import Builder, Value
from .conv import window_size


def lengths_before(build: Builder, given: Iterable[Value | None]) -> Value | None:
    """Return the row lengths of a layer's inputs; those of several inputs must be equal.

    Inputs of equal padded size may still have rows of different lengths: rows of another input,
    or, if the padded size is a number, rows changed by other layers. Such lengths are compared
    at run time.
    """
    found = list({n.id: n for n in given if n is not None}.values())
    if not found:
        return None
    first = found[0]
    formulas = {length_of(build, first)} if len(found) > 1 else set()
    for other in found[1:]:
        formula = length_of(build, other)
        if formula not in formulas:
            formulas.add(formula)
            first = build.emit("equal_lengths", first, other)
    return first


def length_of(build: Builder, lengths: Value) -> Dim:
    """Return the length of one row as a formula of its given length."""
    chain = [build.nodes[lengths.id]]
    while chain[-1].inputs:
        chain.append(build.nodes[chain[-1].inputs[0]])
    length: Dim = symbol(f"N{chain[-1].id}")
    for node in reversed(chain[:-1]):
        if node.op == "equal_lengths":
            continue
        kernel, stride, pad = (node.whole(name) for name in ("kernel", "stride", "pad"))
        if node.op == "window_lengths":
            length = window_size(length, kernel, stride, (pad, 0), 1)
        else:
            length = (length - 1) * stride + kernel - pad
    return length
