"""Random formulas in random networks against PyTorch: values, losses and gradients in float64."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from .generated import module

FORMULAS = int(os.environ.get("NNC_FORMULAS", "60"))
TOLERANCE = 1e-10
LONGEST = 60
"""Brackets in one formula: the language allows 100 brackets and operators within each other."""

ONE = {
    "exp": torch.exp,
    "abs": torch.abs,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softplus": torch.nn.functional.softplus,
    "erf": torch.erf,
    "sin": torch.sin,
    "cos": torch.cos,
    "stop": lambda a: a.detach(),
    "softmax": lambda a: torch.softmax(a, -1),
    "sum": lambda a: a.sum(-1, keepdim=True),
    "mean": lambda a: a.mean(-1, keepdim=True),
    "max": lambda a: a.amax(-1, keepdim=True),
    "min": lambda a: a.amin(-1, keepdim=True),
}
TWO = {
    "+": torch.add,
    "-": torch.sub,
    "*": torch.mul,
    "max": torch.maximum,
    "min": torch.minimum,
}
COMPARED = {
    "<": torch.lt,
    "<=": torch.le,
    ">": torch.gt,
    ">=": torch.ge,
    "==": torch.eq,
    "!=": torch.ne,
}


@dataclass
class Drawn:
    """A formula as text, and what it computes with PyTorch."""

    text: str
    value: object

    def __call__(self, given):
        found = self.value(given)
        return found if torch.is_tensor(found) else torch.tensor(found, dtype=torch.float64)


def draw(rng: random.Random, names: tuple[str, ...], depth: int) -> Drawn:
    """A formula of at most that depth whose entries stay of moderate size."""
    if depth == 0 or rng.random() < 0.1:
        name = rng.choice(names)
        return Drawn(name, lambda given: given[name])

    def part() -> Drawn:
        return draw(rng, names, depth - 1)

    match rng.randrange(10):
        case 0 | 1 | 2:
            a, name = part(), rng.choice(list(ONE))
            if name == "exp":  # of what is bounded
                return Drawn(f"exp(sin({a.text}))", lambda g: torch.exp(torch.sin(a(g))))
            return Drawn(f"{name}({a.text})", lambda g: ONE[name](a(g)))
        case 3 | 4 | 5:
            a, b, name = part(), part(), rng.choice(list(TWO))
            call = name in ("max", "min")
            text = f"{name}({a.text}, {b.text})" if call else f"({a.text}) {name} ({b.text})"
            return Drawn(text, lambda g: TWO[name](a(g), b(g)))
        case 6:
            a, b, c, d = part(), part(), part(), part()
            sign = rng.choice(list(COMPARED))
            text = f"where({a.text} {sign} {b.text}, {c.text}, {d.text})"
            return Drawn(text, lambda g: torch.where(COMPARED[sign](a(g), b(g)), c(g), d(g)))
        case 7:
            a, n = part(), rng.choice((-2, -1, 0.5, 1, 2, 3, 1.5))
            text = f"(1.5 + tanh({a.text})) ** {n}" if n > 0 else f"(2 + sin({a.text})) ** ({n})"
            inner = (lambda g: 1.5 + torch.tanh(a(g))) if n > 0 else (lambda g: 2 + torch.sin(a(g)))
            return Drawn(text, lambda g: inner(g) ** n)
        case 8:
            a, b, f = part(), part(), rng.choice((torch.log, torch.sqrt))
            text = f"{f.__name__}(0.1 + abs({a.text})) / (1 + ({b.text}) ** 2)"
            return Drawn(text, lambda g: f(0.1 + torch.abs(a(g))) / (1 + b(g) ** 2))
    a, x = part(), round(rng.uniform(-2, 2), 2)
    return Drawn(f"q * ({a.text}) - {x}", lambda g: g["q"] * a(g) - x)


def fitting(rng: random.Random, names: tuple[str, ...], depth: int) -> Drawn:
    """One that is not too long."""
    while True:
        drawn = draw(rng, names, depth)
        operators = sum(map(drawn.text.count, "(+-*/"))
        if operators < LONGEST:
            return drawn


WORST = {"values and losses": 0.0, "gradients": 0.0}
"""The largest relative differences of a run, printed at its end."""


@pytest.fixture(scope="module", autouse=True)
def figures():
    yield
    said = ", ".join(f"{what} {worst:.1e}" for what, worst in WORST.items())
    print(f"\n{4 * FORMULAS} formulas in {FORMULAS} networks, largest relative differences: {said}")


def distance(ours, theirs) -> float:
    theirs = theirs.detach().numpy()
    found = float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-4))
    WORST["values and losses"] = max(WORST["values and losses"], found)
    return found


@pytest.mark.parametrize("seed", range(FORMULAS))
def test_a_random_formula_is_pytorchs(seed):
    rng = random.Random(seed)
    act = fitting(rng, ("z",), rng.randrange(2, 7))
    join = fitting(rng, ("a", "b"), rng.randrange(1, 5))
    judged = fitting(rng, ("y", "t", "y"), rng.randrange(1, 5))
    free = fitting(rng, ("a", "b"), rng.randrange(1, 5))
    wide = rng.randrange(2, 5)
    narrow = rng.choice((1, wide))
    q, weight = round(rng.uniform(-1, 1), 2), round(rng.uniform(0.1, 2), 2)
    spec = (
        f"fn act(z, q=1) = z + {act.text}\n"
        f"fn join(a, b, q=1) = tanh(a + b) + {join.text}\n"
        f"fn judged(y, t, q=1) = y - t + {judged.text}\n"
        f"fn free(a, b, q=1) = a * b + {free.text}\n"
        f"input 3 -> dense 4 act(q={q}) -> [dense {narrow} tanh as m, dense {wide} as n]\n"
        f"[m, n] -> join(q={q}) -> dense 2 as y\n"
        f"loss judged q={q} on y\n"
        f"loss free q={q} on m, n weight={weight} reduction=batchmean\n"
        "output y\ndtype float64\n"
    )
    data = np.random.default_rng(seed)
    x, t = data.normal(size=(5, 3)), data.normal(size=(5, 2))
    ours = [module(spec, level) for level in (0, 1)]
    arrays = {n: np.asarray(p) for n, p in ours[0].init_params(seed).items()}
    params = {n: torch.tensor(p, requires_grad=True) for n, p in arrays.items()}

    def dense(v, name):
        return v @ params[f"{name}.W"] + params[f"{name}.b"]

    z = dense(torch.tensor(x), "dense1")
    h = z + act({"z": z, "q": q})
    m, n = torch.tanh(dense(h, "m")), dense(h, "n")
    j = torch.tanh(m + n) + join({"a": m, "b": n, "q": q})
    y, target = dense(j, "y"), torch.tensor(t)
    one = (y - target + judged({"y": y, "t": target, "q": q})).mean()
    two = (m * n + free({"a": m, "b": n, "q": q})).sum() / 5
    total = one + weight * two
    total.backward()
    for own in ours:
        given = own.init_params(seed)
        outputs, cache = own.forward(given, x)
        assert distance(np.asarray(outputs), y) < TOLERANCE
        assert distance(own.loss(given, cache, t), total) < TOLERANCE
        grads = own.backward(given, cache, t)
        largest = max(float(p.grad.abs().max()) for p in params.values() if p.grad is not None)
        for name, p in params.items():
            grad = torch.zeros_like(p) if p.grad is None else p.grad
            scale = max(float(grad.abs().max()), 1e-4 * largest)
            apart = float(np.abs(grads[name] - grad.numpy()).max()) / (scale or 1.0)
            WORST["gradients"] = max(WORST["gradients"], apart)
            assert apart <= TOLERANCE, (name, spec)
