"""NN311: a learning rate far outside the optimizer's usual range."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic
from ..ir.reading import number
from ..schedules import SCHEDULES
from .network import Network
from .registry import lint

USUAL = {
    "sgd": (1e-4, 0.1, 1.0),
    "adam": (1e-5, 1e-3, 1e-2),
    "adamw": (1e-5, 1e-3, 1e-2),
    "nadam": (1e-5, 1e-3, 1e-2),
    "rmsprop": (1e-5, 1e-3, 1e-2),
    "adagrad": (1e-3, 1e-2, 1.0),
    "adadelta": (1e-2, 1.0, 10.0),
    "lion": (1e-6, 1e-4, 1e-3),
}
"""By optimizer the lowest rate in common use, a good first try, and the highest."""

FAR = 10.0
"""How many times outside of that is far."""


@lint
def unusual_rate(network: Network) -> Iterator[Diagnostic]:
    """A rate that is probably a slip of the exponent."""
    optimizer, schedule = network.graph.training.optimizer, network.graph.training.schedule
    kind = optimizer.kind if optimizer else "sgd"
    setting, name = optimizer, "lr"
    if schedule is not None and SCHEDULES[schedule.kind].peak in schedule.given:
        setting, name = schedule, SCHEDULES[schedule.kind].peak
    if setting is None or kind not in USUAL or name not in setting.given:
        return
    rate = number(setting.args[name])
    low, first, high = USUAL[kind]
    if low / FAR <= rate <= high * FAR:
        return
    large = rate > high
    yield codes.UNUSUAL_RATE.at(
        setting.given[name],
        f"a learning rate of {rate:g} is far {'above' if large else 'below'} "
        f"what {kind} usually takes",
        here=f"{low:g} to {high:g} are usual",
        notes=[
            "in training the loss will probably "
            + ("grow to infinity, or every unit saturate" if large else "hardly move")
        ],
        help="check the exponent; a good first try is "
        + (f"`optimizer {kind} lr={first:g}`" if name == "lr" else f"`{name}={first:g}`"),
    )
