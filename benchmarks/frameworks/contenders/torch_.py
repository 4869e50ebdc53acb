"""PyTorch, eager and compiled, with the optimizers it ships."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from ..harness import Contender, Skipped, mean_loss
from ..workload import Batch, Params, Workload


def eager(
    make: Callable[[], Any], workload: Workload, start: Params, data: Sequence[Batch]
) -> Contender:
    """As in the tutorials."""
    return contender(make, workload, start, data, lambda function: function)


def compiled(
    make: Callable[[], Any], workload: Workload, start: Params, data: Sequence[Batch]
) -> Contender:
    """Model with loss, and the optimizer's step, each given to torch.compile; compiled here."""
    torch = imported()
    torch._dynamo.reset()
    torch._inductor.config.compile_threads = 1
    for quiet in ("torch._dynamo", "torch._inductor"):
        logging.getLogger(quiet).setLevel(logging.ERROR)
    try:
        contender(make, workload, start, data[:1], torch.compile).call()
    except Exception as error:  # of any kind: a missing compiler, a kernel that does not build
        reason = str(error).strip().splitlines() or [""]
        raise Skipped(f"torch.compile failed: {type(error).__name__}: {reason[0]}") from error
    return contender(make, workload, start, data, torch.compile)


def imported() -> Any:
    """The library, if it is there."""
    try:
        import torch
        import torch._dynamo
        import torch._inductor.config
    except ImportError:
        raise Skipped("PyTorch is not installed") from None
    return torch


def contender(
    make: Callable[[], Any],
    workload: Workload,
    start: Params,
    data: Sequence[Batch],
    wrap: Callable[[Any], Any],
) -> Contender:
    """Steps of training, or predictions, with `wrap` around what may be compiled."""
    torch = imported()
    model = make()
    pairs = dict(zip(start, (p for p in model.parameters() if p.requires_grad), strict=True))
    with torch.no_grad():
        for name, value in start.items():
            pairs[name].copy_(torch.from_numpy(torchs(name, value)))
    rows = cycle([(torch.from_numpy(x), torch.from_numpy(target)) for x, target in data])
    if workload.inference:
        step = predictions(torch, model.eval(), rows, wrap)
        return Contender(step, mean_loss(step))
    step = training(torch, model, rows, wrap, workload)
    return Contender(
        step,
        mean_loss(step),
        lambda: {name: torchs(name, p.detach().numpy()) for name, p in pairs.items()},
    )


def predictions(torch: Any, model: Any, rows: Any, wrap: Callable[[Any], Any]) -> Callable[[], Any]:
    """Softmax of the logits."""
    whole = wrap(torch.nn.Sequential(model, torch.nn.Softmax(dim=-1)))

    def step() -> Any:
        with torch.inference_mode():
            return whole(next(rows)[0])

    return step


def training(
    torch: Any, model: Any, rows: Any, wrap: Callable[[Any], Any], workload: Workload
) -> Callable[[], float]:
    """Forward, backward and step of the optimizer."""
    criterion = {
        "crossentropy": lambda z, t: torch.nn.functional.cross_entropy(
            z.flatten(0, -2), t.flatten()
        ),
        "mse": torch.nn.functional.mse_loss,
    }[workload.loss]
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[workload.optimizer]
    optimizer = kind([p for p in model.parameters() if p.requires_grad], lr=workload.rate)
    loss_of = wrap(lambda x, target: criterion(model(x), target))
    update = wrap(optimizer.step)

    def step() -> float:
        x, target = next(rows)
        optimizer.zero_grad()
        loss = loss_of(x, target)
        loss.backward()
        update()
        return float(loss.item())

    return step


def torchs(name: str, value: np.ndarray) -> np.ndarray:
    """A matrix as PyTorch keeps it, or back: the transpose, but of kernels and tables of rows."""
    is_matrix = value.ndim == 2 and not name.endswith(".w") and not name.startswith("embedding")
    return np.ascontiguousarray(value.T if is_matrix else value)
