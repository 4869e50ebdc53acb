"""Every optimizer, with schedules and clipping, against PyTorch over many steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from .generated import TOLERANCE, module
from .torch_training import (
    OPTIMIZERS,
    SCHEDULES,
    Build,
    Options,
    Scheduled,
    documented_rate,
    draw_clip,
    draw_schedule,
)

STEPS = 25
DRAWS = 50
NETWORK = "input 3 -> dense 4 tanh -> dense 2\nloss mse\nregularize l2=0.01\n"


@pytest.fixture(autouse=True)
def double_numbers():
    """PyTorch keeps NAdam's product of momenta in the default type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@dataclass(frozen=True)
class Training:
    """A spec's way of training, drawn, and PyTorch's equivalent."""

    text: str
    build: Build
    schedule: Scheduled | None
    clip: object

    def torch_steps(self, params, gradients_at):
        """The parameters after each step; `gradients_at` sets every p.grad."""
        optimizer = self.build(list(params.values()))
        scheduler = self.schedule.attach(optimizer, STEPS) if self.schedule else None
        for step in range(STEPS):
            optimizer.zero_grad()
            gradients_at(step)
            self.clip(list(params.values()))
            optimizer.step()
            if scheduler and step + 1 < STEPS:
                scheduler.step()
            yield {name: p.detach().numpy().copy() for name, p in params.items()}


def draw_training(kind: str, seed: int) -> Training:
    rng = np.random.default_rng([seed, *kind.encode()])
    options = Options(rng)
    build = OPTIMIZERS[kind](options)
    rate = build([torch.zeros(1, requires_grad=True)]).param_groups[0]["lr"]
    schedule = None
    if rng.random() < 0.7:
        schedule = draw_schedule(rng, str(rng.choice(SCHEDULES)), rate, STEPS)
    text, clip = draw_clip(rng)
    lines = [f"optimizer {kind} {options.text()}", schedule.text if schedule else "", text]
    return Training("\n".join(filter(None, lines)) + "\n", build, schedule, clip)


def apart(got, want) -> float:
    """The worst error of any array, relative to its largest entry."""
    errors = [np.abs(got[k] - w).max() / np.abs(w).max() for k, w in want.items()]
    return max(np.inf if np.isnan(e) else e for e in errors)


def start(seed: int):
    """Parameters, rows and targets."""
    rng = np.random.default_rng(seed)
    shapes = {"dense1.W": (3, 4), "dense1.b": (4,), "dense2.W": (4, 2), "dense2.b": (2,)}
    params = {name: rng.uniform(-1, 1, shape) for name, shape in shapes.items()}
    return params, rng.uniform(-1, 1, (7, 3)), rng.uniform(-2, 2, (7, 2))


def as_tensors(params):
    return {name: torch.tensor(p, requires_grad=True) for name, p in params.items()}


def network_gradients(params, x, target):
    """What sets every p.grad to the gradient of NETWORK's loss."""
    x, target = torch.tensor(x), torch.tensor(target)

    def at(step):
        hidden = torch.tanh(x @ params["dense1.W"] + params["dense1.b"])
        y = hidden @ params["dense2.W"] + params["dense2.b"]
        squares = sum((params[f"dense{i}.W"] ** 2).sum() for i in (1, 2))
        (torch.mean((y - target) ** 2) + 0.01 / 2 * squares).backward()

    return at


def hand_gradients(seed: int, params):
    """Gradients of very different sizes, some entries zero throughout."""
    rng = np.random.default_rng(seed)
    alive = {n: rng.random(p.shape) > 0.2 for n, p in params.items()}
    sizes = 10 ** rng.uniform(-3, 2, STEPS)
    return [
        {n: s * alive[n] * rng.standard_normal(p.shape) for n, p in params.items()} for s in sizes
    ]


def check_training(drawn: Training, seed: int, level: int, dtype: str) -> None:
    made = module(f"{NETWORK}{drawn.text}dtype {dtype}\n", level)
    begin, x, target = start(seed)
    ours = {n: p.astype(dtype) for n, p in begin.items()}
    opt, tensors = made.init_optimizer(ours), as_tensors(begin)
    for want in drawn.torch_steps(tensors, network_gradients(tensors, x, target)):
        made.train_step(ours, x, target, opt)
        assert apart(ours, want) <= TOLERANCE[dtype], (opt["step"], drawn.text)


