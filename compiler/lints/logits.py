"""NN302 to NN304: an activation where the loss expects logits.

softmax (or log_softmax) before crossentropy and sigmoid before bce are computed together with the
loss. Any other activation is kept, and the loss applies its own softmax or sigmoid to its value."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Fix, Label
from ..ir.layer_graph import Loss
from ..kinds.layer import Family
from ..kinds.loss import Reads
from ..shapes.faults import call_labels
from .edits import remove_step, replace_step, replace_word
from .network import Network, Step
from .registry import lint

NOT_NEGATIVE = ("relu", "softplus")
SOFT = ("softmax", "log_softmax")

PROBABILITIES = {
    "softmax": "then lies between 0.5 and 0.73",
    "hard_sigmoid": "then lies between 0.5 and 0.73",
    "log_softmax": "is then never above 0.5",
    "relu": "is then never below 0.5",
    "softplus": "is then never below 0.5",
    "tanh": "then lies between 0.27 and 0.73",
    "hard_tanh": "then lies between 0.27 and 0.73",
    "softsign": "then lies between 0.27 and 0.73",
}
"""The resulting probabilities when bce's sigmoid follows these activations."""


@lint
def crossentropy_activation(network: Network) -> Iterator[Diagnostic]:
    """Warn of logits of crossentropy with a limited range."""
    for loss, last in network.judged(Reads.CLASS_LOGITS):
        if last.family is not Family.ACTIVATION or last.kind in SOFT:
            continue
        if last.kind in ("sigmoid", "hard_sigmoid"):
            yield _crossentropy_sigmoid(loss, last)
        else:
            yield _crossentropy_other(loss, last)


@lint
def bce_activation(network: Network) -> Iterator[Diagnostic]:
    """Warn of logits of bce with a limited range."""
    for loss, last in network.judged(Reads.LOGITS):
        if last.family is not Family.ACTIVATION or last.kind == "sigmoid":
            continue
        if last.kind in SOFT and network.width(loss.layer) == 1:
            continue  # reported as NN342
        fixes = replace_step(last, "sigmoid")
        classes = last.kind in SOFT and (network.width(loss.layer) or 2) > 1
        if classes:
            fixes.append(replace_word(loss.setting.head, "crossentropy"))
        yield codes.BCE_ACTIVATION.at(
            last.span,
            f"bce applies its own sigmoid after {last.kind}",
            here=f"every probability {PROBABILITIES.get(last.kind, 'is then bent')}",
            labels=_labels(loss, last),
            notes=["in training the loss stops falling before the outputs are right"],
            help="end in `sigmoid` for independent yes-or-no outputs"
            + (", or write `loss crossentropy` for one class of several" if classes else ""),
            fixes=fixes,
        )


def _crossentropy_sigmoid(loss: Loss, last: Step) -> Diagnostic:
    return codes.CROSSENTROPY_SIGMOID.at(
        last.span,
        f"crossentropy applies its own softmax after {last.kind}",
        here="logits between 0 and 1: nearly equal probabilities",
        labels=_labels(loss, last),
        notes=["in training the loss soon stands still: no class can become likely"],
        help="end in `softmax` for one class of several, "
        "or write `loss bce` for independent yes-or-no outputs",
        fixes=[*replace_step(last, "softmax"), *_bce(loss, last)],
    )


def _bce(loss: Loss, last: Step) -> list[Fix]:
    """Return the fix to bce, which takes fewer arguments and combines with sigmoid only."""
    return [replace_word(loss.setting.head, "bce")] if _suits_bce(loss, last) else []


def _suits_bce(loss: Loss, last: Step) -> bool:
    return last.kind == "sigmoid" and not loss.setting.given.keys() - {"reduction"}


def _crossentropy_other(loss: Loss, last: Step) -> Diagnostic:
    here = "logits that are never negative" if last.kind in NOT_NEGATIVE else "bends the logits"
    return codes.CROSSENTROPY_ACTIVATION.at(
        last.span,
        f"crossentropy takes the values of {last.kind} for logits",
        here=here,
        labels=_labels(loss, last),
        notes=[
            "in training "
            + (
                "a class whose unit is off gets no gradient, and none can be ruled out"
                if last.kind == "relu"
                else "wrong classes cannot be ruled out as they should"
            )
        ],
        help="end in `softmax`, or in a layer without activation",
        fixes=[*replace_step(last, "softmax"), *remove_step(last)],
    )


def _labels(loss: Loss, last: Step) -> list[Label]:
    return [Label(loss.setting.head, "the loss that takes it"), *call_labels(last.layer)]
