"""Optimizers, schedules and clipping as PyTorch has them, drawn at random with their spec text.

What PyTorch lacks (lion, adam without correction, schedules after a warm-up or beyond their end) is
written here from the formulas in the documentation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

Rule = Callable[[torch.Tensor, torch.Tensor, dict, int, float, float], None]


class Written(torch.optim.Optimizer):
    """An optimizer given as one formula: it changes p, with its gradient, memory, step, rate and decay."""

    def __init__(self, params, lr: float, weight_decay: float, rule: Rule) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})
        self.rule = rule

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                memory = self.state[p]
                memory["step"] = memory.get("step", 0) + 1
                rates = group["lr"], group["weight_decay"]
                self.rule(p, p.grad.clone(), memory, memory["step"], *rates)


def lion(beta1: float, beta2: float) -> Rule:
    """Algorithm 2 of Chen et al. 2023."""

    def rule(p, g, memory, step, lr, weight_decay):
        m = memory.setdefault("m", torch.zeros_like(p))
        update = torch.sign(beta1 * m + (1 - beta1) * g)
        p -= lr * (update + weight_decay * p)
        memory["m"] = beta2 * m + (1 - beta2) * g

    return rule


def plain_adam(beta1, beta2, eps, amsgrad, decoupled) -> Rule:
    """Adam's means without the correction for their start at zero."""

    def rule(p, g, memory, step, lr, weight_decay):
        zero = torch.zeros_like(p)
        m, v, top = (memory.get(k, zero) for k in ("m", "v", "top"))
        if not decoupled:
            g = g + weight_decay * p
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        top = torch.maximum(top, v)
        memory.update(m=m, v=v, top=top)
        if decoupled:
            p *= 1 - lr * weight_decay
        p -= lr * m / ((top if amsgrad else v).sqrt() + eps)

    return rule


