"""NN312: optimizer arguments that modify an absent momentum or weight decay."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic
from .network import Network
from .registry import lint


@lint
def ignored_decay(network: Network) -> Iterator[Diagnostic]:
    """Warn of `decay=` where there is no weight decay."""
    optimizer = network.graph.training.optimizer
    if optimizer is None or "decay" not in optimizer.given or optimizer.args.get("weight_decay"):
        return
    yield codes.IGNORED_ARGUMENT.at(
        optimizer.given["decay"],
        "`decay=` has no effect without weight decay",
        here="acts on nothing",
        notes=["it says which parameters `weight_decay=` is for"],
        help="add `weight_decay=0.01`, or remove `decay=`",
    )


@lint
def ignored_momentum(network: Network) -> Iterator[Diagnostic]:
    """Warn of `nesterov=true` or `dampening=` without momentum (PyTorch refuses the first)."""
    optimizer = network.graph.training.optimizer
    if optimizer is None or optimizer.args.get("momentum"):
        return
    for name in ("nesterov", "dampening"):
        if name in optimizer.given and optimizer.args[name]:
            yield codes.IGNORED_ARGUMENT.at(
                optimizer.given[name],
                f"`{name}=` has no effect without momentum",
                here="acts on nothing",
                notes=["training goes exactly as it would without it"],
                help=f"add `momentum=0.9`, or remove `{name}=`",
            )
