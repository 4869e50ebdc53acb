"""Some steps of a random optimizer, schedule and clipping, with the running statistics after them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from ..draws import error
from ..torch_training import OPTIMIZERS, SCHEDULES, Options, draw_clip, draw_schedule
from .comparison import Trial, compiled
from .drawing import Data
from .evaluation import Run
from .program import Program

STEPS = 5
TOLERANCE = 1e-10


def trained(program: Program, data: Data, seed: int, level: int) -> tuple[list[str], str]:
    """Where parameters and statistics differ after the steps, and the statements that trained."""
    rng = np.random.default_rng([seed, 23])
    options = Options(rng)
    kind = str(rng.choice([k for k in OPTIMIZERS if k != "lion"]))
    build = OPTIMIZERS[kind](options)
    dummy = build([torch.zeros(1, requires_grad=True)])
    rate = dummy.param_groups[0]["lr"]
    schedule = draw_schedule(rng, str(rng.choice(SCHEDULES)), rate, STEPS)
    clip, clipped = draw_clip(rng)
    extra = f"optimizer {kind} {options.text()}\n{schedule.text}\n{clip}\n"
    torch.set_default_dtype(torch.float64)  # NAdam keeps a product of its own in this width
    try:
        params, state, losses = _by_torch(program, data, build, schedule, clipped)
        near, _, _ = _by_torch(program, nudged(data), build, schedule, clipped)
    finally:
        torch.set_default_dtype(torch.float32)
    if any(error(near[k], v, 1e-3) > TOLERANCE / 10 for k, v in params.items()):
        return [], extra  # rounding of gradients that are zero, divided by its own size
    trial = Trial(compiled(program, "float64", level, extra), program, data, "float64")
    opt = trial.module.init_optimizer(trial.params)
    words = trial.words(None)
    got = [
        trial.module.train_step(trial.params, trial.x, trial.target, opt, **words)
        for _ in range(STEPS)
    ]
    errors = [(error(trial.params[k], v, 1e-3), k) for k, v in params.items()]
    errors += [(error(words["state"][k], v), k) for k, v in state.items()]
    errors.append((error(np.array(got), np.array(losses), 1e-3), "losses"))
    far, where = max(errors)
    return ([] if far <= TOLERANCE else [f"after training {where}: error {far:.1e}"]), extra


def nudged(data: Data) -> Data:
    """The same numbers but for their last digit."""
    moved = {k: np.nextafter(v, np.inf) for k, v in data.params.items()}
    return replace(data, params=moved)


def _by_torch(program: Program, data: Data, build, schedule, clipped):
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in data.params.items()}
    for name, leaf in leaves.items():
        leaf.spared = name not in program.weights
    optimizer = build(list(leaves.values()))
    scheduler = schedule.attach(optimizer, STEPS)
    state, losses = data.state, []
    for _ in range(STEPS):
        run = Run(program, replace(data, state=state), torch.float64, train=True)
        run.params = leaves
        total = run.forward().loss()
        losses.append(total.item())
        optimizer.zero_grad()
        grads = torch.autograd.grad(total, list(leaves.values()), materialize_grads=True)
        for leaf, g in zip(leaves.values(), grads, strict=True):
            leaf.grad = g
        clipped(list(leaves.values()))
        optimizer.step()
        scheduler.step()
        state = {k: v.numpy() for k, v in run.state.items()}
    return {k: v.detach().numpy() for k, v in leaves.items()}, state, losses
