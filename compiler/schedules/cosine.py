"""schedule cosine: cosine decay (Loshchilov and Hutter 2017, without restarts)."""

from __future__ import annotations

from ..kinds.arguments import REQUIRED, Num, option
from ..kinds.schedule import STEPS, WARMUP, ScheduleKind
from .registry import schedule

schedule(
    ScheduleKind(
        name="cosine",
        summary="lowers the rate along half a cosine wave",
        formula="rate = min + (r − min) · (1 + cos(π · s/steps)) / 2; min from s = steps on",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer sgd lr=0.1; "
        "schedule cosine steps=10000 warmup=500",
        args=(
            option("steps", STEPS, "length of the half wave, without warm-up", REQUIRED),
            option("min", Num(low=0), "rate at its end", 0.0),
            WARMUP,
        ),
        torch="optim.lr_scheduler.CosineAnnealingLR",
        keras="optimizers.schedules.CosineDecay",
        notes="PyTorch's rate rises again after the end; this one stays at the minimum.",
    )
)
