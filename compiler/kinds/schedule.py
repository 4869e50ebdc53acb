"""The definition of a schedule: schema and documentation; each target implements its formula."""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import ArgSpec, Int, option

STEPS = Int(low=1)
"""A number of optimizer steps."""


WARMUP = option(
    "warmup", Int(low=0), "W: steps over which the rate rises to its full value at the beginning", 0
)


@dataclass(frozen=True, slots=True)
class ScheduleKind:
    """A registry entry.

    In formulas s is the number of steps since the end of the warm-up, 0 in the first one, and r
    is the optimizer's rate. `peak` names the argument that replaces the rate; `first` is the
    fraction of the rate at s = 0, to which the warm-up rises.
    """

    name: str
    summary: str
    formula: str
    example: str
    args: tuple[ArgSpec, ...] = (WARMUP,)
    peak: str = ""
    first: float = 1.0
    aliases: tuple[str, ...] = ()
    torch: str = ""
    keras: str = ""
    notes: str = ""
