"""How Keras keeps the weights of each kind of layer, both ways.

Its arrays have numbers in place of names, in the order in which the layer makes them; those of an
inner layer have that layer's name before, as `cell.0` of an LSTM."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .layouts import Array, Facts, Layout, Library, Turn, Weights

FORWARD, BACKWARD = "forward_layer.", "backward_layer."
PER_FEATURE = ("batchnorm", "layernorm", "rmsnorm")
"""Kinds with one number of each feature, which may have been flattened."""

_NAMES: Mapping[str, tuple[str, Sequence[str]]] = {
    "dense": ("Dense", ("W", "b")),
    "embedding": ("Embedding", ("W",)),
    "batchnorm": ("BatchNormalization", ("gamma", "beta", "running_mean", "running_var")),
    "layernorm": ("LayerNormalization", ("gamma", "beta")),
    "groupnorm": ("GroupNormalization", ("gamma", "beta")),
    "rmsnorm": ("RMSNormalization", ("gamma",)),
}
"""Kinds whose arrays Keras keeps as they are: its name, and ours in its order."""


def _numbered(kind: str) -> Layout:
    module, names = _NAMES[kind]

    def to_keras(weights: Weights) -> dict[str, Array]:
        return {str(i): weights[name] for i, name in enumerate(n for n in names if n in weights)}

    def from_keras(weights: Weights) -> dict[str, Array]:
        return {names[int(number)]: array for number, array in weights.items()}

    return Layout(module, to_keras, from_keras)


def _kernel(
    module: str, to_keras: Callable[[Array], Array], back: Callable[[Array], Array]
) -> Layout:
    """A layout of one kernel that is turned, and perhaps a bias."""
    return Layout(
        module,
        lambda ours: {"0": to_keras(ours["W"])} | ({"1": ours["b"]} if "b" in ours else {}),
        lambda theirs: {"W": back(theirs["0"])} | ({"b": theirs["1"]} if "1" in theirs else {}),
    )


def _conv(_: Facts) -> Layout:
    """(filters, C, kernel…) there is (kernel…, C, filters)."""
    return _kernel("Conv", _channels_last, _channels_first)


def _conv_transpose(_: Facts) -> Layout:
    """(C, filters, kernel…) there is (kernel…, filters, C)."""
    return _kernel("ConvTranspose", _channels_last, _channels_first)


def _channels_last(kernel: Array) -> Array:
    return kernel.transpose(*range(2, kernel.ndim), 1, 0)


def _channels_first(kernel: Array) -> Array:
    _least(kernel, 3)
    return kernel.transpose(kernel.ndim - 1, kernel.ndim - 2, *range(kernel.ndim - 2))


def _depthwise(facts: Facts) -> Layout:
    """(C·mult, 1, kernel…) there is (kernel…, C, mult)."""

    def to_keras(ours: Array) -> Array:
        apart = ours.reshape(facts.channels, -1, *ours.shape[2:])
        return np.moveaxis(apart, (0, 1), (-2, -1))

    def back(theirs: Array) -> Array:
        _least(theirs, 3)
        return np.moveaxis(theirs, (-2, -1), (0, 1)).reshape(-1, 1, *theirs.shape[:-2])

    return _kernel("DepthwiseConv", to_keras, back)


def _least(kernel: Array, axes: int) -> None:
    if kernel.ndim < axes:
        raise ValueError("no kernel of a convolution")


def _prelu(_: Facts) -> Layout:
    """One slope for the whole layer; in Keras `shared_axes` of all axes, so that all are equal."""

    def from_keras(weights: Weights) -> dict[str, Array]:
        slope = weights["0"].reshape(-1)
        if len(weights) != 1 or not np.all(slope == slope[:1]):
            raise ValueError("several slopes")
        return {"a": slope[:1]}

    return Layout("PReLU", lambda ours: {"0": ours["a"]}, from_keras)


def _recurrent(kind: str, weights: Weights) -> Layout | None:
    """One bias of an LSTM, two rows of biases of a GRU; a direction is `forward_layer.cell.0`."""
    if any(name.startswith("l1.") for name in weights):
        return None
    both = any(name.startswith("reverse.") for name in weights)
    leads = {FORWARD: "", BACKWARD: "reverse."} if both else {"": ""}
    to_cell, from_cell = (_gru_to, _gru_from) if kind == "gru" else (_cell_to, _cell_from)

    def to_keras(ours: Weights) -> dict[str, Array]:
        return {
            f"{theirs}cell.{number}": array
            for theirs, lead in leads.items()
            for number, array in to_cell(_under(ours, lead)).items()
        }

    def from_keras(theirs: Weights) -> dict[str, Array]:
        if not all(name.startswith(tuple(f"{lead}cell." for lead in leads)) for name in theirs):
            raise ValueError("another number of directions")
        return {
            f"{leads[lead]}{name}": array
            for lead in leads
            for name, array in from_cell(_under(theirs, f"{lead}cell.")).items()
        }

    module = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}[kind]
    return Layout(f"Bidirectional({module})" if both else module, to_keras, from_keras)


def _under(weights: Weights, lead: str) -> dict[str, Array]:
    """The arrays whose names begin so, without it; with no lead those of the first direction."""
    found = {n.removeprefix(lead): a for n, a in weights.items() if n.startswith(lead)}
    return {name: array for name, array in found.items() if lead or "." not in name}


def _cell_to(ours: Weights) -> dict[str, Array]:
    return {str(i): ours[n] for i, n in enumerate(("Wx", "Wh", "b")) if n in ours}


def _cell_from(theirs: Weights) -> dict[str, Array]:
    return {("Wx", "Wh", "b")[int(number)]: array for number, array in theirs.items()}


def _gru_to(ours: Weights) -> dict[str, Array]:
    found = {"0": _gates(ours["Wx"]), "1": _gates(ours["Wh"])}
    if "bx" in ours:
        found["2"] = np.stack([_gates(ours["bx"]), _gates(ours["bh"])])
    return found


def _gru_from(theirs: Weights) -> dict[str, Array]:
    found = {"Wx": _gates(theirs["0"]), "Wh": _gates(theirs["1"])}
    if "2" in theirs:
        if theirs["2"].ndim != 2:
            raise ValueError("a GRU with reset_after=False computes something else")
        found |= {"bx": _gates(theirs["2"][0]), "bh": _gates(theirs["2"][1])}
    return found


def _gates(array: Array) -> Array:
    """Our gates are r z n, Keras has z r h; the same exchange leads back."""
    first, second, last = np.split(array, 3, axis=-1)
    return np.concatenate([second, first, last], axis=-1)


_PARTS = ("query_dense", "key_dense", "value_dense")


def _attention(facts: Facts, weights: Weights) -> Layout:
    """The columns of q, k and v stand in three layers, (D, heads, size) each."""
    cross, heads = "Wq" in weights, facts.heads

    def to_keras(ours: Weights) -> dict[str, Array]:
        found: dict[str, Array] = {}
        for letter, number in (("W", 0), ("b", 1)):
            if f"{letter}o" not in ours:
                continue
            parts = _split(ours, letter, cross)
            for name, part in zip(_PARTS, parts, strict=True):
                found[f"{name}.{number}"] = part.reshape(*part.shape[:-1], heads, -1)
            out = ours[f"{letter}o"]
            shaped = out.reshape(heads, -1, out.shape[-1]) if letter == "W" else out
            found[f"output_dense.{number}"] = shaped
        return found

    def from_keras(theirs: Weights) -> dict[str, Array]:
        if theirs["query_dense.0"].shape[1] != heads:
            raise ValueError("another number of heads")
        found: dict[str, Array] = {}
        for letter, number in (("W", 0), ("b", 1)):
            if f"output_dense.{number}" not in theirs:
                continue
            parts = [theirs[f"{name}.{number}"] for name in _PARTS]
            q, k, v = (part.reshape(*part.shape[:-2], -1) for part in parts)
            joined = {f"{letter}q": q, f"{letter}kv": np.concatenate([k, v], -1)}
            whole = {f"{letter}qkv": np.concatenate([q, k, v], -1)} if not cross else joined
            out = theirs[f"output_dense.{number}"]
            found |= whole | {f"{letter}o": out.reshape(-1, out.shape[-1]) if number == 0 else out}
        return found

    return Layout("MultiHeadAttention", to_keras, from_keras)


def _split(ours: Weights, letter: str, cross: bool) -> list[Array]:
    if not cross:
        return np.split(ours[f"{letter}qkv"], 3, axis=-1)
    return [ours[f"{letter}q"], *np.split(ours[f"{letter}kv"], 2, axis=-1)]


def _reordered(layout: Layout, kind: str, shape: tuple[int, ...]) -> Layout:
    """The same behind a flattened image: Keras flattens H, W, C, and nnc C, H, W."""
    ours = np.arange(int(np.prod(shape))).reshape(shape)
    theirs = np.moveaxis(ours, 0, -1).reshape(-1)
    return Layout(
        layout.module,
        _rows(layout.to_theirs, kind, before=theirs),
        _rows(layout.from_theirs, kind, after=np.argsort(theirs)),
    )


def _rows(turn: Turn, kind: str, before: Array | None = None, after: Array | None = None) -> Turn:
    """The same with the features of what goes in or comes out in another order."""

    def ordered(weights: Weights, order: Array | None) -> dict[str, Array]:
        if order is None:
            return dict(weights)
        chosen = ("W",) if kind == "dense" else tuple(weights)
        return {n: a[order] if n in chosen else a for n, a in weights.items()}

    return lambda weights: ordered(turn(ordered(weights, before)), after)


_KERNELS: Mapping[str, Callable[[Facts], Layout]] = {
    "conv": _conv,
    "depthwise": _depthwise,
    "conv_transpose": _conv_transpose,
    "prelu": _prelu,
}


def layout_of(kind: str, weights: Weights, facts: Facts) -> Layout | None:
    """The layout of a kind; that of a layer behind a flattened image changes the order of rows."""
    if kind in ("rnn", "lstm", "gru"):
        return _recurrent(kind, weights)
    if kind == "attention":
        return _attention(facts, weights)
    if kind in _KERNELS:
        return _KERNELS[kind](facts)
    if kind not in _NAMES:
        return None
    layout = _numbered(kind)
    return _reordered(layout, kind, facts.flattened) if facts.flattened else layout


KERAS = Library("Keras", layout_of)
