"""NN331 and NN332: metrics that do not suit the losses, or that carry no information.

A metric is measured on the outputs that have a loss, and needs one that it suits. Outputs of
classes are those under crossentropy, hinge and kl, and under other losses those that end in an
activation that gives a probability or a choice of two. Outputs of numbers are those under squared
and absolute errors, and probabilities under bce, such as pixels. The outputs of poisson are
logarithms of rates, and neither."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Label
from ..ir.layer_graph import ArgValue, Loss, Setting
from ..kinds.layer import Family
from ..kinds.loss import CLASS_READS, Reads
from ..losses import LOSSES
from .network import FAR_BACK, Network, Step
from .registry import lint_whole

OF_NUMBERS = ("mae", "rmse", "r2")

PROBABILITIES = ("softmax", "log_softmax", "sigmoid", "hard_sigmoid")
CHOICES = (*PROBABILITIES, "tanh", "hard_tanh", "softsign")
"""Activations whose extremes may denote classes, as 0 and 1 or as −1 and 1."""


@lint_whole
def metric_mismatch(network: Network) -> Iterator[Diagnostic]:
    """Warn of a metric of classes where there are only numbers, or the reverse."""
    judged = _judged(network)
    for metric in network.graph.training.metrics:
        own = _of_metric(network, judged, metric)
        of_numbers = metric.kind in OF_NUMBERS
        suits = _has_numbers if of_numbers else _has_classes
        if own and not any(suits(network, loss) for loss in own):
            yield _mismatch(network, metric, own[0], of_numbers)


@lint_whole
def idle_metric(network: Network) -> Iterator[Diagnostic]:
    """Warn of a metric that has no output, is always 100 %, or is repeated."""
    judged, seen = _judged(network), set[tuple[str, tuple[tuple[str, ArgValue], ...]]]()
    for metric in network.graph.training.metrics:
        key = (metric.kind, tuple(metric.args.items()))
        own = _of_metric(network, judged, metric)
        if not own:
            yield _no_loss(network, metric)
        elif key in seen:
            yield codes.IDLE_METRIC.at(
                metric.span,
                f"`metric {metric.span.text}` is asked for twice",
                here="it is reported once",
                help="remove one of them",
            )
        elif metric.kind == "top_k":
            yield from _hits_always(metric, own, _fewest_guesses(network, own))
        seen.add(key)


def _judged(network: Network) -> list[Loss]:
    """Return the losses that compare outputs with targets; inner stages are not measured."""
    outputs = {output.layer for output in network.graph.outputs}
    return [loss for loss in network.graph.losses if loss.layer in outputs and loss.compares]


def _of_metric(network: Network, judged: list[Loss], metric: Setting) -> list[Loss]:
    """Return the losses of the outputs that a metric measures: all, or the one after `on`."""
    if "on" not in metric.args:
        return judged
    named = {output.name: output.layer for output in network.graph.outputs}
    return [loss for loss in judged if loss.layer == named.get(str(metric.args["on"]))]


def _has_classes(network: Network, loss: Loss) -> bool:
    if _reads(loss) in (*CLASS_READS, Reads.LOGITS):
        return True
    return _reads(loss) is not Reads.LOG_RATES and any(
        step.kind in CHOICES for step in _ends(network, loss.layer)
    )


def _has_numbers(network: Network, loss: Loss) -> bool:
    if _reads(loss) is Reads.LOGITS:
        return any(step.kind in PROBABILITIES for step in _ends(network, loss.layer))
    return _reads(loss) is Reads.NUMBERS


def _reads(loss: Loss) -> Reads:
    return LOSSES[loss.setting.kind].reads


def _ends(network: Network, id: int) -> Iterator[Step]:
    """Yield the last steps that change a value's numbers; for a merge, those of every branch."""
    left, seen = [id], set[int]()
    while left and len(seen) < FAR_BACK:
        id = left.pop()
        if id in seen:
            continue
        seen.add(id)
        for step in network.steps(id):
            if step.family is Family.MERGE:
                left.extend(step.layer.inputs)
            if step.family not in (Family.SHAPE, Family.NOISE, Family.MERGE):
                yield step
                break


def _mismatch(network: Network, metric: Setting, loss: Loss, of_numbers: bool) -> Diagnostic:
    wanted, help = (
        (
            "numbers",
            "`accuracy`, `top_k(k)`, `precision`, `recall`, `f1` and `confusion` compare classes",
        )
        if of_numbers
        else (
            "classes",
            "`mae`, `rmse` and `r2` compare numbers; outputs have classes under `loss "
            "crossentropy`, and where they end in `sigmoid` or `softmax`",
        )
    )
    return codes.METRIC_MISMATCH.at(
        metric.span,
        f"`metric {metric.span.text}` compares {wanted}, and no output with a loss has any",
        here=f"needs {wanted}",
        labels=[Label(loss.setting.head, _why(network, loss, of_numbers))],
        notes=["in training it cannot be measured, or its value means nothing"],
        help=help,
    )


def _why(network: Network, loss: Loss, of_numbers: bool) -> str:
    if _reads(loss) is Reads.LOG_RATES:
        return "judges logarithms of rates"
    if not of_numbers:
        return "judges numbers: the output has no end at 0 and 1"
    return "judges logits" if _reads(loss) is Reads.LOGITS else "judges classes"


def _no_loss(network: Network, metric: Setting) -> Diagnostic:
    losses = [
        Label(
            loss.setting.head,
            "judges an inner stage" if loss.compares else "compares with no target",
        )
        for loss in network.graph.losses
    ]
    return codes.IDLE_METRIC.at(
        metric.span,
        f"`metric {metric.span.text}` has nothing to judge: {_which(metric)} has a loss with a target",
        here="measures outputs that have targets",
        labels=losses[:1],
        help="add a loss, such as `loss crossentropy`, or remove the metric",
    )


def _which(metric: Setting) -> str:
    return f"no output `{metric.args['on']}`" if "on" in metric.args else "no output"


def _fewest_guesses(network: Network, judged: list[Loss]) -> int | None:
    """Return the number of guesses that always include the right class; None if unknown."""
    widths = [network.width(loss.layer) for loss in judged if _has_classes(network, loss)]
    classes = [max(width, 2) for width in widths if width is not None]
    return max(classes) if classes and len(classes) == len(widths) else None


def _hits_always(metric: Setting, judged: list[Loss], classes: int | None) -> Iterator[Diagnostic]:
    """Warn if all classes are guessed; for several outputs, those of all."""
    k = metric.args["k"]
    if classes is None or not isinstance(k, int) or k < classes:
        return
    yield codes.IDLE_METRIC.at(
        metric.span,
        f"`metric {metric.span.text}` is always 100 %",
        here=f"{k} guesses, but there are {classes} classes",
        labels=[Label(judged[0].setting.head, "judged here")],
        help="ask for fewer guesses than there are classes, or for `accuracy`",
    )
