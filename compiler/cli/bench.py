"""`nnc bench`: the speed of a network's training and prediction, by layer, and its memory."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from ..ir.bounds import MAX_WHOLE
from .app import Usage, app
from .memory_option import memory_option
from .report_format import format_option
from .spec import checked_graph, read_spec, spec_argument, spec_text
from .terminal import ReportFormat
from .values import Real, Text, Whole

if TYPE_CHECKING:
    from types import ModuleType

    from nnc.runtime.bench import Rows, Times

    from ..ir.layer_graph import TypedGraph
    from ..report.timed import Timed

MOST_LAYERS = 40
"""Most rows of the table; the fastest layers beyond them share one row."""


@dataclass(frozen=True, slots=True)
class LayerTime:
    """Seconds of a layer (or loss) in one step: forward with the loss, backward, and the share."""

    layer: str
    forward: float
    backward: float
    share: float


@dataclass(frozen=True, slots=True)
class Bench:
    """All measurements; without a loss there is only prediction.

    `slower` is the overhead of per-layer timing, as a share of a step. `planned` are the bytes of a
    step's arrays in the compiler's plan, `peak` those allocated at once, including the data."""

    batch: int
    sizes: Mapping[str, int]
    prediction: Times
    step: Times | None
    layers: tuple[LayerTime, ...]
    optimizer: float
    rest: float
    slower: float
    planned: int | None
    peak: int


@app.command()
@spec_argument
@spec_text
@click.option(
    "--batch",
    metavar="ROWS",
    type=Whole(1, MAX_WHOLE),
    help="Rows per step; default: the spec's, else 32.",
)
@click.option(
    "--size",
    "sizes",
    metavar="NAME=NUMBER",
    multiple=True,
    type=Text("a size such as T=100"),
    help="A size that the spec leaves open, such as T; default: 32.",
)
@click.option(
    "--seconds",
    metavar="NUMBER",
    type=Real(0, 3600),
    default=1.0,
    show_default=True,
    help="How long each of the three measurements lasts.",
)
@format_option
@memory_option
def bench(
    spec: str | None,
    code: str | None,
    batch: int | None,
    sizes: tuple[str, ...],
    seconds: float,
    format_: ReportFormat,
    max_memory: int,
) -> None:
    """Time the network on random data: steps per second, each layer's share, memory.

    It times the NumPy module at -O1. Shares come from the same module with a timer
    between the layers; its overhead is printed, too.
    NumPy's threads are those of its BLAS: OPENBLAS_NUM_THREADS=1 nnc bench ... takes one.

    Examples:

      nnc bench digits.nn

      nnc bench lstm.nn --batch 64 --size T=100 --format json
    """
    from ..ir.sizes import batch_size

    read = read_spec(spec, code)
    typed = checked_graph(read, max_memory)
    rows = batch or batch_size(typed.graph)
    found = _measured(typed, read.source.name, rows, _sizes(typed, sizes), seconds)
    if format_ is ReportFormat.JSON:
        click.echo(json.dumps({**_plain(found), "machine": _machine()}, indent=2))
    else:
        click.echo("\n".join(_lines(found)))


def _sizes(typed: TypedGraph, given: tuple[str, ...]) -> dict[str, int]:
    from ..report.sampled import default_sizes
    from ..targets.numpy.sizes import size_views

    known, bounds = default_sizes(typed), {s.name: s for s in size_views(typed)}
    for text in given:
        name, _, number = text.partition("=")
        size = bounds.get(name.strip())
        if size is None:
            there = ", ".join(known) or "none"
            raise Usage(f"--size: the spec leaves no size {name.strip()!r} open; open are: {there}")
        kind = Whole(size.least, size.most or MAX_WHOLE)
        known[size.name] = kind.convert(number, _size_param(), None)
    return known


def _size_param() -> click.Parameter:
    return next(param for param in bench.params if param.name == "sizes")


def _measured(
    typed: TypedGraph, file: str, batch: int, sizes: dict[str, int], seconds: float
) -> Bench:
    from nnc.runtime.bench import peak_bytes, time_steps

    from ..report.timed import timed_module

    timed = timed_module(typed, file)
    rows = _rows(typed, timed, batch, sizes)
    with _imported(timed) as (plain, marked):
        prediction = time_steps(rows.prediction(plain), seconds)
        if not typed.graph.losses:
            peak = peak_bytes(rows.prediction(plain))
            return Bench(batch, sizes, prediction, None, (), 0, 0, 0, None, peak)
        step = time_steps(rows.training(plain), seconds)
        layers, optimizer, rest, slower = _layers(timed, rows, marked, step, seconds)
        peak = peak_bytes(lambda: rows.training(plain)())
    planned = _planned(typed, batch, sizes)
    return Bench(batch, sizes, prediction, step, layers, optimizer, rest, slower, planned, peak)


@contextmanager
def _imported(timed: Timed) -> Iterator[tuple[ModuleType, ModuleType]]:
    """Import both modules from temporary files, which exist while the context is open."""
    from nnc.runtime.module import import_module

    with TemporaryDirectory(prefix="nnc-") as folder:
        found: list[Any] = []
        for name, code in (("plain", timed.plain), ("marked", timed.marked)):
            path = Path(folder) / f"{name}.py"
            path.write_text(code, encoding="utf-8")
            found.append(import_module(path))
        yield found[0], found[1]


def _rows(typed: TypedGraph, timed: Timed, batch: int, sizes: Mapping[str, int]) -> Rows:
    """Return random rows; padded rows have the full length."""
    import numpy as np
    from nnc.runtime.bench import Rows, sample

    from ..report.sampled import sampled_inputs, sampled_targets

    rng = np.random.default_rng(0)
    inputs = sampled_inputs(typed, timed.limits, sizes)
    x, target = (
        {
            array.name: sample(array.kind, (batch, *array.shape), array.below, rng)
            for array in arrays
        }
        for arrays in (inputs, sampled_targets(typed, sizes))
    )
    lengths = {array.name: np.full(batch, array.shape[0]) for array in inputs if array.ragged}
    return Rows(_single(x), _single(target), _single(lengths), timed.random)


def _single(arrays: dict[str, Any]) -> Any:
    """Return a single array without its name, as modules take it; None for no arrays."""
    return arrays if len(arrays) > 1 else next(iter(arrays.values()), None)


def _layers(
    timed: Timed, rows: Rows, module: ModuleType, step: Times, seconds: float
) -> tuple[tuple[LayerTime, ...], float, float, float]:
    """Return seconds by layer, of the optimizer and of the rest, and the overhead of the timing."""
    from nnc.runtime.bench import Clock, time_steps

    from ..report.timed import MARK, REST

    optimizer = len(timed.places)
    clock = Clock(optimizer + 1)
    setattr(module, MARK, clock.mark)
    vars(module)["_update"] = clock.around(optimizer, vars(module)["_update"])
    marked = time_steps(rows.training(module), seconds, clock.restart)
    clock.mark(REST)
    whole = sum(clock.spent)
    each = [part / whole * marked.mean for part in clock.spent]
    by_layer: dict[str, list[float]] = {}
    for place, time in zip(timed.places[1:], each[1:], strict=False):
        by_layer.setdefault(place.layer, [0.0, 0.0])[place.function == "backward"] += time
    layers = tuple(
        LayerTime(name, forward, backward, (forward + backward) / marked.mean)
        for name, (forward, backward) in by_layer.items()
    )
    return layers, each[optimizer], each[REST], marked.median / step.median - 1


def _planned(typed: TypedGraph, batch: int, sizes: Mapping[str, int]) -> int | None:
    from ..ir.dims import evaluate
    from ..program.training_memory import training_memory
    from ..targets.target import READABLE, load_target

    memory = training_memory(typed, batch, load_target(READABLE))
    return None if memory is None else evaluate(memory.total, sizes)


def _machine() -> dict[str, Any]:
    """Return the properties of the machine on which the figures depend."""
    import platform

    import numpy as np
    from nnc.runtime.cores import THREADS, cores

    built: Any = np.show_config(mode="dicts")
    blas = built["Build Dependencies"]["blas"]
    return {
        "numpy": np.__version__,
        "blas": f"{blas.get('name', '')} {blas.get('version', '')}".strip(),
        "cores": cores(),
        "threads": {name: os.environ[name] for name in THREADS if name in os.environ},
        "processor": platform.machine(),
    }


def _plain(found: Bench) -> dict[str, Any]:
    step = found.step
    return {
        "batch": found.batch,
        "sizes": dict(found.sizes),
        "prediction": _times(found.prediction, found.batch),
        "training": None if step is None else _times(step, found.batch),
        "layers": [asdict(layer) for layer in found.layers],
        "optimizer_seconds": found.optimizer,
        "rest_seconds": found.rest,
        "slower_when_timed": found.slower,
        "planned_bytes": found.planned,
        "peak_bytes": found.peak,
    }


def _times(times: Times, batch: int) -> dict[str, float | int]:
    return {**asdict(times), "steps_per_second": times.rate, "rows_per_second": times.rate * batch}


def _lines(found: Bench) -> Iterator[str]:
    from ..report.wording import size_text

    open_sizes = "".join(f", {name}={size}" for name, size in found.sizes.items())
    yield f"batch of {found.batch}{open_sizes}; {_threads(_machine())}"
    yield ""
    if found.step is not None:
        yield _speed("training step", found.step, found.batch)
    yield _speed("prediction", found.prediction, found.batch)
    if found.step is not None:
        yield ""
        yield from _table(found)
    yield ""
    planned = [] if found.planned is None else [f"{size_text(found.planned)} of arrays by plan"]
    held = f"{size_text(found.peak)} at most held at once, measured without the data"
    yield f"memory: {'; '.join([*planned, held])}"


def _threads(machine: Mapping[str, Any]) -> str:
    told = ", ".join(f"{name}={value}" for name, value in machine["threads"].items())
    cores = machine["cores"]
    threads = told or f"up to {cores} thread{'s' * (cores != 1)} (no limit is set)"
    return f"NumPy {machine['numpy']} with {machine['blas']}, {threads}"


def _speed(what: str, times: Times, batch: int) -> str:
    spread = f"({_time(times.low)} … {_time(times.high)})"
    rates = f"{_rate(times.rate):>9} steps/s   {_rate(times.rate * batch):>11} rows/s"
    return f"{what:<14}{_time(times.median):>10} {spread:<24}{rates}"


def _rate(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def _table(found: Bench) -> Iterator[str]:
    """Yield the layers in order; with many, the slowest ones, and the others in one line."""
    most = sorted(found.layers, key=lambda layer: -layer.share)[:MOST_LAYERS]
    shown = [layer for layer in found.layers if layer in most]
    others = [layer for layer in found.layers if layer not in most]
    rows = [(layer.layer, layer.forward, layer.backward, layer.share) for layer in shown]
    if others:
        sums = (sum(getattr(o, part) for o in others) for part in ("forward", "backward", "share"))
        rows.append((f"{len(others):,} other layers", *sums))
    whole = sum(layer.forward + layer.backward for layer in found.layers)
    whole += found.optimizer + found.rest
    width = max(len("checks and Python"), *(len(row[0]) for row in rows))
    yield f"{'layer':<{width}}{'forward':>12}{'backward':>12}{'share':>9}"
    for name, forward, backward, share in rows:
        yield f"{name:<{width}}{_time(forward):>12}{_time(backward):>12}{_percent(share):>9}"
    for name, spent in (("optimizer", found.optimizer), ("checks and Python", found.rest)):
        yield f"{name:<{width}}{_time(spent):>24}{_percent(spent / whole):>9}"
    longer = "longer" if found.slower >= 0 else "shorter"
    yield f"With a look at the clock between layers a step took {_percent(abs(found.slower))} {longer}."