@dataclass
class Options:
    """Arguments drawn for both sides: `given` those that the spec writes down."""

    rng: np.random.Generator
    given: dict[str, object] = field(default_factory=dict)

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number, or the default, left out of the spec."""
        if self.rng.random() < 0.4:
            return default
        self.given[name] = float(f"{self.rng.uniform(low, high):.6g}")
        return self.given[name]

    def small(self, name: str, default: float, low: float, high: float) -> float:
        """The same, uniform in the exponent."""
        found = self.number(name, math.log10(default), math.log10(low), math.log10(high))
        if name not in self.given:
            return default
        self.given[name] = float(f"{10 ** found:.4g}")
        return self.given[name]

    def flag(self, name: str, default: bool = False) -> bool:
        if self.rng.random() < 0.5:
            return default
        self.given[name] = not default
        return not default

    def text(self) -> str:
        return " ".join(f"{k}={str(v).lower()}" for k, v in self.given.items())


Build = Callable[[list[torch.Tensor]], torch.optim.Optimizer]


def sgd(o: Options) -> Build:
    o.given["lr"] = lr = float(f"{o.rng.uniform(0.01, 0.3):.4g}")
    momentum = o.number("momentum", 0.0, 0.1, 0.95)
    nesterov = bool(momentum) and o.flag("nesterov")
    dampening = 0.0 if nesterov else o.number("dampening", 0.0, 0.1, 0.9)
    decay = o.number("weight_decay", 0.0, 0.001, 0.3)
    return lambda ps: torch.optim.SGD(
        ps, lr, momentum=momentum, dampening=dampening, weight_decay=decay, nesterov=nesterov
    )


def _adam(o: Options, decoupled: bool) -> Build:
    lr, betas = o.small("lr", 1e-3, 1e-4, 3e-2), _betas(o, 0.999)
    eps, amsgrad = o.small("eps", 1e-8, 1e-10, 1e-2), o.flag("amsgrad")
    decay = o.number("weight_decay", 0.01 if decoupled else 0.0, 0.001, 0.3)
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    if o.rng.random() < 0.4:
        o.given["correction"] = False
        rule = plain_adam(*betas, eps, amsgrad, decoupled)
        return lambda ps: Written(ps, lr, decay, rule)
    return lambda ps: kind(ps, lr, betas, eps, weight_decay=decay, amsgrad=amsgrad)


def _betas(o: Options, second: float) -> tuple[float, float]:
    return o.number("beta1", 0.9, 0.0, 0.99), o.number("beta2", second, 0.5, 0.9999)


def adam(o: Options) -> Build:
    return _adam(o, False)


def adamw(o: Options) -> Build:
    return _adam(o, True)


def rmsprop(o: Options) -> Build:
    lr, alpha = o.small("lr", 1e-2, 1e-4, 3e-2), o.number("alpha", 0.99, 0.5, 0.999)
    eps, decay = o.small("eps", 1e-8, 1e-10, 1e-2), o.number("weight_decay", 0.0, 0.001, 0.3)
    momentum, centered = o.number("momentum", 0.0, 0.1, 0.95), o.flag("centered")
    return lambda ps: torch.optim.RMSprop(ps, lr, alpha, eps, decay, momentum, centered)


def adagrad(o: Options) -> Build:
    lr, decay = o.small("lr", 1e-2, 1e-3, 0.3), o.number("weight_decay", 0.0, 0.001, 0.3)
    lr_decay, start = o.number("lr_decay", 0.0, 0.001, 0.5), o.number("start", 0.0, 0.01, 1)
    eps = o.small("eps", 1e-10, 1e-12, 1e-2)
    return lambda ps: torch.optim.Adagrad(ps, lr, lr_decay, decay, start, eps)


def adadelta(o: Options) -> Build:
    lr, rho = o.small("lr", 1.0, 0.1, 3), o.number("rho", 0.9, 0.5, 0.999)
    eps, decay = o.small("eps", 1e-6, 1e-8, 1e-2), o.number("weight_decay", 0.0, 0.001, 0.3)
    return lambda ps: torch.optim.Adadelta(ps, lr, rho, eps, decay)


def nadam(o: Options) -> Build:
    lr, betas = o.small("lr", 2e-3, 1e-4, 3e-2), _betas(o, 0.999)
    eps, decay = o.small("eps", 1e-8, 1e-10, 1e-2), o.number("weight_decay", 0.0, 0.001, 0.3)
    psi, apart = o.number("momentum_decay", 4e-3, 0.0, 0.1), o.flag("decoupled")
    return lambda ps: torch.optim.NAdam(
        ps, lr, betas, eps, decay, psi, decoupled_weight_decay=apart
    )


def lion_(o: Options) -> Build:
    lr, betas = o.small("lr", 1e-4, 1e-5, 1e-2), _betas(o, 0.99)
    decay = o.number("weight_decay", 0.0, 0.001, 0.3)
    return lambda ps: Written(ps, lr, decay, lion(*betas))


def of_weights(drawn: Callable[[Options], Build]) -> Callable[[Options], Build]:
    """The same optimizer, whose weight decay may be for weights only."""

    def draw(o: Options) -> Build:
        build = drawn(o)
        if not o.given.get("weight_decay") or o.rng.random() < 0.5:
            return build
        o.given["decay"] = "weights"
        return lambda ps: build(groups(ps))

    return draw


def groups(ps: list[torch.Tensor]) -> list[dict[str, object]]:
    """Two groups, the second without decay: what is marked as `spared`, or else vectors."""
    spared = [getattr(p, "spared", p.dim() < 2) for p in ps]
    found = [
        {"params": [p for p, out in zip(ps, spared, strict=True) if not out]},
        {"params": [p for p, out in zip(ps, spared, strict=True) if out], "weight_decay": 0.0},
    ]
    return [group for group in found if group["params"]]


OPTIMIZERS = {
    f.__name__.strip("_"): of_weights(f)
    for f in (sgd, adam, adamw, rmsprop, adagrad, adadelta, nadam, lion_)
}

# --- schedules ------------------------------------------------------------------------------


def documented_rate(kind: str, args: dict[str, float], rate: float, step: int) -> float:
    """The formula of docs/layers.md, `step` counted from 0 in the first step."""
    warmup = int(args.get("warmup", 0))
    if step < warmup:
        return documented_rate(kind, {**args, "warmup": 0}, rate, 0) * (step + 1) / warmup
    s = step - warmup
    match kind:
        case "constant":
            return rate
        case "step":
            return rate * args["gamma"] ** math.floor(s / args["every"])
        case "multistep":
            return rate * args["gamma"] ** len([m for m in args["milestones"] if m <= s])
        case "exponential":
            return rate * args["gamma"] ** s
        case "cosine":
            s = min(s, args["steps"])
            low = args["min"]
            return low + (rate - low) * (1 + math.cos(math.pi * s / args["steps"])) / 2
        case "linear":
            return rate + (args["end"] - rate) * min(s, args["steps"]) / args["steps"]
    top, n = args["max"], args["steps"]
    s, u = min(s, n - 1), 0.3 * n - 1
    a, b, x = (top / 25, top, s / u) if s <= u else (top, top / 250000, (s - u) / (0.7 * n))
    return b + (a - b) * (1 + math.cos(math.pi * x)) / 2


SCHEDULES = ("constant", "step", "multistep", "exponential", "cosine", "linear", "onecycle")


@dataclass(frozen=True)
class Scheduled:
    """A schedule drawn: its spec text, its arguments with defaults, and whether PyTorch has it."""

    kind: str
    args: dict[str, float]
    text: str

    def attach(self, optimizer: torch.optim.Optimizer, steps: int):
        """PyTorch's own scheduler where it computes this, else the documented formula."""
        known, a = torch.optim.lr_scheduler, self.args
        rate = optimizer.param_groups[0]["lr"]
        if not a["warmup"] and a.get("steps", steps) >= steps:
            match self.kind:
                case "step":
                    return known.StepLR(optimizer, a["every"], a["gamma"])
                case "multistep":
                    return known.MultiStepLR(optimizer, a["milestones"], a["gamma"])
                case "exponential":
                    return known.ExponentialLR(optimizer, a["gamma"])
                case "cosine":
                    return known.CosineAnnealingLR(optimizer, a["steps"], a["min"])
                case "linear" if a["end"] <= rate:
                    return known.LinearLR(optimizer, 1.0, a["end"] / rate, a["steps"])
                case "onecycle":
                    return known.OneCycleLR(
                        optimizer, a["max"], total_steps=a["steps"], cycle_momentum=False
                    )
        return known.LambdaLR(optimizer, lambda s: documented_rate(self.kind, a, rate, s) / rate)


