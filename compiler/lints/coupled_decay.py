"""NN316: coupled weight decay of adam, where adamw's decoupled one is usually meant."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Edit, Fix
from ..optimizers import OPTIMIZERS
from ..source import Span
from .network import Network
from .registry import lint


@lint
def coupled_decay(network: Network) -> Iterator[Diagnostic]:
    """Warn of `weight_decay=` of adam, or of nadam without `decoupled=true`."""
    optimizer = network.graph.training.optimizer
    if optimizer is None or not OPTIMIZERS[optimizer.kind].decoupled:
        return
    if not optimizer.args["weight_decay"] or optimizer.args.get("decoupled"):
        return
    here = optimizer.given["weight_decay"]
    yield codes.COUPLED_DECAY.at(
        here,
        f"the weight decay of {optimizer.kind} is divided by √v like any gradient",
        here="hardly pulls at parameters whose gradients are large",
        notes=["in training the largest weights of a busy layer shrink the least"],
        help="keep it to repeat an older result; recipes mostly mean decay apart from the gradient",
        fixes=[_apart(OPTIMIZERS[optimizer.kind].decoupled, optimizer.head, here)],
    )


def _apart(written: str, head: Span, decay: Span) -> Fix:
    """Return the fix: another optimizer, or one more argument."""
    if written in OPTIMIZERS:
        return Fix(
            f"write `{written}`, which decays apart from the gradient", (Edit(head, written),)
        )
    end = Span(decay.source, decay.stop, decay.stop)
    return Fix(f"add `{written}`", (Edit(end, f" {written}"),))
