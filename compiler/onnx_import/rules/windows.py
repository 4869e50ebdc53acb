"""Convolution, pooling, padding and upsampling on CxL and CxHxW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import NodeProto

from ...ops.conv import same_pad
from ..faults import Unsupported
from ..network import attributes
from ..translation import Form, Translation, option, reads, windows


def _pad(t: Translation, node: NodeProto, a: dict[str, Any], kernel: Sequence[int]) -> str:
    """Return the argument `pad`: one number, one per axis, or both ends of every axis."""
    rank = len(kernel)
    auto = a.get("auto_pad", "NOTSET")
    if auto == "SAME_UPPER":
        return " pad=same"
    if auto == "SAME_LOWER":
        ends = _same_lower(t.net.shape(node.input[0])[2:], kernel, a)
    else:
        pads = [0] * 2 * rank if auto == "VALID" else a.get("pads", [0] * 2 * rank)
        ends = list(zip(pads[:rank], pads[rank:], strict=True))
    return option("pad", _ends(ends), "0")


def _same_lower(
    sizes: Sequence[int], kernel: Sequence[int], a: dict[str, Any]
) -> list[tuple[int, int]]:
    """Return `same` padding with the odd zero at the start; nnc's `same` has it at the end."""
    ends = []
    for i, (n, k) in enumerate(zip(sizes, kernel, strict=True)):
        s, d = (a.get(name, [1] * len(kernel))[i] for name in ("strides", "dilations"))
        before, after = same_pad(n, (k - 1) * d + 1, s)
        ends.append((after, before))
    return ends


@reads("Conv", "ConvTranspose")
def _conv(t: Translation, node: NodeProto) -> None:
    a, w = attributes(node), t.weights(node.input[1], "weights")
    rank = w.ndim - 2
    if rank not in (1, 2):
        raise Unsupported(f"a convolution over {rank} axes; nnc has one and two")
    turned = node.op_type == "ConvTranspose"
    groups = a.get("group", 1)
    filters = w.shape[1] * groups if turned else w.shape[0]
    dilation = windows(a.get("dilations", [1] * rank))
    if turned and (dilation != "1" or "output_shape" in a):
        raise Unsupported("a transposed convolution with dilation or an output shape")
    b = t.weights(node.input[2], "biases") if len(node.input) > 2 and node.input[2] else None
    more = [
        option("stride", windows(a.get("strides", [1] * rank)), "1"),
        _pad(t, node, a, w.shape[2:]),
        option("output_pad", windows(a.get("output_padding", [0] * rank)), "0"),
        option("dilation", dilation, "1"),
        option("groups", groups, 1),
        option("bias", "false" if b is None else "true", "true"),
    ]
    kind = "conv_transpose" if turned else "conv"
    text = f"{kind} {filters} {_kernel(w.shape[2:])}{''.join(more)}"
    weights = {"W": w} if b is None else {"W": w, "b": b}
    stage = t.stage(text, [t.plain(node.input[0])], t.net.row(node.output[0]), **weights)
    t.give(node.output[0], stage)


def _kernel(sizes: tuple[int, ...]) -> str:
    return "x".join(map(str, sizes))


@reads("MaxPool", "AveragePool")
def _pool(t: Translation, node: NodeProto) -> None:
    a = attributes(node)
    kernel = a["kernel_shape"]
    if set(a.get("dilations", [1])) != {1}:
        raise Unsupported("a window with dilation")
    stride = option("stride", windows(a.get("strides", [1] * len(kernel))), windows(kernel))
    pads = _pad(t, node, a, kernel)
    more = " ceil=true" if a.get("ceil_mode", 0) and _rounds_up(t, node, a) else ""
    if node.op_type == "AveragePool" and (pads or more):
        counted = "padded" if a.get("count_include_pad", 0) else "data"
        more += option("count", counted, "data" if pads == " pad=same" else "padded")
    kind = "maxpool" if node.op_type == "MaxPool" else "avgpool"
    text = f"{kind} {windows(kernel)}{stride}{pads}{more}"
    t.give(node.output[0], t.stage(text, [t.plain(node.input[0])], t.net.row(node.output[0])))


