"""NN342: a softmax over a single value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Edit, Fix
from ..kinds.loss import Reads
from ..shapes.faults import call_labels
from .edits import replace_step
from .network import Network, Step
from .registry import lint

SOFT = ("softmax", "log_softmax")


@lint
def lone_softmax(network: Network) -> Iterator[Diagnostic]:
    """Warn of `dense 1 softmax`, whose output is always 1."""
    refused = {loss.layer for loss, _ in network.judged(Reads.CLASS_LOGITS)}
    for layer in network.graph.layers:
        step = network.last_step_of(layer)
        if step.kind in SOFT and network.width(layer.id) == 1 and layer.id not in refused:
            yield _finding(network, step)


def _finding(network: Network, step: Step) -> Diagnostic:
    always = "1" if step.kind == "softmax" else "0"
    positions = len(network.typed.shape_of(step.layer.id)) == 2
    help = (
        f"to weigh positions, put `transpose` before `{step.kind}` and behind it"
        if positions
        else f"write `sigmoid` in place of `{step.kind}` for one yes-or-no output, "
        "or give one unit to each class"
    )
    return codes.LONE_SOFTMAX.at(
        step.span,
        f"{step.kind} of one value is {always}, whatever comes in",
        here=f"runs along the last axis, which has one entry: {always} everywhere",
        labels=call_labels(step.layer),
        notes=["in training its gradient is 0: nothing before it learns through it"],
        help=help,
        fixes=_fixes(step, positions, help),
    )


def _fixes(step: Step, positions: bool, title: str) -> list[Fix]:
    if not positions:
        return [replace(fix, title=title) for fix in replace_step(step, "sigmoid")]
    if step.layer.calls:
        return []
    arrow = "-> " if step.trailing else ""
    edit = Edit(step.span, f"{arrow}transpose {step.span.text} -> transpose")
    return [Fix(title, (edit,))]
