"""One training step of 784-30-10: the generated module, PyTorch eager, NumPy by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import cycle

import numpy as np

from .by_hand import batched_step
from .generated import DIGITS, digits, module
from .timing import Timings, interleave

RATE = 0.5
O1, O0, TORCH, NUMPY = "generated -O1", "generated -O0", "PyTorch eager", "NumPy by hand"
Params = Mapping[str, np.ndarray]
Batches = list[tuple[np.ndarray, np.ndarray]]


def batches(size: int, count: int = 40) -> Batches:
    """Batches cut from synthetic digits."""
    x, target = digits(size * count)
    return [(x[i : i + size].copy(), target[i : i + size]) for i in range(0, size * count, size)]


def generated(level: int, start: Params, data: Batches) -> Callable[[], float]:
    """train_step of the module, on batch after batch."""
    made, rows = module(DIGITS, level), cycle(data)
    params = {name: value.copy() for name, value in start.items()}
    opt = made.init_optimizer(params)

    def step() -> float:
        x, target = next(rows)
        return float(made.train_step(params, x, target, opt, RATE))

    return step


def numpy_by_hand(start: Params, data: Batches) -> Callable[[], float]:
    """Plain allocating NumPy."""
    params, rows = {name: value.copy() for name, value in start.items()}, cycle(data)

    def step() -> float:
        x, target = next(rows)
        return batched_step(params, x, target, RATE)

    return step


def torch_eager(start: Params, data: Batches) -> Callable[[], float] | None:
    """nn.Sequential, CrossEntropyLoss and optim.SGD as in the tutorials; None without PyTorch."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    nn = torch.nn
    model = nn.Sequential(nn.Linear(784, 30), nn.Sigmoid(), nn.Linear(30, 10))
    with torch.no_grad():
        for name, leaf in zip(start, model.parameters(), strict=True):
            leaf.copy_(torch.from_numpy(np.ascontiguousarray(start[name].T)))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    rows = cycle([(torch.from_numpy(x), torch.from_numpy(target)) for x, target in data])

    def step() -> float:
        x, target = next(rows)
        optimizer.zero_grad()
        loss = criterion(model(x), target)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return step


def contenders(start: Params, data: Batches) -> dict[str, Callable[[], float]]:
    """Everybody from the same parameters on the same batches; they must agree on the loss."""
    eager = torch_eager(start, data)
    made = {
        O1: generated(1, start, data),
        O0: generated(0, start, data),
        NUMPY: numpy_by_hand(start, data),
        **({TORCH: eager} if eager else {}),
    }
    for _ in range(3):
        losses = [step() for step in made.values()]
        if not np.allclose(losses, losses[0], rtol=1e-3, atol=1e-6):
            raise AssertionError(f"the contenders compute different things: {losses}")
    return made


def converged(start: Params, data: Batches, steps: int) -> tuple[dict[str, np.ndarray], float]:
    """Parameters after training, the last layer then grown until probabilities go denormal.

    Training gets there by itself only after very long; the margins are multiplied instead so
    that the median losing probability is about 1e-41, where float32 is denormal. Also gives the
    share of probabilities that are.
    """
    params = {name: value.copy() for name, value in start.items()}
    rows = cycle(data)
    for _ in range(steps):
        x, target = next(rows)
        batched_step(params, x, target, RATE)
    w1, b1, w2, b2 = params.values()
    x = data[0][0]
    z = 1 / (1 + np.exp(-(x @ w1 + b1))) @ w2 + b2
    margins = z.max(axis=1, keepdims=True) - z
    growth = np.float32(94 / np.median(margins[margins > 0]))
    w2 *= growth
    b2 *= growth
    losing = np.exp(-margins * growth)
    denormal = (losing > 0) & (losing < np.finfo(np.float32).tiny)
    return params, float(denormal.mean())


def measure(start: Params, data: Batches, rounds: int) -> Timings:
    """Medians over many interleaved rounds."""
    calls = 50 if len(data[0][0]) < 64 else 15
    return interleave(contenders(start, data), rounds=rounds, calls=calls)


def report(title: str, timings: Timings) -> None:
    """Print times and ratios."""
    print(f"\n{title}")
    for name in timings.seconds:
        ratio = timings.ratio(O1, name)
        print(f"  {name:15}{timings.typical(name) * 1e6:10.1f} µs   {O1} takes {ratio:.2f} of it")
    if TORCH not in timings.seconds:
        print("  PyTorch is not installed: no comparison with it")


def main(rounds: int) -> None:
    """The three situations."""
    start = module(DIGITS).init_params(0)
    small, large = batches(10), batches(128, 20)
    report("one step of 784-30-10, batch 10", measure(start, small, rounds))
    report("the same, batch 128", measure(start, large, rounds))
    done, share = converged(start, small, 20 * rounds)
    title = f"a converged network, batch 10: {share:.0%} of the probabilities are denormal"
    report(title, measure(done, small, rounds))
