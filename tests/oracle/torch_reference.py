"""The PyTorch reading of a program: values, loss, and gradients by autograd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .draws import Draw, error, smooth_draw, worst
from .numpy_reference import logits_of
from .programs import LossTerm, Program
from .tree import Step


@dataclass
class Answer:
    """What PyTorch says: outputs by name, the loss, every gradient."""

    outputs: dict[str, np.ndarray]
    loss: float
    grads: dict[str, np.ndarray]


def activate(kind: str, x: Tensor, args: Mapping[str, float]) -> Tensor:
    match kind:
        case "sigmoid":
            return torch.sigmoid(args["beta"] * x)
        case "leaky_relu":
            return F.leaky_relu(x, args["a"])
        case "relu max":
            return F.hardtanh(x, 0.0, args["max"])
        case "hard_swish":  # F.hardswish's gradient holds 1/6 in float32 only
            return torch.where(x <= -3, 0.0, torch.where(x < 3, x * (x + 3) / 6, x))
        case "elu":
            return F.elu(x, args["a"])
        case "gelu tanh":
            return F.gelu(x, approximate="tanh")
        case "softplus":
            return F.softplus(x, threshold=40)
        case "softmax" | "log_softmax":
            return getattr(torch, kind)(x, -1)
        case "hard_tanh":
            return F.hardtanh(x)
        case "hard_sigmoid":  # F.hardsigmoid's gradient holds 1/6 in float32 only
            return F.relu6(x + 3) / 6
        case "id":
            return x
    return getattr(F, kind)(x)


def _constant(value: object, x: Tensor) -> Tensor:
    return torch.tensor(value, dtype=x.dtype)


def apply(step: Step, xs: list[Tensor], params: Mapping[str, Tensor]) -> Tensor:
    x, attrs = xs[0], step.attrs
    match step.op:
        case "dense":
            weight = params[step.params["W"]].T if "W" in step.params else params[step.params["T"]]
            return F.linear(x, weight, params[step.params["b"]] if "b" in step.params else None)
        case "act":
            args = {key: value for key, value in attrs.items() if key != "kind"}
            return activate(str(attrs["kind"]), x, args)  # type: ignore[arg-type]
        case "prelu":
            return F.prelu(x, params[step.params["a"]])
        case "reshape" | "flatten":
            return x.reshape(len(x), *attrs["to"])  # type: ignore[misc]
        case "scale":
            return x * _constant(attrs["by"], x)
        case "shift":
            return x + _constant(attrs["by"], x)
        case "normalize":
            return (x - _constant(attrs["mean"], x)) / _constant(attrs["std"], x)
        case "dropout":
            return x
        case "poly":
            return torch.stack([x**k for k in range(attrs["n"] + 1)], -1).flatten(1)  # type: ignore[operator]
        case "dot":
            return torch.einsum("...d,...d->...", *xs).unsqueeze(-1)
        case "concat":
            return torch.cat(xs, attrs["axis"])  # type: ignore[call-overload]
        case "merge sub":
            return xs[0] - xs[1]
        case "merge mul":
            return torch.stack(xs).prod(0)
        case "merge max":
            return torch.stack(xs).amax(0)
        case "merge add":
            return torch.stack(xs).sum(0)
        case "merge mean":
            return torch.stack(xs).mean(0)
    raise KeyError(step.op)


def one_loss(term: LossTerm, z: Tensor, target: np.ndarray) -> Tensor:
    """One loss statement on its logits (or values), without its weight."""
    t = torch.from_numpy(np.asarray(target))
    t = t.long() if term.ids else t.to(z.dtype)
    sums = term.reduction != "mean"
    reduction = "sum" if sums else "mean"
    match term.kind:
        case "crossentropy":
            weights = term.args.get("weights")
            value = F.cross_entropy(
                z.flatten(0, -2),
                t.flatten() if term.ids else t.flatten(0, -2),
                weight=None if weights is None else _constant(weights, z),
                reduction=reduction,
                label_smoothing=float(term.args.get("smoothing", 0)),  # type: ignore[arg-type]
            )
        case "bce":
            positive = term.args.get("pos_weight")
            value = F.binary_cross_entropy_with_logits(
                z,
                t,
                pos_weight=None if positive is None else _constant(positive, z),
                reduction=reduction,
            )
        case "mse":
            value = F.mse_loss(z, t, reduction=reduction)
        case "mae":
            value = F.l1_loss(z, t, reduction=reduction)
        case "huber":
            delta = float(term.args.get("delta", 1))  # type: ignore[arg-type]
            value = F.huber_loss(z, t, reduction=reduction, delta=delta)
        case "hinge" if term.ids:
            value = F.multi_margin_loss(z.flatten(0, -2), t.flatten(), reduction=reduction)
        case "hinge":
            value = torch.clamp(1 - t * z, min=0)
            value = value.sum() if sums else value.mean()
        case "kl":
            value = F.kl_div(z, t, reduction="none")  # with "mean" it warns of what it means
            value = value.sum() if sums else value.mean()
        case "poisson":
            value = F.poisson_nll_loss(z, t, log_input=True, full=False, reduction=reduction)
        case "quadratic":
            value = F.mse_loss(z, t, reduction="sum") / 2
            return value if term.reduction == "sum" else value / len(z)
        case _:
            raise KeyError(term.kind)
    return value / len(z) if term.reduction == "batchmean" else value


def total_loss(
    program: Program,
    params: Mapping[str, Tensor],
    inputs: Mapping[str, np.ndarray],
    targets: Mapping[str, np.ndarray],
    dtype: torch.dtype = torch.float64,
) -> tuple[Tensor, list[Tensor]]:
    """The loss with its penalties, and every step's value."""
    values: list[Tensor] = []
    for step in program.steps:
        if step.op == "input":
            values.append(torch.tensor(inputs[step.attrs["name"]], dtype=dtype))  # type: ignore[index]
        else:
            values.append(apply(step, [values[i] for i in step.inputs], params))
    total = torch.zeros((), dtype=dtype)
    for term in program.losses:
        start, factor = logits_of(program, term)
        total = total + term.weight * one_loss(term, values[start] * factor, targets[term.on])
    for name in program.weights:
        w = params[name]
        total = total + program.l1 * w.abs().sum() + program.l2 / 2 * (w * w).sum()
    return total, values


