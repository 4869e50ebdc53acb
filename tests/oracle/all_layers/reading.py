"""What each kind of layer computes, by PyTorch; ragged rows are computed one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..torch_reference import activate
from ..tree import Step
from .reading_recurrent import recurrent
from .reading_windows import WINDOWS
from .windows import both_ends

Params = Mapping[str, Tensor]
Apply = Callable[[Mapping[str, Any], Params, Tensor], Tensor]


def constant(numbers: Any, x: Tensor, axis: int) -> Tensor:
    """One number, or a list along a feature axis."""
    made = torch.tensor(numbers, dtype=x.dtype)
    return made.reshape(-1, *[1] * (x.dim() - 2 - axis)) if made.dim() else made


def along(attrs: Mapping[str, Any], x: Tensor) -> Tensor:
    axis = 0 if x.dim() > 3 else x.dim() - 2
    return constant(attrs["by"], x, axis)


def dense(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
    return F.linear(x, p["W"].T if "W" in p else p["T"], p.get("b"))


def embedding(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
    """Rows of the padding id are zero, by a table in which that row is."""
    table = p["W"]
    if "pad" in attrs:
        table = table * (torch.arange(len(table)) != attrs["pad"])[:, None]
    return F.embedding(x, table)


def normalize(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
    return (x - constant(attrs["mean"], x, 0)) / constant(attrs["std"], x, 0)


def pad(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
    ends = both_ends(attrs, x.dim() - 2)
    return F.pad(x, [n for pair in reversed(ends) for n in pair])


def crop(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
    return x[(slice(None), *(slice(a, b) for a, b in attrs["ranges"]))]


def upsample(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
    by = list(attrs["by"]) * (x.dim() - 2 if len(attrs["by"]) == 1 else 1)
    if x.dim() < 5:
        return F.interpolate(x, scale_factor=[float(k) for k in by], mode="nearest")
    for axis, k in enumerate(by, 2):
        x = x.repeat_interleave(k, axis)
    return x


def poly(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
    return torch.stack([x**k for k in range(attrs["n"] + 1)], -1).flatten(-2)


def groupnorm(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
    if x[0].numel() == attrs["groups"]:  # PyTorch refuses one row of single values
        shape = (-1, *[1] * (x.dim() - 2))
        return p["beta"].reshape(shape) + 0 * (x * p["gamma"].reshape(shape))
    return F.group_norm(x, attrs["groups"], p["gamma"], p["beta"], attrs["eps"])


def attention(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
    length, size = x.shape[1:]
    made = nn.MultiheadAttention(
        size, attrs["heads"], bias=attrs["bias"], batch_first=True, dtype=x.dtype
    )
    given = {"in_proj_weight": p["Wqkv"].T, "out_proj.weight": p["Wo"].T}
    if attrs["bias"]:
        given |= {"in_proj_bias": p["bqkv"], "out_proj.bias": p["bo"]}
    hidden = torch.ones(length, length, dtype=torch.bool).triu(1) if attrs["causal"] else None
    words = {"attn_mask": hidden, "need_weights": False}
    return torch.func.functional_call(made, given, (x, x, x), words)[0]


def positional(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
    length, size = x.shape[1:]
    if attrs["learned"]:
        return x + F.embedding(torch.arange(length), p["W"])
    t = torch.arange(length, dtype=torch.float64)[:, None]
    column = torch.arange(size)
    angle = t / 10000 ** (2 * (column // 2).double() / size)
    return x + torch.where(column % 2 == 0, angle.sin(), angle.cos()).to(x.dtype)


def reduction(name: str) -> Apply:
    def apply(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
        axis = attrs["axis"] % (x.dim() - 1) + 1
        found = getattr(x, name)(axis)
        return found[:, None] if x.dim() == 2 else found

    return apply


def norm(kind: str) -> Apply:
    def apply(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
        last = x.shape[-1:]
        if kind == "rmsnorm":
            return F.rms_norm(x, last, p["gamma"], attrs["eps"])
        if last == (1,):  # PyTorch leaves rounding errors of a gradient that is zero
            return p["beta"] + 0 * (x * p["gamma"])
        return F.layer_norm(x, last, p["gamma"], p["beta"], attrs["eps"])

    return apply


ONE: dict[str, Apply] = {
    **WINDOWS,
    **{kind: recurrent(kind) for kind in ("rnn", "lstm", "gru")},
    **{kind: norm(kind) for kind in ("layernorm", "rmsnorm")},
    "l2_normalize": lambda a, p, x: F.normalize(x, dim=-1, eps=a["eps"]),
    "dense": dense,
    "act": lambda a, p, x: activate(a["kind"], x, a),
    "prelu": lambda a, p, x: F.prelu(x, p["a"]),
    "flatten": lambda a, p, x: x.flatten(1),
    "reshape": lambda a, p, x: x.reshape(len(x), *a["to"]),
    "transpose": lambda a, p, x: x.transpose(1, 2),
    "permute": lambda a, p, x: x.permute(0, *(i + 1 for i in a["order"])),
    "pad": pad,
    "crop": crop,
    "repeat": lambda a, p, x: torch.stack([x] * a["n"], 1),
    "upsample": upsample,
    "scale": lambda a, p, x: x * along(a, x),
    "shift": lambda a, p, x: x + along(a, x),
    "normalize": normalize,
    "poly": poly,
    "dropout": lambda a, p, x: x,
    "noise": lambda a, p, x: x,
    "groupnorm": groupnorm,
    "embedding": embedding,
    "attention": attention,
    "positional": positional,
    "sum": reduction("sum"),
    "mean axis": reduction("mean"),
    "max axis": reduction("amax"),
}

MERGED: dict[str, Callable[[list[Tensor]], Tensor]] = {
    "add": lambda xs: torch.stack(xs).sum(0),
    "sub": lambda xs: xs[0] - xs[1],
    "mul": lambda xs: torch.stack(xs).prod(0),
    "max": lambda xs: torch.stack(xs).amax(0),
    "mean": lambda xs: torch.stack(xs).mean(0),
    "sample": lambda xs: xs[0],
    "dot": lambda xs: torch.einsum("...d,...d->...", *xs).unsqueeze(-1),
}


def apply(step: Step, xs: list[Tensor], params: Params, state: Params, train: bool) -> Tensor:
    """A step's value; in training batchnorm moves the running statistics in `state`."""
    if step.op == "concat":
        return torch.cat(xs, (step.attrs["axis"] or 0) % (xs[0].dim() - 1) + 1)  # type: ignore[operator]
    if step.op in MERGED:
        return MERGED[step.op](xs)
    if step.op == "batchnorm":
        mean, var = (state[step.params[k]] for k in ("running_mean", "running_var"))
        gamma, beta = (params[step.params[k]] for k in ("gamma", "beta"))
        momentum, eps = step.attrs["momentum"], step.attrs["eps"]
        return F.batch_norm(xs[0], mean, var, gamma, beta, train, momentum, eps)  # type: ignore[arg-type]
    own = {suffix: params[name] for suffix, name in step.params.items()}
    return ONE[step.op](step.attrs, own, xs[0])
