"""NN313 to NN315: an output whose scale differs from the one that the loss expects.

hinge expects scores, kl log-probabilities and poisson log-rates; none of them is combined with an
activation, as crossentropy and bce are."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Label
from ..ir.layer_graph import Loss
from ..kinds.layer import Family
from ..kinds.loss import Reads
from ..shapes.faults import call_labels
from .edits import remove_step, replace_step
from .network import Network, Step
from .registry import lint

NO_SCORES = ("softmax", "sigmoid", "hard_sigmoid")
"""Activations that limit the margin; log_softmax preserves the differences of scores."""

RATES = {
    "relu": "no rate below 1",
    "softplus": "no rate below 1",
    "sigmoid": "rates between 1 and 2.72 only",
    "hard_sigmoid": "rates between 1 and 2.72 only",
    "softmax": "rates between 1 and 2.72 only",
    "log_softmax": "no rate above 1",
    "tanh": "rates between 0.37 and 2.72 only",
    "hard_tanh": "rates between 0.37 and 2.72 only",
    "softsign": "rates between 0.37 and 2.72 only",
}
"""The predictions of poisson that remain possible after these activations."""


@lint
def hinge_activation(network: Network) -> Iterator[Diagnostic]:
    """Warn of scores that are limited to probabilities."""
    for loss, last in network.judged(Reads.SCORES):
        if last.kind in NO_SCORES:
            yield codes.HINGE_ACTIVATION.at(
                last.span,
                f"hinge takes the values of {last.kind} for scores",
                here="at most 1 apart, which is the margin itself",
                labels=_labels(loss, last),
                notes=["in training right answers keep being pushed, as no margin is ever met"],
                help="end in a layer without activation",
                fixes=remove_step(last),
            )


@lint
def kl_activation(network: Network) -> Iterator[Diagnostic]:
    """Warn of values that are not logarithms of probabilities."""
    for loss, last in network.judged(Reads.LOG_PROBABILITIES):
        if last.kind == "log_softmax":
            continue
        activation = last.family is Family.ACTIVATION
        yield codes.KL_ACTIVATION.at(
            last.span,
            f"kl takes the values of {last.kind} for logarithms of probabilities",
            here=(
                "probabilities themselves, never below 0"
                if last.kind == "softmax"
                else "nothing keeps their probabilities at a sum of 1"
            ),
            labels=_labels(loss, last),
            notes=[
                (
                    "in training all probability goes to the likeliest class"
                    if last.kind == "softmax"
                    else "in training the outputs only grow, whatever the targets are"
                )
            ],
            help="end in `log_softmax`",
            fixes=replace_step(last, "log_softmax") if activation else [],
        )


@lint
def poisson_activation(network: Network) -> Iterator[Diagnostic]:
    """Warn of logarithms of rates with a limited range."""
    for loss, last in network.judged(Reads.LOG_RATES):
        if last.kind in RATES:
            yield codes.POISSON_ACTIVATION.at(
                last.span,
                f"poisson takes the values of {last.kind} for logarithms of rates",
                here=RATES[last.kind],
                labels=_labels(loss, last),
                notes=["in training the loss stops falling before the rates are right"],
                help="end in a layer without activation: the expected count is exp of the output",
                fixes=remove_step(last),
            )


def _labels(loss: Loss, last: Step) -> list[Label]:
    return [Label(loss.setting.head, "the loss that takes it"), *call_labels(last.layer)]
