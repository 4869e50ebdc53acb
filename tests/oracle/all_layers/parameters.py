"""The parameters and running statistics of every kind of layer, in the reference's order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, NamedTuple

from .kinds import Type
from .windows import each, reached

Attrs = Mapping[str, Any]
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


class Param(NamedTuple):
    """A parameter of a layer; a `weight` is what penalties apply to."""

    suffix: str
    shape: tuple[int, ...]
    weight: bool = False


NAMED = (
    *("dense", "prelu", "conv", "depthwise", "conv_transpose", "local", "weightedpool"),
    *("batchnorm", "layernorm", "rmsnorm", "groupnorm", "embedding", "attention", "positional"),
    *GATES,
)
"""Kinds whose unnamed layers are counted, because parameters are called after them."""


def _weight(attrs: Attrs, shape: tuple[int, ...], bias: tuple[int, ...]) -> list[Param]:
    made = [Param("W", shape, True)]
    return [*made, Param("b", bias)] if attrs.get("bias", True) else made


def parameters(op: str, attrs: Attrs, t: Type) -> list[Param]:
    """What a layer on this input learns."""
    first, last = t.known(0), t.known(t.rank - 1)
    match op:
        case "dense" if attrs.get("tie"):
            return [Param("b", (attrs["n"],))] if attrs.get("bias", True) else []
        case "dense":
            return _weight(attrs, (last, attrs["n"]), (attrs["n"],))  # type: ignore[arg-type]
        case "prelu":
            return [Param("a", (1,))]
        case "batchnorm" | "groupnorm":
            return [Param("gamma", (first,)), Param("beta", (first,))]  # type: ignore[arg-type]
        case "layernorm":
            return [Param("gamma", (last,)), Param("beta", (last,))]  # type: ignore[arg-type]
        case "rmsnorm":
            return [Param("gamma", (last,))]  # type: ignore[arg-type]
        case "embedding":
            return [Param("W", (attrs["v"], attrs["d"]))]
        case "positional":
            length = attrs["max"] or first
            return [Param("W", (length, last))] if attrs["learned"] else []  # type: ignore[arg-type]
        case "attention":
            return _attention(attrs, last)  # type: ignore[arg-type]
        case "rnn" | "lstm" | "gru":
            return list(_recurrent(op, attrs, last))  # type: ignore[arg-type]
        case "weightedpool":
            return [Param("w", tuple(each(attrs, "kernel", t.rank - 1)), True)]
    return _window(op, attrs, t)


def _attention(attrs: Attrs, d: int) -> list[Param]:
    weights = [Param("Wqkv", (d, 3 * d), True), Param("Wo", (d, d), True)]
    if not attrs["bias"]:
        return weights
    return [weights[0], Param("bqkv", (3 * d,)), weights[1], Param("bo", (d,))]


def passes(attrs: Attrs) -> list[list[tuple[str, bool]]]:
    """For each stacked layer its passes: the prefix of their parameters, and if reversed."""
    found = []
    for k in range(1, attrs["layers"] + 1):
        stem = f"l{k}." if attrs["layers"] > 1 else ""
        both = [(stem, False), (f"{stem}reverse.", True)]
        found.append(both if attrs["bidirectional"] else [(stem, attrs["reverse"])])
    return found


def _recurrent(op: str, attrs: Attrs, size: int) -> Iterator[Param]:
    units, wide = attrs["n"], GATES[op] * attrs["n"]
    for runs in passes(attrs):
        for prefix, _ in runs:
            yield Param(f"{prefix}Wx", (size, wide), True)
            yield Param(f"{prefix}Wh", (units, wide), True)
            for bias in (("bx", "bh") if op == "gru" else ("b",)) if attrs["bias"] else ():
                yield Param(f"{prefix}{bias}", (wide,))
        size = units * len(runs)


def _window(op: str, attrs: Attrs, t: Type) -> list[Param]:
    if op not in ("conv", "depthwise", "conv_transpose", "local"):
        return []
    channels, axes = t.known(0), t.axes[1:]
    assert channels is not None
    if op == "local":
        channels, axes = (1, t.axes) if t.rank == 1 else (channels, axes)
        grid = tuple(a.at[0] for a in reached(attrs, axes))
        cells = channels * prod(each(attrs, "kernel", len(axes)))
        return _weight(attrs, (*grid, cells, attrs["filters"]), (*grid, attrs["filters"]))
    kernel, groups = each(attrs, "kernel", len(axes)), attrs.get("groups", 1)
    if op == "conv":
        shape, filters = (attrs["filters"], channels // groups), attrs["filters"]
    elif op == "depthwise":
        shape, filters = (channels * attrs["mult"], 1), channels * attrs["mult"]
    else:
        shape, filters = (channels, attrs["filters"] // groups), attrs["filters"]
    return _weight(attrs, (*shape, *kernel), (filters,))


def states(op: str, t: Type) -> list[tuple[str, tuple[int, ...], float]]:
    """Running statistics: suffix, shape, what every entry starts as."""
    if op != "batchnorm":
        return []
    channels = t.known(0)
    assert channels is not None
    return [("running_mean", (channels,), 0.0), ("running_var", (channels,), 1.0)]
