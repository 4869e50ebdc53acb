"""What each optimisation is worth: one step with it and without it, and the memory it saves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
from nnc.driver import Options, compile_source
from nnc.passes.pipeline import OPTIONAL
from nnc.source import Source

from .frameworks.contenders.generated import copied, stepper
from .frameworks.workload import Workload
from .frameworks.workloads import chosen
from .step import batches, converged
from .timing import Timings, interleave

WORKLOADS = "W1,W3,W5,W7,W8,W10,W12"
ALL, NONE = "all of them", "none of them"
SAMPLE = 2e-3  # seconds that one sample takes at least


def main(rounds: int) -> None:
    """Steps without one optimisation at a time; then what a step does not show."""
    for workload in chosen(WORKLOADS):
        one_at_a_time(workload, rounds)
    (first,) = chosen("W1")
    spec = "input 784 -> dense 30 sigmoid -> dense 10\nloss crossentropy\n"
    one_at_a_time(replace(first, title=f"{first.title}, given as logits", spec=spec), rounds)
    late_steps(rounds)
    recurrent_cores(rounds)
    updates(rounds)
    gradients_nobody_needs(rounds)


def compiled(spec: str, level: int = 1, without: Sequence[str] = ()) -> ModuleType:
    """The module of a spec, made in memory."""
    options = Options(level=level, without=tuple(without), format=False)
    code = compile_source(Source("bench.nn", spec), options).code
    made = sys.modules["bench"] = ModuleType("bench")
    exec(compile(code, "bench.py", "exec"), made.__dict__)
    return made


def one_at_a_time(workload: Workload, rounds: int) -> None:
    """A step of -O1, of -O1 less one optimisation, of -O1 less all, and of -O0."""
    rng = np.random.default_rng(0)
    data = [workload.draw(rng) for _ in range(8)]
    made = {ALL: compiled(workload.spec)}
    made |= {name: compiled(workload.spec, without=(name,)) for name in OPTIONAL}
    made |= {NONE: compiled(workload.spec, without=OPTIONAL), "-O0": compiled(workload.spec, 0)}
    start = made[ALL].init_params(0)
    steps = {name: stepper(one, workload, start, data).call for name, one in made.items()}
    timings = fair(steps, rounds)
    held = {name: cache_bytes(one, start, data[0]) for name, one in made.items() if name != "-O0"}
    print(f"\n{workload.name} {workload.title}: a step without … takes so many times as long")
    for name in made:
        memory = f"{held[name] / 1e6:9.2f} MB cache" if name in held else ""
        ratio = timings.ratio(name, ALL)
        print(f"  {name:22}{timings.typical(name) * 1e6:11.1f} µs {ratio:6.2f} {memory}")


def fair(contenders: Mapping[str, Callable[[], object]], rounds: int) -> Timings:
    """Interleaved timings, with fewer calls and rounds of what takes long."""
    slowest = max(interleave(contenders, rounds=1, calls=1).seconds.values())[0]
    calls = max(1, int(SAMPLE / slowest))
    return interleave(contenders, rounds=max(5, min(rounds, int(0.2 / slowest))), calls=calls)


def cache_bytes(made: ModuleType, start: Mapping[str, np.ndarray], batch: Any) -> int:
    """Bytes of the arrays that a step writes to."""
    _, cache = made.forward(copied(start), batch[0], **state_of(made))
    arrays = {id(a): a for a in vars(cache).values() if isinstance(a, np.ndarray)}
    return sum(a.nbytes for a in arrays.values() if a.base is None and a is not batch[0])


def state_of(made: ModuleType) -> dict[str, Any]:
    """The keyword for running statistics, where the module has some."""
    return {"state": made.init_state()} if made.STATE_SHAPES else {}


def late_steps(rounds: int) -> None:
    """Steps of a network that has learned its data against steps of a fresh one."""
    spec = "input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy\n"
    data = batches(10)
    start = compiled(spec).init_params(0)
    done, share = converged(start, data, 20 * min(rounds, 200))
    steps = {}
    for title, without in (("", ()), (" without flush-denormals", ("flush-denormals",))):
        for when, params in (("early", start), ("late", done)):
            steps[when + title] = on_batches(compiled(spec, without=without), params, data)
    timings = fair(steps, rounds)
    print(f"\nW1 early and late ({share:.0%} of the probabilities denormal), times an early step")
    for name in steps:
        print(
            f"  {name:32}{timings.typical(name) * 1e6:9.1f} µs {timings.ratio(name, 'early'):6.2f}"
        )


def on_batches(made: ModuleType, start: Mapping[str, np.ndarray], data: Any) -> Callable[[], float]:
    """Steps on one batch after another, at a rate that leaves the network as it is."""
    params, place = copied(start), 0
    opt = made.init_optimizer(params)

    def step() -> float:
        nonlocal place
        place = (place + 1) % len(data)
        return float(made.train_step(params, *data[place], opt, 1e-9))

    return step


def recurrent_cores(rounds: int) -> None:
    """The time loops of lstm with temporaries (-O0) and without (-O1), at the size of W7 and W8."""
    print("\nlstm's time loop, forward and back, with temporaries (-O0) and without (-O1)")
    rng = np.random.default_rng(0)
    for batch, steps, hidden in ((16, 30, 100), (8, 50, 32)):
        spec = f"input {steps}x3 -> lstm {hidden} -> dense 1; loss mse"
        x = rng.standard_normal((batch, steps, 4 * hidden), dtype=np.float32)
        kernel = rng.standard_normal((hidden, 4 * hidden), dtype=np.float32) / 10
        d_h = rng.standard_normal((batch, steps, hidden), dtype=np.float32)
        loops = {
            f"-O{level}": core(compiled(spec, level), level, x, kernel, d_h) for level in (0, 1)
        }
        timings = fair(loops, rounds)
        times = "".join(f"{timings.typical(name) * 1e6:9.1f} µs" for name in loops)
        print(f"  {hidden} over {steps}, batch {batch:3}{times}{timings.ratio('-O0', '-O1'):8.2f}")


def core(made: ModuleType, level: int, x: Any, kernel: Any, d_h: Any) -> Callable[[], None]:
    """A module's loops on given arrays, with arrays for their results where the level has them."""
    tape = made.lstm_tape(x, kernel, reverse=False)
    d_x = made.lstm_back(tape, kernel, d_h, reverse=False)

    def run() -> None:
        if level == 0:
            made.lstm_back(made.lstm_tape(x, kernel, reverse=False), kernel, d_h, reverse=False)
        else:
            made.lstm_tape(x, kernel, reverse=False, out=tape)
            made.lstm_back(tape, kernel, d_h, reverse=False, out=d_x)

    return run


