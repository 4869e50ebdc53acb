"""How PyTorch keeps the weights of each kind of layer, both ways."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .layouts import Array, Facts, Layout, Library, Turn, Weights

IGNORED = ("num_batches_tracked",)
"""Entries of a state_dict that a network has no use for."""

LAYOUTS: dict[str, Layout] = {}
"""The layouts, by kind of layer or activation."""


def _renamed(pairs: Mapping[str, tuple[str, bool]], module: str) -> Layout:
    """A layout in which arrays have other names, and some are transposed."""

    def to_theirs(weights: Weights) -> dict[str, Array]:
        found = {ours: weights[ours] for ours in pairs if ours in weights}
        return {pairs[n][0]: a.T if pairs[n][1] else a for n, a in found.items()}

    def from_theirs(weights: Weights) -> dict[str, Array]:
        back = {theirs: (ours, turned) for ours, (theirs, turned) in pairs.items()}
        return {back[n][0]: a.T if back[n][1] else a for n, a in weights.items()}

    return Layout(module, to_theirs, from_theirs)


_CONV = {"W": ("weight", False), "b": ("bias", False)}
_NORM = {"gamma": ("weight", False), "beta": ("bias", False)}
_STATISTICS = {name: (name, False) for name in ("running_mean", "running_var")}

LAYOUTS["dense"] = _renamed({"W": ("weight", True), "b": ("bias", False)}, "nn.Linear")
LAYOUTS["conv"] = _renamed(_CONV, "nn.Conv")
LAYOUTS["depthwise"] = _renamed(_CONV, "nn.Conv")
LAYOUTS["conv_transpose"] = _renamed(_CONV, "nn.ConvTranspose")
LAYOUTS["embedding"] = _renamed({"W": ("weight", False)}, "nn.Embedding")
LAYOUTS["positional"] = _renamed({"W": ("weight", False)}, "nn.Embedding")
LAYOUTS["batchnorm"] = _renamed(_NORM | _STATISTICS, "nn.BatchNorm")
LAYOUTS["layernorm"] = _renamed(_NORM, "nn.LayerNorm")
LAYOUTS["groupnorm"] = _renamed(_NORM, "nn.GroupNorm")
LAYOUTS["rmsnorm"] = _renamed({"gamma": ("weight", False)}, "nn.RMSNorm")
LAYOUTS["prelu"] = _renamed({"a": ("weight", False)}, "nn.PReLU")
LAYOUTS["attention"] = _renamed(
    {
        "Wqkv": ("in_proj_weight", True),
        "bqkv": ("in_proj_bias", False),
        "Wo": ("out_proj.weight", True),
        "bo": ("out_proj.bias", False),
    },
    "nn.MultiheadAttention",
)


def _suffix(prefix: str) -> str:
    """The end of PyTorch's names for `l2.reverse.`: `l1_reverse`."""
    parts = prefix.split(".")
    layer = next((int(part[1:]) - 1 for part in parts if part[:1] == "l" and part[1:].isdigit()), 0)
    return f"l{layer}" + ("_reverse" if "reverse" in parts else "")


def _recurrent_to_torch(weights: Weights) -> dict[str, Array]:
    """Wx and Wh transposed; one bias becomes two, of which the second is zero."""
    found: dict[str, Array] = {}
    for name, array in weights.items():
        prefix, _, last = name.rpartition(".")
        end = _suffix(prefix)
        match last:
            case "Wx":
                found[f"weight_ih_{end}"] = array.T
            case "Wh":
                found[f"weight_hh_{end}"] = array.T
            case "b":
                found |= {f"bias_ih_{end}": array, f"bias_hh_{end}": np.zeros_like(array)}
            case _:
                found[f"bias_{'ih' if last == 'bx' else 'hh'}_{end}"] = array
    return found


def _recurrent_from_torch(*, two_biases: bool, layers: bool) -> Turn:
    """The gates stand in the same order; the two biases of rnn and lstm are added up."""

    def from_theirs(weights: Weights) -> dict[str, Array]:
        found: dict[str, Array] = {}
        for name, array in weights.items():
            what, of, *end = name.split("_")
            prefix = f"l{int(end[0][1:]) + 1}." if layers else ""
            prefix += "reverse." if end[1:] == ["reverse"] else ""
            if what == "weight":
                found[f"{prefix}W{'x' if of == 'ih' else 'h'}"] = array.T
            elif two_biases:
                found[f"{prefix}b{'x' if of == 'ih' else 'h'}"] = array
            else:
                found[f"{prefix}b"] = found.get(f"{prefix}b", 0) + array
        return found

    return from_theirs


def layout_of(kind: str, weights: Weights, _: Facts) -> Layout | None:
    """The layout of a kind; that of a recurrent layer depends on whether it is stacked."""
    if kind in ("rnn", "lstm", "gru"):
        stacked = any(name.startswith("l1.") for name in weights)
        back = _recurrent_from_torch(two_biases=kind == "gru", layers=stacked)
        return Layout(f"nn.{kind.upper()}", _recurrent_to_torch, back)
    return LAYOUTS.get(kind)


TORCH = Library("PyTorch", layout_of)
