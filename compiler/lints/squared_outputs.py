"""NN305 and NN306: regression outputs that saturate, or have only one sign."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Fix, Label
from ..ir.layer_graph import Loss
from ..kinds.loss import Reads
from ..losses import LOSSES
from ..optimizers import OPTIMIZERS
from ..shapes.faults import call_labels
from .edits import remove_step, replace_word
from .network import Network
from .registry import lint

SATURATING_RATE = 1.0
"""Step of an output's pre-activation, for an error of 1, above which saturation is likely.

The slope of a logistic unit is at most 1/4 and has fallen by half at |z| = 1.8."""


@lint
def saturating_output(network: Network) -> Iterator[Diagnostic]:
    """Warn of a sigmoid or tanh under a squared loss that is trained in large steps."""
    for loss, last in network.judged(Reads.NUMBERS):
        rate = _effective_rate(network, loss)
        if last.kind not in ("sigmoid", "tanh") or rate is None or rate < SATURATING_RATE:
            continue
        sigmoid = last.kind == "sigmoid"
        yield codes.SATURATING_OUTPUT.at(
            last.span,
            f"a {last.kind} under `loss {loss.setting.word}` may get stuck at this rate",
            here="hardly any slope left where it is saturated",
            labels=[
                Label(loss.setting.head, "this loss does not make up for the slope"),
                *_rate_labels(network),
                *call_labels(last.layer),
            ],
            notes=[
                "in training an output that a large step drives to the wrong end stays there; "
                "how often depends on the seed"
            ],
            help=(
                "`loss bce` has the same best outputs and no such flat ends"
                if sigmoid
                else "lower the rate, or let the last layer be linear"
            ),
            fixes=[_bce(loss)] if sigmoid else [],
        )


def _bce(loss: Loss) -> Fix:
    """Return the fix to bce with the squared loss's reduction: `quadratic` sums over features."""
    sums = LOSSES[loss.setting.kind].mean == "batchmean" and not loss.setting.given
    return replace_word(loss.setting.head, "bce" + " reduction=batchmean" * sums)


@lint
def relu_output(network: Network) -> Iterator[Diagnostic]:
    """Warn of a relu as the output of a regression."""
    for loss, last in network.judged(Reads.NUMBERS):
        if last.kind == "relu":
            yield codes.RELU_OUTPUT.at(
                last.span,
                f"`loss {loss.setting.word}` judges an output that is never negative",
                here="negative targets cannot be reached",
                labels=[Label(loss.setting.head, "judged here"), *call_labels(last.layer)],
                notes=["in training an output that is 0 for every row has no gradient and stays 0"],
                help="let the last layer be linear, or write `softplus` for positive targets",
                fixes=remove_step(last),
            )


def _effective_rate(network: Network, loss: Loss) -> float | None:
    """Return the rate times the factor from an output's error to its gradient, with momentum."""
    optimizer = network.graph.training.optimizer
    if optimizer is None or not OPTIMIZERS[optimizer.kind].descends:
        return None
    rate, momentum = optimizer.args.get("lr"), optimizer.args.get("momentum")
    factor = _error_factor(network, loss)
    if not isinstance(rate, (int, float)) or factor is None:
        return None
    kept = float(momentum) if isinstance(momentum, (int, float)) else 0.0
    return rate * loss.weight * factor / max(1.0 - kept, 1e-3)


def _error_factor(network: Network, loss: Loss) -> float | None:
    """Return dL/dy over y − t for one row: 1 for quadratic, 2/entries for the mean of squares."""
    kind = LOSSES[loss.setting.kind]
    of_entries = loss.setting.args["reduction"] == kind.mean == "mean"
    if kind.error_factor is None or not of_entries:
        return kind.error_factor
    entries = network.entries(loss.layer)
    return None if entries is None else kind.error_factor / entries


def _rate_labels(network: Network) -> list[Label]:
    optimizer = network.graph.training.optimizer
    if optimizer is None or "lr" not in optimizer.given:
        return []
    return [Label(optimizer.given["lr"], "large for outputs that can saturate")]
