"""schedule exponential: the rate is multiplied by the same factor in every step."""

from __future__ import annotations

from ..kinds.arguments import REQUIRED, Num, option
from ..kinds.schedule import WARMUP, ScheduleKind
from .registry import schedule

schedule(
    ScheduleKind(
        name="exponential",
        summary="multiplies the rate by a factor in every step",
        formula="rate = r · γ^s",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer sgd lr=0.1; "
        "schedule exponential gamma=0.999",
        args=(
            option("gamma", Num(0, open_low=True), "γ: factor of each step", REQUIRED),
            WARMUP,
        ),
        torch="optim.lr_scheduler.ExponentialLR",
        keras="optimizers.schedules.ExponentialDecay",
    )
)
