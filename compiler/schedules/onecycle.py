"""schedule onecycle: rises to the highest rate, then falls to almost 0 (Smith and Topin 2018)."""

from __future__ import annotations

from ..kinds.arguments import REQUIRED, Int, Num, option
from ..kinds.schedule import WARMUP, ScheduleKind
from .registry import schedule

schedule(
    ScheduleKind(
        name="onecycle",
        summary="raises the rate from max/25 to max, then lowers it to max/250000",
        formula="with u = 0.3·steps − 1 and c(a, b, x) = b + (a − b)·(1 + cos πx)/2: "
        "rate = c(max/25, max, s/u) while s ≤ u, then "
        "c(max, max/250000, (s − u)/(0.7·steps)), constant from s = steps − 1 on",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer sgd momentum=0.9; "
        "schedule onecycle steps=1000 max=0.5",
        args=(
            option("steps", Int(low=4), "length of the cycle, without warm-up", REQUIRED),
            option("max", Num(0, open_low=True), "highest rate; default: the optimizer's"),
            WARMUP,
        ),
        peak="max",
        first=1 / 25,
        torch="optim.lr_scheduler.OneCycleLR(cycle_momentum=False)",
        notes="With `max=` the optimizer needs no rate, and ignores one that is given.",
    )
)
