"""NN317: `optimizer lstsq` for a network that it cannot solve; an error, not a warning."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Label
from ..optimizers.solvable import Obstacle, solvable
from ..shapes.faults import call_labels
from .network import Network
from .registry import lint_whole


@lint_whole
def least_squares(network: Network) -> Iterator[Diagnostic]:
    """Report the layer or statement that makes the problem other than linear least squares."""
    optimizer = network.graph.training.optimizer
    if optimizer is None or optimizer.kind != "lstsq":
        return
    try:
        solvable(network.typed, optimizer.head)
    except Obstacle as found:
        asked = [] if found.span == optimizer.head else [Label(optimizer.head, "asks for lstsq")]
        yield codes.NOT_LEAST_SQUARES.at(
            found.span,
            found.message,
            here=found.here,
            labels=[*asked, *(call_labels(found.layer) if found.layer else [])],
            help="let one `dense` layer without activation stand behind fixed layers such as "
            "`poly`, under `loss mse`; for any other network write `optimizer adam`",
        )
