"""Generators of the layers that slide a kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tree import Layer
from .dice import Dice, layer
from .kinds import Type


def kernel_for(dice: Dice, t: Type) -> list[int]:
    """A kernel that fits the spatial axes, most times."""
    axes = t.axes if t.rank == 1 else t.axes[1:]
    if dice.chance(0.1):
        return dice.sizes(len(axes), 1, 4)
    limits = [min(a.known or 3, 3) for a in axes]
    if dice.chance(0.5):
        return [dice.randint(1, min(limits))]
    return [dice.randint(1, n) for n in limits]


def _common(dice: Dice, t: Type, options: dict[str, Any]) -> dict[str, Any]:
    """Stride, padding, bias and `in`: options are written, the rest is meant."""
    axes = max(t.rank - 1, 1)
    if dice.chance(0.4):
        options["stride"] = tuple(dice.sizes(axes, 1, 3))
    if dice.chance(0.6):
        options["pad"] = dice.choice(("same", "same", "valid", "SAME", dice.ends(axes, 0, 2)))
    if dice.chance(0.3):
        options["bias"] = False
    if t.sizes[0] is not None and dice.chance(0.15):
        options["in"] = t.sizes[0] + dice.chance(0.03)
    pad = options.get("pad", "valid")
    attrs = {
        "stride": list(options.get("stride", (1,))),
        "pad": pad.lower() if isinstance(pad, str) else list(pad),
        "bias": options.get("bias", True),
    }
    return attrs | ({"in": options["in"]} if "in" in options else {})


def _in_time(dice: Dice, t: Type, options: dict[str, Any], attrs: dict[str, Any]) -> None:
    """Causal padding in place of another, mostly where there is one axis of positions."""
    if dice.chance(0.3 if t.rank == 2 else 0.02):
        options["pad"] = attrs["pad"] = "causal"


def _groups(dice: Dice, t: Type, options: dict[str, Any]) -> tuple[int, int]:
    """Groups and filters."""
    size, groups = t.sizes[0] or 1, 1
    if dice.chance(0.35):
        groups = dice.choice([n for n in range(1, size + 1) if size % n == 0])
        groups += dice.chance(0.03)
        options["groups"] = groups
    return groups, groups * dice.randint(1, 2) if groups > 1 else dice.randint(1, 4)


def conv(dice: Dice, t: Type) -> Layer:
    kernel = kernel_for(dice, t)
    options: dict[str, Any] = {}
    groups, filters = _groups(dice, t, options)
    if dice.chance(0.2):
        options["dilation"] = tuple(dice.sizes(max(t.rank - 1, 1), 1, 2))
    attrs = _common(dice, t, options)
    attrs |= {"filters": filters, "kernel": kernel, "groups": groups}
    attrs["dilation"] = list(options.get("dilation", (1,)))
    _in_time(dice, t, options, attrs)
    return layer(dice, "conv", [filters, tuple(kernel)], options, attrs)


def depthwise(dice: Dice, t: Type) -> Layer:
    kernel = kernel_for(dice, t)
    options: dict[str, Any] = {}
    if dice.chance(0.5):
        options["mult"] = dice.randint(1, 2)
    if dice.chance(0.2):
        options["dilation"] = tuple(dice.sizes(max(t.rank - 1, 1), 1, 2))
    attrs = _common(dice, t, options)
    attrs |= {"kernel": kernel, "mult": options.get("mult", 1)}
    attrs["dilation"] = list(options.get("dilation", (1,)))
    _in_time(dice, t, options, attrs)
    return layer(dice, "depthwise", [tuple(kernel)], options, attrs)


def conv_transpose(dice: Dice, t: Type) -> Layer:
    kernel = kernel_for(dice, t)
    options: dict[str, Any] = {}
    groups, filters = _groups(dice, t, options)
    attrs = _common(dice, t, options)
    if isinstance(options.get("pad"), tuple):  # it cuts as much at both ends
        options["pad"] = tuple(dice.sizes(max(t.rank - 1, 1), 0, 2))
        attrs["pad"] = list(options["pad"])
    if options.get("pad") not in ("same", "SAME") and dice.chance(0.5):
        low = min(attrs["stride"])
        options["output_pad"] = tuple(dice.sizes(max(t.rank - 1, 1), 0, max(low - 1, 0)))
    attrs |= {"filters": filters, "kernel": kernel, "groups": groups}
    attrs["output_pad"] = list(options.get("output_pad", (0,)))
    return layer(dice, "conv_transpose", [filters, tuple(kernel)], options, attrs)


def _around(dice: Dice, kind: str, kernel: list[int], axes: int, options: dict[str, Any]) -> None:
    """Padding, rounding, and what a mean counts."""
    if dice.chance(0.4):
        high = min(kernel) // 2 + dice.chance(0.05)
        options["pad"] = dice.ends(axes, 0, high) if dice.chance(0.7) else "same"
    if dice.chance(0.3):
        options["ceil"] = dice.chance(0.9)
    if kind == "avgpool" and dice.chance(0.3):
        options["count"] = dice.choice(("padded", "data"))


def pool(kind: str) -> Callable[[Dice, Type], Layer]:
    def draw(dice: Dice, t: Type) -> Layer:
        kernel, axes = kernel_for(dice, t), max(t.rank - 1, 1)
        options: dict[str, Any] = {}
        if dice.chance(0.5):
            options["stride"] = tuple(dice.sizes(axes, 1, 3))
        if kind == "weightedpool":
            if dice.chance(0.5):
                options["normalize"] = dice.choice(("softmax", "none"))
        else:
            _around(dice, kind, kernel, axes, options)
        pad = options.get("pad", (0,))
        attrs = {
            "kernel": kernel,
            "stride": list(options.get("stride", tuple(kernel))),
            "pad": pad if isinstance(pad, str) else list(pad),
            "normalize": options.get("normalize", "softmax"),
            "ceil": options.get("ceil", False),
            "count": options.get("count", "data" if pad == "same" else "padded"),
        }
        return layer(dice, kind, [tuple(kernel)], options, attrs)

    return draw


def local(dice: Dice, t: Type) -> Layer:
    kernel, filters = kernel_for(dice, t), dice.randint(1, 3)
    options: dict[str, Any] = {}
    attrs = _common(dice, t, options)
    attrs |= {"kernel": kernel, "filters": filters}
    return layer(dice, "local", [filters, tuple(kernel)], options, attrs)


DRAWERS: dict[str, Callable[[Dice, Type], Layer]] = {
    "conv": conv,
    "depthwise": depthwise,
    "conv_transpose": conv_transpose,
    **{kind: pool(kind) for kind in ("maxpool", "avgpool", "weightedpool")},
    "global_avgpool": lambda dice, t: Layer("global_avgpool", "global_avgpool"),
    "global_maxpool": lambda dice, t: Layer("global_maxpool", "global_maxpool"),
    "local": local,
}
