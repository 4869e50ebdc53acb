"""schedule constant: the optimizer's rate, after a warm-up."""

from __future__ import annotations

from ..kinds.schedule import ScheduleKind
from .registry import schedule

schedule(
    ScheduleKind(
        name="constant",
        summary="the optimizer's rate, after a warm-up",
        formula="rate = r; in the first W steps r·1/W, r·2/W, …, r",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer adam; "
        "schedule constant warmup=100",
        torch="optim.lr_scheduler.LinearLR(start_factor=1/W, total_iters=W-1)",
        notes="Every schedule takes `warmup=`: the schedule begins after the W steps of warm-up.",
    )
)
