"""The layers of a network as Keras would have them: stacks apart, and what their layouts need to know."""

from __future__ import annotations

from collections.abc import Iterable

from ..ir.layer_graph import Layer, TypedGraph
from ..layers import LAYERS
from .keras_layouts import KERAS, PER_FEATURE
from .layouts import CannotConvert, Facts, Group, Weights
from .matching import groups_of

PASSED = ("dropout", "noise", "scale", "shift", "normalize", "id", "l2_normalize", *PER_FEATURE)
"""Kinds, besides activations and formulas, that leave every feature in its place."""

IN_CHANNELS = ("conv", "depthwise", "conv_transpose", "maxpool", "avgpool", "upsample", "local")
"""Kinds whose values have the channels first."""

TURNED = ("permute", "transpose")
"""Kinds by which a spec itself puts the channels last."""


def keras_groups(typed: TypedGraph, arrays: Weights, channels_last: bool) -> list[Group]:
    """The layers that have weights, for Keras; raises CannotConvert.

    With `channels_last` the rows behind a flattened image have another order there."""
    layers = {layer.name: layer for layer in typed.graph.layers}
    found: list[Group] = []
    for group in groups_of(typed, arrays, KERAS):
        layer = layers.get(group.name)
        facts = _facts(typed, layer, channels_last) if layer else Facts()
        for name, part in _stack(group):
            found.append(Group(name, group.kind, part, KERAS, facts))
    return found


def _stack(group: Group) -> Iterable[tuple[str, Weights]]:
    """Yield the layers of a stack: `lstm1.l1`, `lstm1.l2`; of all others the layer itself."""
    if group.kind not in ("rnn", "lstm", "gru") or "l1.Wx" not in group.arrays:
        yield group.name, group.arrays
        return
    for level in dict.fromkeys(name.partition(".")[0] for name in group.arrays):
        lead = f"{level}."
        yield (
            f"{group.name}.{level}",
            {n.removeprefix(lead): a for n, a in group.arrays.items() if n.startswith(lead)},
        )


def _facts(typed: TypedGraph, layer: Layer, channels_last: bool) -> Facts:
    heads = layer.args.get("heads")
    channels = 1
    if layer.kind == "depthwise":
        first = typed.shape_of(layer.inputs[0])[0]
        channels = first if isinstance(first, int) else int(str(first))
    asks = channels_last and (layer.kind == "dense" or layer.kind in PER_FEATURE)
    flattened = _flattened(typed, layer) if asks and len(typed.shape_of(layer.id)) == 1 else ()
    return Facts(heads if isinstance(heads, int) else 1, channels, flattened)


def _flattened(typed: TypedGraph, layer: Layer) -> tuple[int, ...]:
    """The shape C, H, W of what was flattened before a layer; empty if nothing was."""
    at = _before(typed, layer)
    if at is None:
        return ()
    if at.kind == "flatten":
        return _image(typed, typed.graph.layers[at.inputs[0]])
    if at.kind != "dense" and any(_behind_flatten(typed, i) for i in at.inputs):
        raise CannotConvert(
            f"{layer.name}: {at.name} moves or joins flattened images before it, whose order in Keras "
            "is not known; permute them to H, W, C before `flatten`"
        )
    return ()


def _passes(layer: Layer) -> bool:
    """Whether a layer leaves every feature in its place."""
    kind = LAYERS.get(layer.kind)
    formula = " fn" in layer.kind and len(layer.inputs) == 1
    return layer.kind in PASSED or formula or (kind is not None and kind.is_activation)


def _before(typed: TypedGraph, layer: Layer) -> Layer | None:
    """The last layer before this one that moves features; None at the beginning."""
    at = layer
    while at.inputs:
        at = typed.graph.layers[at.inputs[0]]
        if not _passes(at):
            return at
    return None


def _behind_flatten(typed: TypedGraph, layer: int) -> bool:
    at: Layer | None = typed.graph.layers[layer]
    if at is not None and _passes(at):
        at = _before(typed, at)
    if at is None or at.kind != "flatten":
        return False
    return bool(_image(typed, typed.graph.layers[at.inputs[0]]))


def _image(typed: TypedGraph, layer: Layer) -> tuple[int, ...]:
    """The shape of a value with the channels first; empty for one channel, or sequences TxD."""
    shape = typed.shape_of(layer.id)
    sizes = tuple(n for n in shape if isinstance(n, int))
    at: Layer | None = layer
    if at is not None and _passes(at):
        at = _before(typed, at)
    if (at is not None and at.kind in TURNED) or len(sizes) != len(shape) or len(shape) < 2:
        return ()
    first = len(shape) > 2 or (at is not None and at.kind in IN_CHANNELS)
    return sizes if first and sizes[0] > 1 else ()
