"""What each optimisation is worth: one step with it and without it, and the memory it saves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from nnc.driver import Options, compile_source
from nnc.passes.pipeline import BUFFER_REUSE, IN_PLACE, OPTIONAL
from nnc.source import Source

from .frameworks.contenders.generated import copied, stepper
from .frameworks.machine import description, versions
from .frameworks.workload import Workload
from .frameworks.workloads import chosen
from .passes_page import Table, page, ratios
from .passes_page import write as write_page
from .step import batches, converged
from .timing import Timings, interleave

WORKLOADS = "W1,W3,W5,W6,W7,W8,W10,W11b,W12"
ALL, NONE, TEXTBOOK = "all of them", "none of them", "-O0"
SAMPLE = 2e-3  # seconds that one sample takes at least
PAGE, BLAS = Path("docs/passes.md"), "NumPy's BLAS"


def main(rounds: int, write: bool = False) -> None:
    """Steps without one optimisation at a time; then what a step does not show."""
    tables = [
        *one_at_a_time(workloads(), rounds),
        late_steps(rounds),
        recurrent_cores(rounds),
        updates(rounds),
        gradients_nobody_needs(rounds),
    ]
    for table in tables:
        print("\n".join(table.text()))
    if write:
        used = versions()
        machine = (
            f"{description()}; Python {used['Python']}, NumPy {used['numpy']}, "
            f"{used[BLAS]}; one thread; medians of interleaved rounds."
        )
        write_page(PAGE, page(machine, tables))


def workloads() -> list[Workload]:
    """Those of the benchmark against frameworks, and the first with logits as its output."""
    found = chosen(WORKLOADS)
    spec = "input 784 -> dense 30 sigmoid -> dense 10\nloss crossentropy\n"
    return [*found, replace(found[0], name="W1 by logits", spec=spec)]


def compiled(spec: str, level: int = 1, without: Sequence[str] = ()) -> ModuleType:
    """The module of a spec, made in memory."""
    options = Options(level=level, without=tuple(without), format=False)
    code = compile_source(Source("bench.nn", spec), options).code
    made = sys.modules["bench"] = ModuleType("bench")
    exec(compile(code, "bench.py", "exec"), made.__dict__)
    return made


def one_at_a_time(chosen: Sequence[Workload], rounds: int) -> list[Table]:
    """A step of -O1, of -O1 less one optimisation, of -O1 less all, and of -O0."""
    times: dict[str, dict[str, str]] = {}
    memory: dict[str, dict[str, str]] = {}
    for workload in chosen:
        rng = np.random.default_rng(0)
        data = [workload.draw(rng) for _ in range(8)]
        made = {ALL: compiled(workload.spec)}
        made |= {name: compiled(workload.spec, without=(name,)) for name in OPTIONAL}
        made |= {NONE: compiled(workload.spec, without=OPTIONAL)}
        made |= {TEXTBOOK: compiled(workload.spec, 0)}
        start = made[ALL].init_params(0)
        steps = {name: stepper(one, workload, start, data).call for name, one in made.items()}
        timings = fair(steps, rounds)
        for name, one in made.items():
            ratio = f"{timings.ratio(name, ALL):.2f}"
            first = f"{timings.typical(name) * 1e6:,.0f} µs"
            times.setdefault(name, {})[workload.name] = first if name == ALL else ratio
            if name in (ALL, IN_PLACE, BUFFER_REUSE, NONE) and not workload.inference:
                held = f"{cache_bytes(one, start, data[0]) / 1e6:.2f}"
                memory.setdefault(name, {})[workload.name] = held
    return [
        ratios("Time of a step without …, relative to a step with all of them", times),
        ratios("MB of arrays that a step without … writes to, not counting parameters", memory),
    ]


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


def late_steps(rounds: int) -> Table:
    """Steps of a network that has learned its data against steps of a fresh one."""
    rows = []
    for hidden, batch in ((30, 10), (100, 128), (256, 128)):
        spec = f"input 784 -> dense {hidden} sigmoid -> dense 10 softmax; loss crossentropy\n"
        data = batches(batch)
        start = compiled(spec).init_params(0)
        done, share = converged(start, data, 20 * min(rounds, 100))
        steps = {}
        for title, without in (("", ()), ("without ", ("flush-denormals",))):
            made = compiled(spec, without=without)
            for when, params in (("early", start), ("late", done)):
                steps[title + when] = on_batches(made, params, data)
        timings = fair(steps, rounds)
        flushed = f"{timings.ratio('late', 'early'):.2f}"
        kept = f"{timings.ratio('without late', 'without early'):.2f}"
        rows.append([f"784-{hidden}-10, batch {batch}", f"{share:.0%}", flushed, kept])
    columns = ["", "denormal probabilities", "late / early", "without flush-denormals"]
    return Table("Time of a step late in training, relative to an early step", columns, rows)


def on_batches(made: ModuleType, start: Mapping[str, np.ndarray], data: Any) -> Callable[[], float]:
    """Steps on one batch after another, at a rate that leaves the network as it is."""
    params, place = copied(start), 0
    opt = made.init_optimizer(params)

    def step() -> float:
        nonlocal place
        place = (place + 1) % len(data)
        return float(made.train_step(params, *data[place], opt, 1e-9))

    return step


def recurrent_cores(rounds: int) -> Table:
    """The time loops of lstm with temporaries (-O0) and without (-O1), at the size of W7 and W8."""
    rng = np.random.default_rng(0)
    rows = []
    for batch, steps, hidden in ((16, 30, 100), (8, 50, 32)):
        spec = f"input {steps}x3 -> lstm {hidden} -> dense 1; loss mse"
        x = rng.standard_normal((batch, steps, 4 * hidden), dtype=np.float32)
        kernel = rng.standard_normal((hidden, 4 * hidden), dtype=np.float32) / 10
        d_h = rng.standard_normal((batch, steps, hidden), dtype=np.float32)
        loops = {f"-O{n}": core(compiled(spec, n), n, x, kernel, d_h) for n in (0, 1)}
        rows.append([f"lstm {hidden}, {steps} steps, batch {batch}", *against(loops, rounds)])
    columns = ["", "-O0", "-O1", "-O0 / -O1"]
    return Table("lstm's time loop, forward and back, with temporaries and without", columns, rows)


def against(steps: Mapping[str, Callable[[], object]], rounds: int) -> list[str]:
    """Two times, and the first divided by the second."""
    timings = fair(steps, rounds)
    first, second = steps
    times = [f"{timings.typical(name) * 1e6:,.1f} µs" for name in steps]
    return [*times, f"{timings.ratio(first, second):.2f}"]


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


def updates(rounds: int) -> Table:
    """The optimizer's step in one pass over all parameters, and array by array as at -O0."""
    rows = []
    deep = " -> ".join(["dense 30 sigmoid"] * 20)
    for net in ("dense 30 sigmoid", deep):
        for optimizer in ("sgd lr=0.1", "sgd lr=0.1 momentum=0.9", "adam"):
            spec = f"input 784 -> {net} -> dense 10; loss mse; optimizer {optimizer}"
            steps = {f"-O{level}": update(compiled(spec, level)) for level in (0, 1)}
            arrays = 2 * net.count("dense") + 2
            rows.append([f"{optimizer}, {arrays} arrays", *against(steps, rounds)])
    columns = ["", "-O0", "-O1", "-O0 / -O1"]
    return Table("optimizer_step, array by array and in one pass", columns, rows)


