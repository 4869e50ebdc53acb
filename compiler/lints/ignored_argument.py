"""NN312: an argument without effect on its layer."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Label
from ..ir.layer_graph import Layer
from ..shapes.faults import call_labels
from .edits import remove_argument
from .network import Network
from .registry import lint


@lint
def ignored_argument(network: Network) -> Iterator[Diagnostic]:
    """Warn of arguments without effect.

    These are `init=` with `tie=`, `bias_init=` with `bias=false`, for recurrent layers `reverse=`
    with `bidirectional=true` and `dropout=` with one layer, and `frozen=` without parameters."""
    for layer in network.graph.layers:
        if "init" in layer.given and layer.args.get("tie") is not None:
            yield _finding(layer, "init", "tie", f"start as those of `{layer.args['tie']}` do")
        if "bias_init" in layer.given and _has_no_bias(layer):
            yield _finding(layer, "bias_init", "bias", "has no biases")
        if layer.args.get("reverse") and layer.args.get("bidirectional"):
            why = "reads every row in both directions anyway"
            yield _finding(layer, "reverse", "bidirectional", why)
        if layer.args.get("dropout") and layer.args.get("layers") == 1:
            yield _dropout_of_one_layer(layer)
    yield from _frozen_without_parameters(network)


def _frozen_without_parameters(network: Network) -> Iterator[Diagnostic]:
    """Warn of `positional frozen=true` without `learned=true`."""
    owners: set[str] = set()
    for parameter in network.typed.params:
        parts = parameter.name.split(".")
        owners.update(".".join(parts[:i]) for i in range(1, len(parts)))
    for layer in network.graph.layers:
        if layer.args.get("frozen") and layer.shares is None and layer.name not in owners:
            yield codes.IGNORED_ARGUMENT.at(
                layer.given["frozen"],
                f"`frozen=` has no effect: {layer.name} has no parameters of its own",
                here="freezes nothing",
                labels=call_labels(layer),
                help="remove `frozen=`",
                fixes=remove_argument(layer, "frozen"),
            )


def _has_no_bias(layer: Layer) -> bool:
    """Return whether the spec literally has `bias=false`, not through a block's parameter."""
    return "bias" in layer.given and layer.given["bias"].text.lower() == "false"


def _finding(layer: Layer, ignored: str, because: str, why: str) -> Diagnostic:
    subject = "its weights" if because == "tie" else "the layer"
    return codes.IGNORED_ARGUMENT.at(
        layer.given[ignored],
        f"`{ignored}=` has no effect beside `{because}=`",
        here="changes nothing" if ignored == "reverse" else "starts nothing",
        labels=[Label(layer.given[because], f"{subject} {why}"), *call_labels(layer)],
        notes=["training starts exactly as it would without it"],
        help=f"remove `{ignored}=`, or `{because}=`",
        fixes=remove_argument(layer, ignored),
    )


def _dropout_of_one_layer(layer: Layer) -> Diagnostic:
    """Return the warning, as PyTorch's: many expect dropout to act after a single layer."""
    rate = layer.args["dropout"]
    return codes.IGNORED_ARGUMENT.at(
        layer.given["dropout"],
        "`dropout=` acts between stacked layers, and here is one",
        here="drops nothing",
        labels=call_labels(layer),
        help=f"write `-> dropout {rate:g}` behind the layer, or `layers=2`",
        fixes=remove_argument(layer, "dropout"),
    )
