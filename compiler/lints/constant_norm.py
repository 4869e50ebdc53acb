"""NN320: layers that normalise a single value."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic
from ..shapes.faults import call_labels
from .network import Network
from .registry import lint


@lint
def constant_norm(network: Network) -> Iterator[Diagnostic]:
    """Warn of a layernorm of one feature, or a groupnorm whose groups have one value each."""
    for layer in network.graph.layers:
        if layer.kind == "layernorm" and network.width(layer.id) == 1:
            each, help = "row", "leave it out, or give it more features"
        elif layer.kind == "groupnorm" and network.entries(layer.id) == layer.args["groups"]:
            each, help = "group", "take fewer groups, so that each has several values"
        else:
            continue
        yield codes.CONSTANT_NORM.at(
            layer.span,
            f"{layer.kind} gives the same whatever comes in",
            here=f"takes the mean of one value out of each {each}",
            labels=call_labels(layer),
            notes=["in training nothing before it gets a gradient through it"],
            help=help,
        )
