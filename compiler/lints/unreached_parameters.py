"""NN310: parameters of an output without a loss."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic
from ..ir.layer_graph import Layer, Output
from .network import Network
from .registry import lint_whole

SHOWN = 3
"""Parameters named in a message before it gives the number of the others."""


@lint_whole
def unreached_parameters(network: Network) -> Iterator[Diagnostic]:
    """Warn of outputs with trainable parameters that would keep their initial values."""
    if not network.graph.losses:
        return
    seen: set[int] = set()
    names = _parameters_by_owner(network)
    judged = [i for loss in network.graph.losses if loss.weight for i in loss.layers]
    for layer in _behind(network, judged, seen):
        for owner in _owners(layer):
            names.pop(owner, None)
    for output in network.graph.outputs:
        layers = _behind(network, [output.layer], seen)
        left = [name for n in layers for owner in _owners(n) for name in names.pop(owner, ())]
        if not left:
            continue
        shown = ", ".join(left[:SHOWN]) + (f" and {len(left) - SHOWN} more" * (len(left) > SHOWN))
        yield codes.UNREACHED_PARAMETERS.at(
            output.span,
            f"no loss reaches {shown}",
            here=f"`{output.name}` is an output, but nothing judges it",
            notes=[f"in training {_fate(network)}"],
            help=_help(output),
        )


def _fate(network: Network) -> str:
    optimizer = network.graph.training.optimizer
    if network.graph.regularize or (optimizer and optimizer.args.get("weight_decay")):
        return "no gradient comes to them from the data: the penalty alone moves them"
    return "they have no gradient and stay as they start"


def _help(output: Output) -> str:
    if output.span.text == output.name:
        return f"add a loss for it, for example `loss mse on {output.name}`, or do not output it"
    return "let a loss judge it, too: name it with `as` and the loss with `on`"


def _behind(network: Network, ends: list[int], seen: set[int]) -> list[Layer]:
    """Return the layers from which these values are computed, in order, except those in `seen`."""
    found: list[int] = []
    while ends:
        id = ends.pop()
        if id not in seen:
            seen.add(id)
            found.append(id)
            ends.extend(network.layers[id].inputs)
    return [network.layers[id] for id in sorted(found)]


def _owners(layer: Layer) -> Iterator[str]:
    """Yield the prefixes of the parameters that a layer and its activation use."""
    yield layer.owner
    if layer.activation is not None:
        yield layer.activation.name
    if isinstance(tie := layer.args.get("tie"), str):
        yield tie


def _parameters_by_owner(network: Network) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for parameter in network.typed.trained:
        found.setdefault(parameter.name.rpartition(".")[0], []).append(parameter.name)
    return found
