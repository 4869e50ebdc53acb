"""The rate of every schedule before, at and after its end, in numbers computed by hand.

Read off the parameters: plain SGD with a gradient of ones moves each of them by the rate.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from nnc.schedules import SCHEDULES

from ..generated import build

# schedule: the spec's rate, and for each step (numbered from 0, as opt["step"] counts) its rate.
COSINE = {0: 0.1, 1: 0.0882842712474619, 2: 0.06, 3: 0.0317157287525381, 4: 0.02, 5: 0.02}
ONECYCLE = {0: 0.02, 1: 0.26, 2: 0.5, 3: 0.475242316006737, 8: 0.024759683993263, 9: 2e-6, 10: 2e-6}
CASES = {
    "constant": (0.8, {0: 0.8, 1: 0.8, 1000: 0.8}),
    "constant warmup=4": (0.8, {0: 0.2, 1: 0.4, 2: 0.6, 3: 0.8, 4: 0.8, 5: 0.8}),
    "step every=3 gamma=0.5": (0.8, {0: 0.8, 2: 0.8, 3: 0.4, 5: 0.4, 6: 0.2, 30: 0.8 / 1024}),
    "step every=2 gamma=0.5 warmup=2": (0.8, {0: 0.4, 1: 0.8, 2: 0.8, 3: 0.8, 4: 0.4, 6: 0.2}),
    "multistep milestones=[2, 5] gamma=0.5": (
        0.8,
        {0: 0.8, 1: 0.8, 2: 0.4, 4: 0.4, 5: 0.2, 99: 0.2},
    ),
    "multistep milestones=[5, 2, 5] gamma=0.5": (0.8, {1: 0.8, 2: 0.4, 5: 0.1}),
    "multistep milestones=[2] gamma=0.5 warmup=2": (0.8, {0: 0.4, 1: 0.8, 3: 0.8, 4: 0.4}),
    "exponential gamma=0.5": (0.8, {0: 0.8, 1: 0.4, 2: 0.2, 10: 0.8 / 1024}),
    "exponential gamma=0.5 warmup=1": (0.8, {0: 0.8, 1: 0.8, 2: 0.4, 3: 0.2}),
    "cosine steps=4 min=0.02": (0.1, {**COSINE, 8: 0.02, 1000: 0.02}),
    "cosine steps=4 min=0.02 warmup=2": (
        0.1,
        {0: 0.05, 1: 0.1, **{2 + s: rate for s, rate in COSINE.items()}, 10: 0.02, 1000: 0.02},
    ),
    "cosine steps=2": (0.1, {0: 0.1, 1: 0.05, 2: 0.0, 3: 0.0, 4: 0.0}),
    "linear steps=4 end=0.02": (0.1, {0: 0.1, 1: 0.08, 3: 0.04, 4: 0.02, 5: 0.02, 1000: 0.02}),
    "linear steps=4 end=0.3": (0.1, {0: 0.1, 2: 0.2, 3: 0.25, 4: 0.3, 5: 0.3, 1000: 0.3}),
    "linear steps=2 warmup=2": (0.1, {0: 0.05, 1: 0.1, 2: 0.1, 3: 0.05, 4: 0.0, 5: 0.0}),
    "onecycle steps=10": (0.5, {**ONECYCLE, 1000: 2e-6}),
    "onecycle steps=10 max=0.5": (0.1, {**ONECYCLE, 1000: 2e-6}),
    "onecycle steps=10 warmup=2": (
        0.5,
        {0: 0.01, 1: 0.02, **{2 + s: rate for s, rate in ONECYCLE.items()}, 1000: 2e-6},
    ),
}


def plain_descent(case: str, rate: float, level: int):
    return build(
        f"input 2 -> dense 1; loss mse; optimizer sgd lr={rate}; schedule {case}\ndtype float64",
        level,
    )


@pytest.mark.parametrize("kind", SCHEDULES.values(), ids=SCHEDULES)
def test_a_warm_up_rises_to_the_first_rate_and_moves_the_others_back(kind):
    case = re.sub(r" *warmup=\d+", "", kind.example.partition("schedule ")[2])
    plain, warmed = (plain_descent(case + more, 0.8, 0) for more in ("", " warmup=4"))
    peak = plain.TRAIN["schedule"].get(kind.peak, 0.8)
    assert plain.scheduled_rate(0) == pytest.approx(kind.first * peak)
    for step in range(4):
        assert warmed.scheduled_rate(step) == pytest.approx(kind.first * peak * (step + 1) / 4)
    for step in (*range(20), 1000, 10**6):
        assert warmed.scheduled_rate(step + 4) == plain.scheduled_rate(step)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("case", CASES)
def test_the_rate_of_a_step(case, level):
    rate, expected = CASES[case]
    module = plain_descent(case, rate, level)
    params = module.init_params(0)
    ones = {name: np.ones_like(array) for name, array in params.items()}
    for step, wanted in expected.items():
        opt = module.init_optimizer(params)
        opt["step"] = step
        before = float(params["dense1.b"][0])
        module.optimizer_step(params, ones, opt)
        assert before - params["dense1.b"][0] == pytest.approx(wanted, rel=1e-9, abs=1e-15), step
        assert opt["step"] == step + 1
