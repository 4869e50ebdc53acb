"""Builds the contenders of each workload, compares them, times them."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from . import machine
from .contenders import floor, generated, jax_, numpy_, torch_
from .harness import Contender, Skipped, disagreements, measure
from .workload import (
    COMPILED,
    EAGER,
    EPOCH,
    FLOOR,
    JAX,
    LOOP,
    NNC,
    NUMBA,
    NUMBA_EPOCH,
    NUMPY,
    Batch,
    Params,
    Workload,
)
from .workloads import chosen

BYTES = 64 << 20  # of batches, as far as they go: small networks see many, W9 a few


def run(options: Namespace) -> dict[str, Any]:
    """Everything the report needs, of one number of threads."""
    workloads = [one_run(workload, options) for workload in chosen(options.workloads)]
    return {
        "threads": int(options.threads),
        "rounds": options.rounds,
        "clock": options.clock,
        "machine": machine.description(),
        "versions": machine.versions(),
        "workloads": workloads,
    }


def one_run(workload: Workload, options: Namespace) -> dict[str, Any]:
    """Samples in seconds by contender, who was skipped and why, who disagreed (nobody is timed)."""
    print(f"{workload.name} {workload.title}", file=sys.stderr, flush=True)
    start = generated.module(workload).init_params(0)
    contenders, skipped = build(workload, start, batches(workload), options.without)
    for name, why in skipped.items():
        print(f"   skipped {name}: {why}", file=sys.stderr, flush=True)
    wrong = disagreements(contenders, None if workload.optimizer == "adam" else start)
    for line in wrong:
        print(f"   DISAGREES {line}", file=sys.stderr, flush=True)
    samples = {} if wrong else measure(contenders, options.rounds, options.clock)
    return {
        "name": workload.name,
        "title": workload.title,
        "seconds": {name: one.seconds for name, one in samples.items()},
        "skipped": skipped,
        "disagreements": wrong,
        "aims": [
            {"of": aim.of, "against": list(aim.against), "limit": aim.limit}
            for aim in workload.aims
        ],
    }


def batches(workload: Workload) -> list[Batch]:
    """Four to forty batches."""
    rng = np.random.default_rng(0)
    first = workload.draw(rng)
    count = min(40, max(4, BYTES // first[0].nbytes))
    return [first, *(workload.draw(rng) for _ in range(count - 1))]


def build(
    workload: Workload, start: Params, data: Sequence[Batch], without: Sequence[str] = ()
) -> tuple[dict[str, Contender], dict[str, str]]:
    """The contenders that can run here, and why the others cannot."""
    makers: dict[str, Callable[[], Contender]] = {
        NNC: lambda: generated.stepper(generated.module(workload), workload, start, data),
        NUMPY: lambda: numpy_.batched(workload, start, data),
        FLOOR: lambda: floor.floor(workload, start),
        NUMBA: lambda: generated.stepper(generated.numba_module(workload), workload, start, data),
        JAX: lambda: jax_.jitted(workload, start, data),
    }
    if workload.epoch:
        made = generated.module
        makers[EPOCH] = lambda: generated.epochs(made(workload), workload, start, data)
        jitted = generated.numba_module
        makers[NUMBA_EPOCH] = lambda: generated.epochs(jitted(workload), workload, start, data)
    if workload.looping:
        makers[LOOP] = lambda: numpy_.looping(workload, start, data)
    for form, make in workload.torch.items():
        suffix = f", {form}" if form else ""
        makers[EAGER + suffix] = partial(torch_.eager, make, workload, start, data)
        makers[COMPILED + suffix] = partial(torch_.compiled, make, workload, start, data)
    contenders, skipped = {}, {}
    for name, maker in makers.items():
        try:
            if name.split(", ")[0] in without or name in without:
                raise Skipped("left out by --without")
            contenders[name] = maker()
        except Skipped as why:
            skipped[name] = str(why)
    return contenders, skipped
