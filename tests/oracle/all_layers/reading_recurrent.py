"""rnn, lstm and gru by PyTorch's own layers, a pass at a time; other nonlinearities step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..torch_reference import activate
from .parameters import passes

Params = Mapping[str, Tensor]
LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def recurrent(kind: str) -> Callable[[Mapping[str, Any], Params, Tensor], Tensor]:
    """The layer of a kind, stacked and in both directions as its arguments say."""

    def apply(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
        for runs in passes(attrs):
            states, last = [], []
            for prefix, reverse in runs:
                own = {k[len(prefix) :]: v for k, v in p.items() if k.startswith(prefix)}
                h = one_pass(kind, attrs, own, x.flip(1) if reverse else x)
                last.append(h[:, -1])
                states.append(h.flip(1) if reverse else h)
            x = torch.cat(states, -1)
        return x if attrs["every"] else torch.cat(last, -1)

    return apply


def one_pass(kind: str, attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
    """The states after every step of one layer in one direction."""
    act = attrs["act"]
    if act is not None and act.kind not in ("tanh", "relu"):
        return step_by_step(attrs, p, x)
    options = {"nonlinearity": act.kind} if act is not None else {}
    made = LAYERS[kind](
        x.shape[2], attrs["n"], bias=attrs["bias"], batch_first=True, dtype=x.dtype, **options
    )
    given = {"weight_ih_l0": p["Wx"].T, "weight_hh_l0": p["Wh"].T}
    if attrs["bias"] and kind == "gru":
        given |= {"bias_ih_l0": p["bx"], "bias_hh_l0": p["bh"]}
    elif attrs["bias"]:
        given |= {"bias_ih_l0": p["b"], "bias_hh_l0": torch.zeros_like(p["b"])}
    found: Tensor = torch.func.functional_call(made, given, (x,))[0]
    return found


def step_by_step(attrs: Mapping[str, Any], p: Params, x: Tensor) -> Tensor:
    """h = act(x Wx + h Wh + b)."""
    h, found = torch.zeros(len(x), attrs["n"], dtype=x.dtype), []
    for t in range(x.shape[1]):
        z = x[:, t] @ p["Wx"] + h @ p["Wh"] + p.get("b", 0)
        h = activate(attrs["act"].kind, z, attrs["act"].args)
        found.append(h)
    return torch.stack(found, 1)
