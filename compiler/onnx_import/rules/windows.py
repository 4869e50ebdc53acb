"""Convolution, pooling, padding and upsampling on CxL and CxHxW."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import NodeProto

from ..faults import Unsupported
from ..network import attributes
from ..translation import Form, Translation, option, reads, windows


def _pad(a: dict[str, Any], rank: int) -> str:
    """The argument `pad`; ends that differ have no short form."""
    auto = a.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        if auto == "SAME_LOWER":
            raise Unsupported("it pads the front more than the end (SAME_LOWER)")
        return " pad=same" if auto == "SAME_UPPER" else ""
    pads = a.get("pads", [0] * 2 * rank)
    if list(pads[:rank]) != list(pads[rank:]):
        raise Unsupported(
            f"it pads front and end differently: {list(pads)}", "pad in a node of its own"
        )
    return option("pad", windows(pads[:rank]), "0")


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
        _pad(a, rank),
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
    rank = len(kernel)
    pads = _pad(a, rank)
    if a.get("ceil_mode", 0) and _rounds_up(t, node, a):
        raise Unsupported("windows that are not full (ceil_mode) count here")
    if set(a.get("dilations", [1])) != {1}:
        raise Unsupported("a window with dilation")
    if pads == " pad=same":
        raise Unsupported("pooling with padding `same`")
    if node.op_type == "AveragePool" and pads and not a.get("count_include_pad", 0):
        raise Unsupported("the mean leaves padding out, and nnc's counts it")
    stride = option("stride", windows(a.get("strides", [1] * rank)), windows(kernel))
    kind = "maxpool" if node.op_type == "MaxPool" else "avgpool"
    text = f"{kind} {windows(kernel)}{stride}{pads}"
    t.give(node.output[0], t.stage(text, [t.plain(node.input[0])], t.net.row(node.output[0])))


def _rounds_up(t: Translation, node: NodeProto, a: dict[str, Any]) -> bool:
    """Whether rounding up gives more positions than rounding down."""
    kernel = a["kernel_shape"]
    rank = len(kernel)
    pads, strides = a.get("pads", [0] * 2 * rank), a.get("strides", [1] * rank)
    sizes = t.net.shape(node.input[0])[2:]
    return any((sizes[i] + pads[i] + pads[rank + i] - kernel[i]) % strides[i] for i in range(rank))


@reads("GlobalAveragePool", "GlobalMaxPool")
def _global(t: Translation, node: NodeProto) -> None:
    """nnc leaves the axes out that are reduced; the file keeps them with size 1."""
    kind = "global_avgpool" if node.op_type == "GlobalAveragePool" else "global_maxpool"
    row = t.net.row(node.input[0])
    t.give(node.output[0], t.stage(kind, [t.plain(node.input[0])], row[:1]))


@reads("ReduceMean", "ReduceMax", "ReduceSum")
def _reduced(t: Translation, node: NodeProto) -> None:
    """Over all positions of channels, or along one axis of features."""
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
    a = attributes(node)
    pads = a.get("pads") or t.wholes(node.input[1])
    rank = len(pads) // 2
    fill = t.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else np.zeros(())
    ends = {pads[axis] for axis in (*range(2, rank), *range(rank + 2, 2 * rank))}
    plain = a.get("mode", "constant") == "constant" and fill is not None and not fill.any()
    if not plain or len(ends) != 1 or any(pads[axis] for axis in (0, 1, rank, rank + 1)):
        raise Unsupported("it pads other than with equally many zeros around the positions")
    size = ends.pop()
    made = t.stage(f"pad {size}", [t.plain(node.input[0])], t.net.row(node.output[0]))
    t.give(node.output[0], made)


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
