"""Convolution and pooling: padding as PyTorch takes it, and the bias in the call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from ....ir.dims import Dim
from ....ir.op_graph import Attr, Node
from ....ops.conv import SAME, same_pad
from ....patterns.found import Found

WINDOWS = ("conv", "max_pool", "avg_pool", "weighted_pool", "local")


def windows(found: Found) -> None:
    """Zeros in front and behind: as `padding` where equal, else by F.pad, in PyTorch's order.

    `zeros` is empty, the argument of F.pad, or a word for padding that is computed at run time.
    """
    for node in list(found.nodes(*WINDOWS)):
        padding, zeros = _padding(found, node)
        attrs = {n: a for n, a in node.attrs if n != "pad"}
        found.merge(node, node.op, node.inputs, **attrs, padding=padding, zeros=zeros)
    for node in list(found.nodes("conv_transpose")):
        found.merge(node, node.op, node.inputs, **_transposed(found, node))


def with_biases(found: Found) -> None:
    """A bias of each channel that is added to a convolution."""
    for add in list(found.nodes("add")):
        conv = found.operand(add, 0, "conv", "conv_transpose")
        if conv is None or found.only_user(conv, "add") is None or dict(conv.attrs).get("cut"):
            continue
        bias = found[add.inputs[1]]
        inner = found[bias.inputs[0]] if bias.op == "reshape" else bias
        if inner.op == "param" and inner.type.rank == 1 and bias.type.rank == conv.type.rank - 1:
            found.merge(add, conv.op, (*conv.inputs, inner.id), **dict(conv.attrs))


def _kernel(found: Found, node: Node) -> tuple[int, ...]:
    if "kernel" in dict(node.attrs):
        return node.wholes("kernel")
    shape = found[node.inputs[1]].type.shape
    return tuple(
        n for n in (shape if node.op == "weighted_pool" else shape[2:]) if isinstance(n, int)
    )


def _padding(found: Found, node: Node) -> tuple[Attr, Attr]:
    """Return the argument `padding`, and what F.pad adds before."""
    kernel, stride = _kernel(found, node), node.wholes("stride")
    dilation: Any = dict(node.attrs).get("dilation") or (1,) * len(kernel)
    pad: Any = node.attr("pad")
    none = (0,) * len(kernel)
    if pad == SAME:
        if set(stride) == {1} and node.op == "conv":
            return SAME, ()
        sizes = found[node.inputs[0]].type.shape[2:]
        if not all(isinstance(n, int) for n in sizes):
            return none, SAME
        pad = tuple(
            same_pad(n, (k - 1) * d + 1, s)
            for n, k, d, s in zip(sizes, kernel, dilation, stride, strict=True)
            if isinstance(n, int)
        )
    even = all(a == b for a, b in pad)
    inside = node.op == "conv" or all(2 * a <= k for (a, _), k in zip(pad, kernel, strict=True))
    if even and inside and node.op in ("conv", "max_pool", "avg_pool"):
        return tuple(a for a, _ in pad), ()
    return none, _flat(pad)


def _flat(pad: Sequence[Sequence[Dim]]) -> tuple[Attr, ...]:
    """Return zeros in the order of F.pad: the last axis first; nothing where there are none."""
    flat = tuple(n for pair in reversed(pad) for n in pair)
    return flat if any(n != 0 for n in flat) else ()


def _transposed(found: Found, node: Node) -> dict[str, Attr]:
    """Return `padding` and `output_padding`, or, where these cannot say it, what F.pad cuts off."""
    kernel, stride = _kernel(found, node), node.wholes("stride")
    dilation, pad = node.wholes("dilation"), cast(Any, node.attr("pad"))
    sizes, given = node.type.shape[2:], found[node.inputs[0]].type.shape[2:]
    attrs = {n: a for n, a in node.attrs if n not in ("pad", "size")}
    none = (0,) * len(kernel)
    if pad == SAME:
        pad = tuple(
            _same_front(n, k, s, d)
            for n, k, s, d in zip(sizes, kernel, stride, dilation, strict=True)
        )
    fronts: list[Any] = [pair[0] for pair in pad]
    whole = [
        (n - 1) * s + (k - 1) * d + 1
        for n, k, s, d in zip(given, kernel, stride, dilation, strict=True)
    ]
    more = [n - (w - 2 * p) for n, w, p in zip(sizes, whole, fronts, strict=True)]
    plain = all(
        isinstance(m, int) and 0 <= m < max(s, d)
        for m, s, d in zip(more, stride, dilation, strict=True)
    )
    if plain:
        return {**attrs, "padding": tuple(fronts), "output_padding": tuple(more), "cut": ()}
    ends = [(-p, n + p - w) for n, w, p in zip(sizes, whole, fronts, strict=True)]
    return {**attrs, "padding": none, "output_padding": none, "cut": _flat(ends)}


def _same_front(size: Dim, kernel: int, stride: int, dilation: int) -> tuple[Dim, Dim]:
    """Return the zeros of `same` padding, also of an open size that is a multiple of the stride."""
    reach = (kernel - 1) * dilation + 1
    if isinstance(size, int):
        return same_pad(size, reach, stride)
    both = ((size + (stride - 1)) // stride - 1) * stride + reach - size
    assert isinstance(
        both, int
    ), "the output of a transposed convolution is a multiple of its stride"
    both = max(both, 0)
    return both // 2, both - both // 2
