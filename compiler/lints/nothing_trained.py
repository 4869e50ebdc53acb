"""NN321: a network with a loss whose parameters are all frozen."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Label
from .network import Network
from .registry import lint_whole


@lint_whole
def nothing_trained(network: Network) -> Iterator[Diagnostic]:
    """Warn of training that would change nothing."""
    typed = network.typed
    if not network.graph.losses or not typed.params or typed.trained:
        return
    yield codes.NOTHING_TRAINED.at(
        typed.params[0].span,
        "every parameter is frozen",
        here="frozen",
        labels=[Label(network.graph.losses[0].setting.span, "has no parameter to change")],
        notes=["in training every step costs time and leaves the network as it is"],
        help="leave `frozen=true` out of the layers that are to learn",
    )
