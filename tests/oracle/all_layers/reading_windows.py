"""Convolution, pooling and locally connected layers by PyTorch's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .windows import both_ends, each, rounded_up, same_upper

Attrs = Mapping[str, Any]
Params = Mapping[str, Tensor]
CONV = {1: F.conv1d, 2: F.conv2d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d}
MAX = {1: F.max_pool1d, 2: F.max_pool2d}
MEAN = {1: F.avg_pool1d, 2: F.avg_pool2d}


def padded(attrs: Attrs, x: Tensor) -> Tensor:
    """The input with zeros around its spatial axes, as `pad=` says."""
    axes = x.dim() - 2
    if attrs["pad"] == "valid":
        return x
    if attrs["pad"] == "same":
        dilation = each(attrs, "dilation", axes) if "dilation" in attrs else [1] * axes
        kernel, stride = each(attrs, "kernel", axes), each(attrs, "stride", axes)
        every = zip(x.shape[2:], kernel, stride, dilation, strict=True)
        pads = [same_upper(*one) for one in every]
    elif attrs["pad"] == "causal":
        dilation, kernel = each(attrs, "dilation", axes), each(attrs, "kernel", axes)
        pads = [(d * (k - 1), 0) for d, k in zip(dilation, kernel, strict=True)]
    else:
        pads = both_ends(attrs, axes)
    return F.pad(x, [n for pair in reversed(pads) for n in pair])


def conv(attrs: Attrs, p: Params, x: Tensor) -> Tensor:
    axes = x.dim() - 2
    stride, dilation = each(attrs, "stride", axes), each(attrs, "dilation", axes)
    groups = attrs.get("groups", x.shape[1])
    return CONV[axes](padded(attrs, x), p["W"], p.get("b"), stride, 0, dilation, groups)


def conv_transpose(attrs: Attrs, p: Params, x: Tensor) -> Tensor:
    axes = x.dim() - 2
    call, stride, groups = TRANSPOSED[axes], each(attrs, "stride", axes), attrs["groups"]
    more, b = each(attrs, "output_pad", axes), p.get("b")
    if attrs["pad"] != "same":
        pad = 0 if attrs["pad"] == "valid" else each(attrs, "pad", axes)
        return call(x, p["W"], b, stride, pad, more, groups)
    whole = call(x, p["W"], None, stride, 0, 0, groups)
    for i, k in enumerate(each(attrs, "kernel", axes)):
        n = x.shape[2 + i] * stride[i]
        behind = [0, 0] * (axes - 1 - i) + [0, max(n - whole.shape[2 + i], 0)]
        whole = F.pad(whole, behind).narrow(2 + i, max(k - stride[i], 0) // 2, n)
    return whole if b is None else whole + b.reshape(-1, *[1] * axes)


def framed(attrs: Attrs, x: Tensor, value: float) -> tuple[Tensor, list[int], list[int]]:
    """The input with cells around it for full windows; the window and its stride."""
    axes = x.dim() - 2
    kernel, stride = each(attrs, "kernel", axes), each(attrs, "stride", axes)
    for i, (k, s) in enumerate(zip(kernel, stride, strict=True)):
        n = x.shape[2 + i]
        ends = same_upper(n, k, s, 1) if attrs["pad"] == "same" else both_ends(attrs, axes)[i]
        count = rounded_up(n, k, s, ends) if attrs["ceil"] else (n + sum(ends) - k) // s + 1
        behind = max((count - 1) * s + k - n - ends[0], 0)
        x = F.pad(x, [0, 0] * (axes - 1 - i) + [ends[0], behind], value=value)
        x = x.narrow(2 + i, 0, (count - 1) * s + k)
    return x, kernel, stride


def maxpool(attrs: Attrs, p: Params, x: Tensor) -> Tensor:
    return MAX[x.dim() - 2](*framed(attrs, x, -torch.inf))


def avgpool(attrs: Attrs, p: Params, x: Tensor) -> Tensor:
    axes = x.dim() - 2
    whole, kernel, stride = framed(attrs, x, 0.0)
    inside = torch.ones_like(x[:1, :1])
    if attrs["count"] == "padded":  # cells of padding count, those beyond do not
        own = [same_upper(*n) for n in zip(x.shape[2:], kernel, stride, [1] * axes, strict=True)]
        ends = own if attrs["pad"] == "same" else both_ends(attrs, axes)
        counted = F.pad(inside, [n for pair in reversed(ends) for n in pair], value=1.0)
        for i in range(axes):
            more = max(whole.shape[2 + i] - counted.shape[2 + i], 0)
            counted = F.pad(counted, [0, 0] * (axes - 1 - i) + [0, more])
            counted = counted.narrow(2 + i, 0, whole.shape[2 + i])
    else:
        counted = framed(attrs, inside, 0.0)[0]
    return MEAN[axes](whole, kernel, stride) / MEAN[axes](counted, kernel, stride)


def weightedpool(attrs: Attrs, p: Params, x: Tensor) -> Tensor:
    axes, w = x.dim() - 2, p["w"]
    if attrs["normalize"] == "softmax":
        w = w.flatten().softmax(0).reshape(w.shape)
    alone = x.reshape(-1, 1, *x.shape[2:])
    y = CONV[axes](alone, w[None, None], None, each(attrs, "stride", axes))
    return y.reshape(*x.shape[:2], *y.shape[2:])


def local(attrs: Attrs, p: Params, x: Tensor) -> Tensor:
    vector = x.dim() == 2
    x = padded(attrs, x[:, None] if vector else x)
    axes = x.dim() - 2
    kernel, stride = each(attrs, "kernel", axes), each(attrs, "stride", axes)
    if axes == 1:
        columns = F.unfold(x[..., None], (kernel[0], 1), stride=(stride[0], 1))
    else:
        columns = F.unfold(x, kernel, stride=stride)
    grid = p["W"].shape[:axes]
    w = p["W"].reshape(-1, *p["W"].shape[axes:])
    y = torch.einsum("bcp,pcf->bpf", columns, w)
    if "b" in p:
        y = y + p["b"].reshape(len(w), -1)
    return y if vector else y.transpose(1, 2).reshape(len(x), -1, *grid)


WINDOWS: dict[str, Callable[[Attrs, Params, Tensor], Tensor]] = {
    "conv": conv,
    "depthwise": conv,
    "conv_transpose": conv_transpose,
    "maxpool": maxpool,
    "avgpool": avgpool,
    "weightedpool": weightedpool,
    "local": local,
    "global_avgpool": lambda a, p, x: x.flatten(2).mean(2),
    "global_maxpool": lambda a, p, x: F.adaptive_max_pool1d(x.flatten(2), 1)[..., 0],
}