def _rounds_up(t: Translation, node: NodeProto, a: dict[str, Any]) -> bool:
    """Return whether rounding up gives more positions than rounding down."""
    kernel = a["kernel_shape"]
    rank = len(kernel)
    pads, strides = a.get("pads", [0] * 2 * rank), a.get("strides", [1] * rank)
    sizes = t.net.shape(node.input[0])[2:]
    return any((sizes[i] + pads[i] + pads[rank + i] - kernel[i]) % strides[i] for i in range(rank))


@reads("GlobalAveragePool", "GlobalMaxPool")
def _global(t: Translation, node: NodeProto) -> None:
    """A global pool; nnc removes the reduced axes, which the file keeps with size 1."""
    kind = "global_avgpool" if node.op_type == "GlobalAveragePool" else "global_maxpool"
    row = t.net.row(node.input[0])
    t.give(node.output[0], t.stage(kind, [t.plain(node.input[0])], row[:1]))


@reads("ReduceMean", "ReduceMax", "ReduceSum")
def _reduced(t: Translation, node: NodeProto) -> None:
    """A reduction over all positions of channels, or along one axis of features."""
    a = attributes(node)
    rank = len(t.net.shape(node.input[0]))
    given = a.get("axes") or (t.wholes(node.input[1]) if len(node.input) > 1 else [])
    axes = sorted(axis % rank for axis in given)
    view = t.view(node.input[0])
    if view.form is Form.CHANNELS_LAST and axes == list(range(1, rank - 1)):
        axes, row, stage = list(range(2, rank)), t.stages[view.stage].shape, view.stage
    else:
        stage, row = t.plain(node.input[0]), t.net.row(node.input[0])
    names = {"ReduceMean": "mean", "ReduceMax": "max", "ReduceSum": "sum"}
    whole = {"ReduceMean": "global_avgpool", "ReduceMax": "global_maxpool"}.get(node.op_type)
    if axes == list(range(2, rank)) and rank > 2 and whole:
        return t.give(node.output[0], t.stage(whole, [stage], row[:1]))
    if len(axes) != 1 or axes[0] == 0:
        raise Unsupported(f"it reduces over the axes {axes}", "reduce one axis after the other")
    axis = axes[0] - 1
    left = tuple(dim for i, dim in enumerate(row) if i != axis)
    made = t.stage(f"{names[node.op_type]} axis={axis}", [stage], left or (1,))
    return t.give(node.output[0], made)


@reads("Pad")
def _pads(t: Translation, node: NodeProto) -> None:
    """Zero padding; the ends of an axis may differ."""
    a = attributes(node)
    given = list(a.get("pads") or t.wholes(node.input[1]))
    rank = len(t.net.shape(node.input[0]))
    named = t.wholes(node.input[3]) if len(node.input) > 3 and node.input[3] else range(rank)
    fill = t.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else np.zeros(())
    ends = [(0, 0)] * rank
    for place, axis in enumerate(named):
        ends[axis % rank] = (given[place], given[len(given) // 2 + place])
    plain = a.get("mode", "constant") == "constant" and fill is not None and not fill.any()
    if not plain or any(ends[0] + ends[1]) or min(map(min, ends)) < 0:
        raise Unsupported("it pads other than with zeros around the positions")
    made = t.stage(f"pad {_ends(ends[2:])}", [t.plain(node.input[0])], t.net.row(node.output[0]))
    t.give(node.output[0], made)


def _ends(ends: Sequence[tuple[int, int]]) -> str:
    """Return both ends of every axis, in the shortest form."""
    texts = [str(f) if f == b else f"{f}:{b}" for f, b in ends]
    if len(set(texts)) == 1:
        return texts[0]
    return "x".join(f"({text})" if ":" in text else text for text in texts)


@reads("Resize", "Upsample")
def _resize(t: Translation, node: NodeProto) -> None:
    a = attributes(node)
    before, after = t.net.shape(node.input[0]), t.net.shape(node.output[0])
    factors = [n / m for n, m in zip(after[2:], before[2:], strict=True)]
    whole = all(f == int(f) for f in factors) and before[:2] == after[:2]
    if a.get("mode", "nearest") != "nearest" or not whole:
        raise Unsupported("nnc enlarges by whole factors, to the nearest cell")
    text = f"upsample {windows([int(f) for f in factors])}"
    t.give(node.output[0], t.stage(text, [t.plain(node.input[0])], t.net.row(node.output[0])))