def updates(rounds: int) -> None:
    """The optimizer's step in one pass over all parameters, and array by array as at -O0."""
    print("\nthe update of 784-30-10, array by array (-O0) and in one pass (-O1)")
    for optimizer in ("sgd lr=0.1", "sgd lr=0.1 momentum=0.9", "adam"):
        spec = f"input 784 -> dense 30 sigmoid -> dense 10 softmax; loss mse; optimizer {optimizer}"
        steps = {f"-O{level}": update(compiled(spec, level)) for level in (0, 1)}
        timings = fair(steps, rounds)
        times = "".join(f"{timings.typical(name) * 1e6:9.1f} µs" for name in steps)
        print(f"  {optimizer:26}{times}{timings.ratio('-O0', '-O1'):8.2f}")


def update(made: ModuleType) -> Callable[[], None]:
    """optimizer_step on gradients that lie as the level's own do."""
    params = made.init_params(0)
    opt = made.init_optimizer(params)
    grads = {name: np.zeros_like(p) for name, p in params.items()}
    if hasattr(made, "views_of"):
        grads = made.views_of(np.zeros(made.NUM_PARAMS, np.float32))
    return lambda: made.optimizer_step(params, grads, opt)


def gradients_nobody_needs(rounds: int) -> None:
    """What the gradient of the data would add to the steps that do not compute it."""
    print("\nthe gradient of the data, which training does not compute")
    for workload in chosen("W1,W3,W5"):
        rng = np.random.default_rng(0)
        data = [workload.draw(rng) for _ in range(8)]
        options = Options(emit=("input-gradient",), format=False)
        code = compile_source(Source("bench.nn", workload.spec), options).code
        made = ModuleType("bench")
        exec(compile(code, "bench.py", "exec"), made.__dict__)
        start = made.init_params(0)
        steps = {
            "step": stepper(made, workload, start, data).call,
            "gradient of the data": lambda made=made, start=start, data=data: made.input_gradient(
                start, *data[0]
            ),
        }
        timings = fair(steps, rounds)
        both = " and ".join(f"{timings.typical(name) * 1e6:.1f} µs" for name in steps)
        print(f"  {workload.name}: {both}")
