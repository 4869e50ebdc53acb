"""NN301: a softmax or sigmoid directly after another one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from math import e, exp

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Label
from ..ir.reading import number
from ..shapes.faults import call_labels
from .edits import remove_step
from .network import Network, Step
from .registry import lint

INNER = ("softmax", "sigmoid", "hard_sigmoid")
OUTER = ("softmax", "log_softmax", "sigmoid")


@lint
def softmax_twice(network: Network) -> Iterator[Diagnostic]:
    """Warn of probabilities computed from numbers that are already between 0 and 1."""
    for layer in network.graph.layers:
        outer = network.last_step_of(layer)
        if outer.kind not in OUTER or _is_alone(network, outer):
            continue
        inner = next(islice(network.steps(layer.id), 1, None))
        if inner.kind in INNER:
            yield _finding(network, inner, outer)


def _is_alone(network: Network, outer: Step) -> bool:
    """Return whether the step is a softmax of one value, which NN342 reports."""
    return outer.kind != "sigmoid" and network.width(outer.layer.id) == 1


def _finding(network: Network, inner: Step, outer: Step) -> Diagnostic:
    return codes.SOFTMAX_TWICE.at(
        outer.span,
        f"{outer.kind} is applied to what {inner.kind} has already squeezed into 0…1",
        here=_reach(network.width(outer.layer.id), outer),
        labels=[Label(inner.span, "between 0 and 1 since here"), *call_labels(outer.layer)],
        notes=["in training the loss soon stands still: certain answers are out of reach"],
        help=f"keep one of the two; a last `{outer.kind}` belongs directly after the weights",
        fixes=remove_step(inner),
    )


def _reach(width: int | None, outer: Step) -> str:
    """Return the range of the probabilities if all logits are between 0 and 1."""
    if outer.kind == "sigmoid":
        end = 1 / (1 + exp(-min(max(number(outer.args["beta"]), -50.0), 50.0)))
        return f"gives {min(0.5, end):.2g} to {max(0.5, end):.2g}, never less or more"
    if width is None:
        return "gives nearly equal probabilities"
    return f"no class can get more than {e / (e + width - 1):.2f}"
