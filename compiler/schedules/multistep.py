"""schedule multistep: the rate is cut at given steps."""

from __future__ import annotations

from ..kinds.arguments import REQUIRED, Num, Numbers, option
from ..kinds.schedule import WARMUP, ScheduleKind
from .registry import schedule

schedule(
    ScheduleKind(
        name="multistep",
        summary="multiplies the rate by a factor at each of a list of steps",
        formula="rate = r · γ^(how many milestones are at most s)",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer sgd lr=0.1; "
        "schedule multistep milestones=[3000, 6000] gamma=0.1",
        args=(
            option(
                "milestones",
                Numbers(low=1, single=False, whole=True),
                "the steps of the cuts, in any order; one that is there twice cuts twice",
                REQUIRED,
            ),
            option("gamma", Num(0, open_low=True), "γ: factor of each cut", 0.1),
            WARMUP,
        ),
        torch="optim.lr_scheduler.MultiStepLR",
        keras="optimizers.schedules.PiecewiseConstantDecay",
        notes="Milestones are steps of the optimizer as in all schedules; in PyTorch they are "
        "calls of `scheduler.step()`, often one an epoch.",
    )
)