def answer(
    program: Program,
    params: Mapping[str, np.ndarray],
    inputs: Mapping[str, np.ndarray],
    targets: Mapping[str, np.ndarray],
    dtype: torch.dtype = torch.float64,
) -> Answer:
    """Outputs, loss and all gradients; a parameter the loss does not reach has gradient 0."""
    leaves = {k: torch.tensor(v, dtype=dtype, requires_grad=True) for k, v in params.items()}
    total, values = total_loss(program, leaves, inputs, targets, dtype)
    grads = torch.autograd.grad(total, list(leaves.values()), materialize_grads=True)
    return Answer(
        {name: values[i].detach().numpy() for name, i in program.outputs.items()},
        total.item(),
        {name: g.numpy() for name, g in zip(leaves, grads, strict=True)},
    )


MARGIN = {"float64": 1e-11, "float32": 1e-5}


def fair_draw(program: Program, seed: int, dtype: str) -> Draw | None:
    """Numbers away from kinks on which PyTorch's float32 agrees with its float64.

    Where PyTorch in float32 is itself far from PyTorch in float64, the program amplifies
    rounding and says nothing about the compiler; other numbers are drawn.
    """
    for attempt in range(20):
        draw = smooth_draw(program, 20 * seed + attempt, MARGIN[dtype], dtype == "float32")
        if draw is None:
            continue
        want = answer(program, draw.params, draw.inputs, draw.targets)
        if max(float(np.abs(g).max()) for g in want.grads.values()) < 1e-6:
            continue
        rough = answer(program, draw.params, draw.inputs, draw.targets, torch.float32)
        apart = worst(rough.grads, want.grads)[0]
        apart = max(apart, *(error(rough.outputs[n], want.outputs[n]) for n in want.outputs))
        if apart < (1e-5 if dtype == "float32" else 1e-2):
            return draw
    return None