def check_hand_gradients(drawn: Training, seed: int, level: int, dtype: str) -> None:
    made = module(f"{NETWORK}{drawn.text}dtype {dtype}\n", level)
    begin, _, _ = start(seed)
    given = hand_gradients(seed, begin)
    ours = {n: p.astype(dtype) for n, p in begin.items()}
    opt, tensors = made.init_optimizer(ours), as_tensors(begin)

    def at(step):
        for name, p in tensors.items():
            p.grad = torch.tensor(given[step][name])

    for step, want in enumerate(drawn.torch_steps(tensors, at)):
        grads = {n: g.astype(dtype) for n, g in given[step].items()}
        made.optimizer_step(ours, grads, opt)
        assert apart(ours, want) <= TOLERANCE[dtype], (opt["step"], drawn.text)
        for name, g in grads.items():
            assert np.array_equal(g, given[step][name].astype(dtype)), "a gradient was changed"


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_step_equals_pytorchs(kind, level):
    """In training a network, and with gradients given by hand."""
    for seed in range(DRAWS):
        drawn = draw_training(kind, seed)
        check_training(drawn, seed, level, "float64")
        check_hand_gradients(drawn, seed, level, "float64")


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_single_precision(kind, level):
    for seed in range(8):
        check_hand_gradients(draw_training(kind, 200 + seed), seed, level, "float32")


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_the_draws_reach_every_argument(kind):
    from nnc.optimizers import OPTIMIZERS as KINDS

    texts = [draw_training(kind, seed).text for seed in range(DRAWS)]
    missed = [a.name for a in KINDS[kind].args if not any(f" {a.name}=" in t for t in texts)]
    assert not missed
    assert all(any(f"schedule {s} " in t for t in texts) for s in SCHEDULES)
    assert all(any(f"clip {c}=" in t for t in texts) for c in ("norm", "value"))


# --- schedules by themselves ----------------------------------------------------------------


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("kind", SCHEDULES)
def test_rates_equal_pytorchs_schedulers(kind, level):
    steps, natives = 40, 0
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        rate = float(f"{rng.uniform(0.01, 1):.3g}")
        drawn = draw_schedule(rng, kind, rate, steps)
        text = f"input 1 -> dense 1; loss mse; optimizer sgd lr={rate}; {drawn.text}"
        made = module(text, level)
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
        scheduler = drawn.attach(optimizer, steps)
        natives += not isinstance(scheduler, torch.optim.lr_scheduler.LambdaLR)
        for step in range(steps):
            want = optimizer.param_groups[0]["lr"]
            assert made.scheduled_rate(step) == pytest.approx(want, rel=1e-12, abs=1e-15), text
            optimizer.step()
            if step + 1 < steps:
                scheduler.step()
    assert natives >= 5 or kind == "constant"


def test_a_warm_up_is_pytorchs_linear_one_and_then_the_schedule():
    """SequentialLR of LinearLR and CosineAnnealingLR, which people put together by hand."""
    known = torch.optim.lr_scheduler
    made = module(
        "input 1 -> dense 1; loss mse; optimizer sgd lr=0.3; schedule cosine steps=30 warmup=5"
    )
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    rise = known.LinearLR(optimizer, start_factor=1 / 5, total_iters=4)
    fall = known.CosineAnnealingLR(optimizer, 30)
    both = known.SequentialLR(optimizer, [rise, fall], milestones=[5])
    for step in range(35):
        want = optimizer.param_groups[0]["lr"]
        assert made.scheduled_rate(step) == pytest.approx(want, rel=1e-12)
        optimizer.step()
        both.step()


def test_the_first_warm_up_step_is_at_the_rate_over_its_length():
    made = module("input 1 -> dense 1; loss mse; optimizer adam; schedule constant warmup=8")
    assert made.scheduled_rate(0) == pytest.approx(1e-3 / 8)
    assert made.scheduled_rate(7) == made.scheduled_rate(8) == 1e-3
    assert documented_rate("constant", {"warmup": 8}, 1e-3, 0) == pytest.approx(1e-3 / 8)
