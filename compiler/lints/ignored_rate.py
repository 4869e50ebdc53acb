"""NN312: a schedule without a rate, or a rate with a schedule that sets its own."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Label
from ..schedules import SCHEDULES
from .network import Network
from .registry import lint


@lint
def ignored_rate(network: Network) -> Iterator[Diagnostic]:
    """Warn of both; a rate passed to a step replaces both, so a schedule needs a rate here."""
    optimizer, schedule = network.graph.training.optimizer, network.graph.training.schedule
    if schedule is None:
        return
    peak = SCHEDULES[schedule.kind].peak
    if peak in schedule.given:
        if optimizer is not None and "lr" in optimizer.given:
            yield codes.IGNORED_ARGUMENT.at(
                optimizer.given["lr"],
                f"`lr=` has no effect beside `{peak}=` of the schedule",
                here="used in no step",
                labels=[Label(schedule.given[peak], "the highest rate is this one")],
                notes=["training goes exactly as it would without it"],
                help=f"remove `lr=`, or `{peak}=`",
            )
    elif optimizer is None or optimizer.args.get("lr") is None:
        yield codes.IGNORED_ARGUMENT.at(
            schedule.head,
            f"the schedule `{schedule.kind}` has no learning rate to act on",
            here="changes nothing",
            notes=["a rate given in training replaces rate and schedule both"],
            help="name the rate in the spec: `optimizer sgd lr=0.1`",
        )
