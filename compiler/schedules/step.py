"""schedule step: the rate is multiplied by a factor at regular intervals."""

from __future__ import annotations

from ..kinds.arguments import REQUIRED, Num, option
from ..kinds.schedule import STEPS, WARMUP, ScheduleKind
from .registry import schedule

schedule(
    ScheduleKind(
        name="step",
        summary="multiplies the rate by a factor at regular intervals",
        formula="rate = r · γ^⌊s / every⌋",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer sgd lr=0.1; "
        "schedule step every=1000 gamma=0.5",
        args=(
            option("every", STEPS, "steps between two changes", REQUIRED),
            option("gamma", Num(0, open_low=True), "γ: factor of each change", 0.1),
            WARMUP,
        ),
        torch="optim.lr_scheduler.StepLR",
        keras="optimizers.schedules.ExponentialDecay(staircase=True)",
    )
)
