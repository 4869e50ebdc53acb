"""Output shapes of layers that slide a kernel: convolution, pooling, locally connected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .kinds import Axes, Dim, Invalid, Type

Attrs = Mapping[str, Any]


def need(holds: bool, reason: str) -> None:
    """Refuse with a reason unless it holds."""
    if not holds:
        raise Invalid(reason)


def each(attrs: Attrs, name: str, axes: int) -> list[int]:
    """A size argument with one number for each spatial axis."""
    parts = list(attrs[name])
    need(len(parts) in (1, axes), f"{name} has another number of axes")
    return parts * axes if len(parts) == 1 else parts


def both_ends(attrs: Attrs, axes: int) -> list[tuple[int, int]]:
    """The cells in front of and behind every axis."""
    return [p if isinstance(p, tuple) else (p, p) for p in each(attrs, "pad", axes)]


def rounded_up(n: int, kernel: int, stride: int, ends: tuple[int, int]) -> int:
    """PyTorch's number of positions with ceil_mode=True: the last begins before the padding behind."""
    count = -(-(n + sum(ends) - kernel) // stride) + 1
    return count - ((count - 1) * stride >= n + ends[0])


def same_upper(n: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """The zeros before and behind an axis of n cells that make ⌈n/stride⌉ positions."""
    both = max((-(-n // stride) - 1) * stride + dilation * (kernel - 1) + 1 - n, 0)
    return both // 2, both - both // 2


def signal(t: Type, *, own: bool = True) -> Axes:
    """The spatial axes of CxL or CxHxW; with `own` parameters depend on the channels."""
    need(t.rank in (2, 3), "reads CxL or CxHxW")
    need(t.ragged != 0, "reads ragged positions as channels")
    need(not own or t.known(0) is not None, "parameters would depend on a symbolic size")
    need(
        t.rank == 3 or t.known(0) is not None or t.known(1) is None,
        "symbolic channels of known positions: TxD was meant",
    )
    return t.axes[1:]


def reached(attrs: Attrs, axes: Axes) -> Axes:
    """Positions of a window along every axis, by PyTorch's formula."""
    count = len(axes)
    kernel, stride = each(attrs, "kernel", count), each(attrs, "stride", count)
    dilation = each(attrs, "dilation", count) if "dilation" in attrs else [1] * count
    found = []
    for i, axis in enumerate(axes):
        if attrs["pad"] == "same":
            found.append(axis.map(lambda n, s=stride[i]: -(-n // s)))
            continue
        if attrs.get("ceil"):
            ends = both_ends(attrs, count)[i]
            found.append(axis.map(lambda n, i=i, e=ends: rounded_up(n, kernel[i], stride[i], e)))
            need(min(found[-1].at) > 0, "the kernel is larger than its input")
            continue
        reach = dilation[i] * (kernel[i] - 1) + 1
        if attrs["pad"] == "causal":
            need(count == 1, "which axis is time is not said")
            both = reach - 1
        else:
            both = 0 if attrs["pad"] == "valid" else sum(both_ends(attrs, count)[i])
        found.append(axis.map(lambda n, p=both, r=reach, s=stride[i]: (n + p - r) // s + 1))
        need(min(found[-1].at) > 0, "the kernel is larger than its input")
    return tuple(found)


def _ragged_same(attrs: Attrs, t: Type) -> None:
    """`same` with a stride pads by an amount that depends on the length."""
    if t.ragged is None or attrs["pad"] != "same":
        return
    i, axes = t.ragged - 1, t.rank - 1
    need(
        each(attrs, "kernel", axes)[i] == 1 or each(attrs, "stride", axes)[i] == 1,
        "pads ragged rows by an amount that depends on the batch",
    )


def _channels(attrs: Attrs, t: Type, filters: int) -> None:
    size = t.known(0)
    assert size is not None
    need(attrs.get("in", size) == size, "in= is another size")
    groups = attrs.get("groups", 1)
    need(size % groups == 0 and filters % groups == 0, "groups do not divide")


def conv(attrs: Attrs, t: Type) -> Type:
    axes = signal(t)
    _ragged_same(attrs, t)
    out = reached(attrs, axes)
    _channels(attrs, t, attrs["filters"])
    return t.with_axes((t.number(attrs["filters"]), *out))


def depthwise(attrs: Attrs, t: Type) -> Type:
    axes = signal(t)
    _ragged_same(attrs, t)
    out = reached(attrs, axes)
    _channels(attrs, t, 1)
    return t.with_axes((t.axes[0].map(lambda n: n * attrs["mult"]), *out))


def stretched(n: int, k: int, s: int, pad: int | str, more: int) -> int:
    """PyTorch's ConvTranspose formula, and n·stride for `same`."""
    return n * s if pad == "same" else (n - 1) * s - 2 * int(pad) + k + more


def conv_transpose(attrs: Attrs, t: Type) -> Type:
    axes = signal(t)
    count = len(axes)
    kernel, stride = each(attrs, "kernel", count), each(attrs, "stride", count)
    more = each(attrs, "output_pad", count)
    need(all(m < s for m, s in zip(more, stride, strict=True)), "output_pad reaches the stride")
    need(attrs["pad"] != "same" or not any(more), "same settles the size")
    out: list[Dim] = []
    for i, axis in enumerate(axes):
        pad = attrs["pad"]
        pad = 0 if pad == "valid" else pad if pad == "same" else each(attrs, "pad", count)[i]
        out.append(axis.map(lambda n, i=i, p=pad: stretched(n, kernel[i], stride[i], p, more[i])))
        need(min(out[-1].at) > 0, "nothing is left")
    _channels(attrs, t, attrs["filters"])
    return t.with_axes((t.number(attrs["filters"]), *out))


def pool(attrs: Attrs, t: Type) -> Type:
    axes = signal(t, own=False)
    kernel, stride = each(attrs, "kernel", len(axes)), each(attrs, "stride", len(axes))
    _ragged_same(attrs, t)
    for i, axis in enumerate(axes):
        ends = (kernel[i] - 1,) * 2 if attrs["pad"] == "same" else both_ends(attrs, len(axes))[i]
        _pool_axis(attrs, kernel[i], stride[i], ends, t.ragged == i + 1, axis.known is None)
    return t.with_axes((t.axes[0], *reached(attrs, axes)))


def _pool_axis(
    attrs: Attrs, kernel: int, stride: int, ends: tuple[int, int], ragged: bool, unknown: bool
) -> None:
    """Nothing that is worked out beforehand may depend on a length that is not known then."""
    same = attrs["pad"] == "same"
    need(same or max(ends) <= kernel // 2, "pad beyond half the window")
    rounds = attrs.get("ceil") and stride > 1
    counts = attrs.get("count") == "data" and sum(ends) > 0
    need(not (ragged and (rounds or counts)), "depends on the length of a row")
    need(not (unknown and (rounds or counts)), "depends on a symbolic size")
    need(not (unknown and same and stride > 1 and kernel > 1), "depends on a symbolic size")


def global_pool(attrs: Attrs, t: Type) -> Type:
    signal(t, own=False)
    return Type(t.axes[:1])


def local(attrs: Attrs, t: Type) -> Type:
    need(t.ragged is None, "weights tied to ragged positions")
    need(all(n is not None for n in t.sizes), "parameters would depend on a symbolic size")
    axes = t.axes if t.rank == 1 else signal(t)
    out = reached(attrs, axes)
    size = t.known(0)
    need(attrs.get("in", size) == size, "in= is another size")
    filters = t.number(attrs["filters"])
    return t.with_axes((*out, filters) if t.rank == 1 else (filters, *out))


RULES: dict[str, Callable[[Attrs, Type], Type]] = {
    "conv": conv,
    "depthwise": depthwise,
    "conv_transpose": conv_transpose,
    **dict.fromkeys(("maxpool", "avgpool", "weightedpool"), pool),
    **dict.fromkeys(("global_avgpool", "global_maxpool"), global_pool),
    "local": local,
}
