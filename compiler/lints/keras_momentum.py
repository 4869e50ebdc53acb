"""NN343: a batchnorm's momentum in Keras's sense, the weight of the old statistics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic
from ..ir.reading import number
from ..shapes.faults import call_labels
from .edits import set_argument
from .network import Network
from .registry import lint

FROM = 0.9
"""From this value on, a momentum is probably not meant as the weight of the batch."""


@lint
def keras_momentum(network: Network) -> Iterator[Diagnostic]:
    """Warn of running statistics that reflect only the last one or two batches."""
    for layer in network.graph.layers:
        if layer.kind != "batchnorm" or "momentum" not in layer.given:
            continue
        momentum = number(layer.args["momentum"])
        if not FROM <= momentum < 1:
            continue
        meant = f"{1 - momentum:.6g}"
        help = f"write `momentum={meant}` for what Keras calls {momentum:g}"
        fixes = set_argument(layer, "momentum", meant, safe=False)
        yield codes.KERAS_MOMENTUM.at(
            layer.given["momentum"],
            f"with `momentum={layer.given['momentum'].text}` the running statistics are nearly "
            "those of the last batch",
            here="the weight of the new batch, as in PyTorch; Keras gives that of the old ones",
            labels=call_labels(layer),
            notes=["in training nothing shows it; prediction gets worse by the luck of one batch"],
            help=help,
            fixes=[replace(fix, title=help) for fix in fixes],
        )
