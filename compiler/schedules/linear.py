"""schedule linear: linear decay from the rate to its final value."""

from __future__ import annotations

from ..kinds.arguments import REQUIRED, Num, option
from ..kinds.schedule import STEPS, WARMUP, ScheduleKind
from .registry import schedule

schedule(
    ScheduleKind(
        name="linear",
        summary="lowers the rate along a straight line",
        formula="rate = r + (end − r) · s/steps; end from s = steps on",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer adamw; "
        "schedule linear steps=10000 warmup=100",
        args=(
            option("steps", STEPS, "length of the line, without warm-up", REQUIRED),
            option("end", Num(low=0), "rate at its end", 0.0),
            WARMUP,
        ),
        torch="optim.lr_scheduler.LinearLR(start_factor=1, end_factor=end/r)",
        keras="optimizers.schedules.PolynomialDecay",
    )
)
