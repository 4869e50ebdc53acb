"""Every loss with random arguments, shapes and targets against PyTorch: value and every gradient.

Ten specs a loss, each on five batches of other sizes; -O0 and -O1, float64 and float32.
"""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

from nnc.losses import LOSSES

from .draws import Draw, draw
from .generated import TOLERANCE, disagreements, module
from .numpy_reference import total_loss
from .pieces import REDUCTIONS, act, dense
from .programs import LossSpec, Program, build
from .torch_reference import answer
from .tree import Act, Input, Layer

SPECS, BATCHES = 10, 5
ENDS: dict[str, tuple[str | None, ...]] = {
    "crossentropy": ("softmax", "log_softmax", None),
    "bce": ("sigmoid", "sigmoid(2)", None),
    "kl": ("log_softmax",),
}
SHAPES = [(4,), (4,), ("T", 4), ("T", 4), (3, 4), (2, 3, 4)]


def arguments(rng: random.Random, kind: str, n: int) -> dict[str, object]:
    """Random arguments of a loss on n features."""
    numbers = [round(rng.uniform(0.1, 4), 2) for _ in range(n)]
    match kind:
        case "crossentropy":
            args: dict[str, object] = {}
            if rng.random() < 0.5:
                args["smoothing"] = round(rng.uniform(0.01, 0.9), 2)
            if rng.random() < 0.6:
                args["weights"] = [0, *numbers[1:]] if rng.random() < 0.2 else numbers
            return args
        case "bce":
            return rng.choice([{}, {"pos_weight": numbers[0]}, {"pos_weight": numbers}])
        case "huber":
            return rng.choice([{}, {"delta": numbers[0]}])
    return {}


def loss_program(kind: str, seed: int) -> Program:
    """A small network under a random loss of that kind."""
    rng = random.Random(f"{kind} {seed}")
    n = rng.randint(2 if kind in ("crossentropy", "kl") else 1, 5)
    end = rng.choice(ENDS.get(kind, (None, "tanh", "softplus")))
    trailing: Act | None = act(end) if end else None
    shape = rng.choice(SHAPES)
    spec = LossSpec(
        kind,
        reduction=rng.choice(REDUCTIONS),
        weight=rng.choice([None, 0.3]),
        args=arguments(rng, kind, n),
        ids=(kind == "crossentropy" or (kind == "hinge" and n > 1)) and rng.random() < 0.6,
    )
    flat = [Layer("flatten", "flatten")] if len(shape) == 3 else []
    return build([[Input(shape), *flat, dense(n, trailing)]], [spec])


def far_from_kinks(made: Program, seed: int, narrow: bool) -> Draw:
    """Numbers on which no derivative jumps and the loss is a number at all.

    PyTorch's mean over rows whose weights are all 0 is not one.
    """
    for attempt in range(50):
        one = draw(made, 50 * seed + attempt, narrow=narrow)
        with np.errstate(invalid="ignore"):
            loss, run = total_loss(made, one.params, one.inputs, one.targets)
        if run.margin > 1e-4 and np.isfinite(loss):
            return one
    raise AssertionError("no numbers found")


@pytest.mark.parametrize("seed", range(SPECS))
@pytest.mark.parametrize("kind", sorted(LOSSES))
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_loss_agrees_with_torch(dtype, kind, seed):
    made = loss_program(kind, seed)
    modules = [module(made.text(dtype), level) for level in (0, 1)]
    for batch in range(BATCHES):
        one = far_from_kinks(made, BATCHES * seed + batch, dtype == "float32")
        want = answer(made, one.params, one.inputs, one.targets)
        for level, generated in enumerate(modules):
            found = disagreements(
                generated, made, one, want.outputs, want.loss, want.grads, TOLERANCE[dtype]
            )
            assert not found, f"-O{level}: {'; '.join(found)}\n{made.text(dtype)}"


def test_the_draws_cover_what_losses_can_be():
    seen: Counter[str] = Counter()
    for kind in LOSSES:
        for seed in range(SPECS):
            made = loss_program(kind, seed)
            (term,) = made.losses
            shape = next(iter(made.inputs.values()))
            seen[f"{kind} {term.reduction}"] += 1
            seen[f"{kind} on {'x'.join(map(str, shape))}"] += 1
            seen[f"{kind} ids {term.ids}"] += 1
            seen.update(f"{kind} {name}" for name in term.args)
    for kind in LOSSES:
        assert all(seen[f"{kind} {how}"] for how in ("mean", "batchmean", "sum")), kind
        assert all(seen[f"{kind} on {shape}"] for shape in ("4", "Tx4")), kind
    for what in ("crossentropy ids", "hinge ids"):
        assert all(seen[f"{what} {given}"] for given in (True, False)), what
    for what in ("crossentropy smoothing", "crossentropy weights", "bce pos_weight", "huber delta"):
        assert seen[what] > 1, what