def update(made: ModuleType) -> Callable[[], None]:
    """optimizer_step on gradients that lie as the level's own do."""
    params = made.init_params(0)
    opt = made.init_optimizer(params)
    grads = {name: np.zeros_like(p) for name, p in params.items()}
    if hasattr(made, "views_of"):
        grads = made.views_of(np.zeros(made.NUM_PARAMS, np.float32))
    return lambda: made.optimizer_step(params, grads, opt)


def gradients_nobody_needs(rounds: int) -> Table:
    """The step as it is, and with the product that would give the gradient of the data."""
    rows = []
    for workload in chosen("W1,W3,W4"):
        rng = np.random.default_rng(0)
        data = [workload.draw(rng) for _ in range(8)]
        made = compiled(workload.spec)
        start = made.init_params(0)
        step = stepper(made, workload, start, data).call
        first = start["dense1.W"]
        delta, out = np.ones((len(data[0][0]), first.shape[1]), first.dtype), data[0][0].copy()
        steps = {
            "with": lambda s=step, d=delta, w=first, o=out: (s(), d.dot(w.T, out=o)),
            "step": step,
        }
        rows.append([workload.name, *against(steps, rounds)])
    columns = ["", "with the data's gradient", "as it is", "ratio"]
    return Table("Gradients that are not needed", columns, rows)