def draw_schedule(rng: np.random.Generator, kind: str, rate: float, steps: int) -> Scheduled:
    """A schedule over about so many steps."""
    given: dict[str, float] = {}
    defaults = {"warmup": 0}
    match kind:
        case "step":
            given, defaults = {"every": int(rng.integers(1, 9))}, {"gamma": 0.1, "warmup": 0}
            if rng.random() < 0.7:
                given["gamma"] = float(f"{rng.uniform(0.2, 1.2):.3g}")
        case "multistep":
            drawn = rng.integers(1, 2 * steps, int(rng.integers(1, 6)))
            given, defaults = {"milestones": drawn.tolist()}, {"gamma": 0.1, "warmup": 0}
            if rng.random() < 0.7:
                given["gamma"] = float(f"{rng.uniform(0.2, 1.2):.3g}")
        case "exponential":
            given["gamma"] = float(f"{rng.uniform(0.8, 1.02):.4g}")
        case "cosine" | "linear":
            given["steps"] = int(rng.integers(1, 3 * steps))
            last = "min" if kind == "cosine" else "end"
            defaults[last] = 0.0
            if rng.random() < 0.6:
                given[last] = float(f"{rate * rng.uniform(0, 1.1):.4g}")
        case "onecycle":
            given["steps"], defaults["max"] = int(rng.integers(4, 3 * steps)), rate
            if rng.random() < 0.6:
                given["max"] = float(f"{rate * rng.uniform(0.5, 2):.4g}")
    if rng.random() < 0.5:
        given["warmup"] = int(rng.integers(0, 12))
    text = " ".join(f"{k}={v}" for k, v in given.items())
    return Scheduled(kind, {**defaults, **given}, f"schedule {kind} {text}")


def draw_clip(rng: np.random.Generator) -> tuple[str, Callable[[list[torch.Tensor]], object]]:
    """Clipping: its spec text and what PyTorch does."""
    bound = float(f"{10 ** rng.uniform(-1.5, 1):.3g}")
    match rng.integers(3):
        case 0:
            return "", lambda ps: None
        case 1:
            return f"clip norm={bound}", lambda ps: torch.nn.utils.clip_grad_norm_(ps, bound)
    return f"clip value={bound}", lambda ps: torch.nn.utils.clip_grad_value_(ps, bound)
