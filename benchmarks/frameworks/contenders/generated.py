"""The generated module: train_step, train_epoch and predict, NumPy and Numba targets."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import cycle
from types import ModuleType
from typing import Any

import numpy as np
from nnc import templates
from nnc.driver import Options, compile_source
from nnc.source import Source

from ..harness import Contender, Skipped, mean_loss
from ..workload import Batch, Params, Workload


def module(workload: Workload, target: str = "numpy") -> ModuleType:
    """The workload's spec, compiled at -O1, made in memory."""
    source = Source(f"{workload.name}.nn", workload.spec)
    code = compile_source(source, Options(level=1, target=target, format=False)).code
    name = f"{workload.name}_{target}"
    made = sys.modules[name] = ModuleType(name)
    exec(compile(code, f"{name}.py", "exec"), made.__dict__)
    return made


def numba_module(workload: Workload) -> ModuleType:
    """The same for Numba, where both exist."""
    from importlib.resources import files

    if not files(templates).joinpath("numba").is_dir():
        raise Skipped("this nnc has no Numba target")
    try:
        import numba  # noqa: F401
    except ImportError:
        raise Skipped("numba is not installed") from None
    return module(workload, "numba")


def stepper(
    made: ModuleType, workload: Workload, start: Params, data: Sequence[Batch]
) -> Contender:
    """train_step on batch after batch, or predict."""
    params, rows = copied(start), cycle(data)
    if workload.inference:

        def predict() -> Any:
            return made.predict(params, next(rows)[0])

        return Contender(predict, mean_loss(predict))
    opt, rate = made.init_optimizer(params), workload.rate
    extra = {"state": made.init_state()} if hasattr(made, "init_state") else {}

    def step() -> Any:
        x, target = next(rows)
        return made.train_step(params, x, target, opt, rate, **extra)

    return Contender(step, mean_loss(step), lambda: params)


def epochs(made: ModuleType, workload: Workload, start: Params, data: Sequence[Batch]) -> Contender:
    """train_epoch over all batches at once."""
    params = copied(start)
    opt, rate = made.init_optimizer(params), workload.rate
    x, target = (np.concatenate(parts) for parts in zip(*data, strict=True))
    batch, order = len(data[0][0]), np.arange(len(x))

    def first(count: int) -> float:
        some = order[: count * batch]
        return float(made.train_epoch(params, x, target, opt, batch=batch, order=some, lr=rate))

    return Contender(lambda: first(len(data)), first, lambda: params, steps=len(data))


def copied(params: Params) -> dict[str, np.ndarray]:
    """Arrays of one's own."""
    return {name: value.copy() for name, value in params.items()}
