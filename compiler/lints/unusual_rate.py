"""NN311: a learning rate far outside the optimizer's usual range."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic
from ..ir.reading import number
from ..optimizers import OPTIMIZERS
from ..optimizers.registry import WITHOUT
from ..schedules import SCHEDULES
from .network import Network
from .registry import lint

FAR = 10.0
"""Factor outside of the usual range that counts as far."""


@lint
def unusual_rate(network: Network) -> Iterator[Diagnostic]:
    """Warn of a rate whose exponent is probably wrong."""
    optimizer, schedule = network.graph.training.optimizer, network.graph.training.schedule
    kind = optimizer.kind if optimizer else WITHOUT
    setting, name = optimizer, "lr"
    if schedule is not None and SCHEDULES[schedule.kind].peak in schedule.given:
        setting, name = schedule, SCHEDULES[schedule.kind].peak
    usual = OPTIMIZERS[kind].usual
    if setting is None or usual is None or name not in setting.given:
        return
    rate = number(setting.args[name])
    low, first, high = usual
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
