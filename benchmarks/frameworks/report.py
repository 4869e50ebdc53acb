"""docs/benchmarks.md and docs/benchmarks.svg from the results of the runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from . import chart
from .harness import Sampled
from .workload import COMPILED, EAGER, EPOCH, FLOOR, JAX, LOOP, NNC, NUMBA, NUMBA_EPOCH, NUMPY

COLUMNS = (NNC, EAGER, COMPILED, JAX, NUMPY, FLOOR)
EXTRA = (EPOCH, NUMBA, NUMBA_EPOCH, LOOP)

CLOCKS = {"wall": "seconds of the wall clock", "cpu": "seconds of the processor"}

HEAD = """\
# Benchmarks

The time of one whole training step (forward, loss, backward, update; for W11, one prediction) in
float32, for the generated module and for other frameworks. `make bench` writes this page.

* In each workload, all implementations start from the same parameters, use the same batches and run
  in one process, in rounds whose order changes. Before they are timed, they must agree on the losses
  of three steps and on the parameters after these steps (with Adam: on the losses).
* A time is the median over all rounds of the time of one step. A sample repeats the step until it takes
  2 ms or more, after a pause and one untimed step. ± is half the distance between the quartiles.
  A ratio is a ratio of medians.
* PyTorch eager is `nn.Module` and `torch.optim` as in the PyTorch tutorials. torch.compile compiles
  the model with its loss, and the optimizer's step. JAX jit is the whole step in one function whose
  parameters are donated. The data are prepared as arrays of each framework. NumPy by hand allocates
  every result.
* The floor is a lower bound, not an implementation: only the matrix products of the step, by
  `np.dot(out=)`, and one pass over the parameters. Convolutions are counted as products of matrices
  whose columns are prepared in advance.

![Times relative to PyTorch eager](benchmarks.svg)
"""

SINGLE = Path(__file__).with_name("single_measurements.md")
"""The end of the page: figures that decisions rest on and that no run measures again."""


class Results:
    """One workload's samples, asked by contender; of several forms the fastest counts."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.found = found
        self.samples = {name: Sampled(one) for name, one in found["seconds"].items()}

    def best(self, contender: str) -> Sampled | None:
        """The fastest of its forms, None if it did not run."""
        forms = [one for name, one in self.samples.items() if name.split(", ")[0] == contender]
        if contender == LOOP:
            forms = [self.samples[LOOP]] if LOOP in self.samples else []
        return min(forms, key=lambda one: one.median, default=None)

    def ratio(self, contender: str, others: Iterable[str]) -> float | None:
        """Its median over the best median of others."""
        mine = self.best(contender)
        theirs = [one.median for other in others if (one := self.best(other))]
        return mine.median / min(theirs) if mine and theirs else None


def page(runs: list[dict[str, Any]]) -> str:
    """The whole text."""
    parts = [HEAD, *(part for run in runs for part in sections(run)), SINGLE.read_text("utf-8")]
    return "\n".join(parts)


def sections(run: dict[str, Any]) -> list[str]:
    """The tables of one number of threads."""
    results = [Results(found) for found in run["workloads"]]
    versions = ", ".join(f"{name} {value}" for name, value in run["versions"].items())
    return [
        f"## On {on_threads(run)}\n",
        f"{run['machine']}.  \n{versions}.  \n{run['rounds']} rounds; {CLOCKS[run['clock']]}.\n",
        times(results),
        ratios(results, judged=run["threads"] == 1),
        *notes(results),
    ]


def on_threads(run: Mapping[str, Any]) -> str:
    """How many, in words."""
    return "one thread" if run["threads"] == 1 else f"{run['threads']} threads"


def times(results: list[Results]) -> str:
    """Median and spread by workload and contender."""
    rows = [
        [f"**{one.found['name']}** {one.found['title']}", *(time(one.best(c)) for c in COLUMNS)]
        for one in results
    ]
    return table(["one step", *COLUMNS], rows)


def ratios(results: list[Results], judged: bool) -> str:
    """What nnc takes of the others' times, with the aims where they are judged."""
    others = COLUMNS[1:]
    rows = []
    for one in results:
        cells = [number(one.ratio(NNC, [other])) for other in others]
        rows.append([f"**{one.found['name']}**", *cells, *([verdicts(one)] if judged else [])])
    heads = [f"nnc / {other}" for other in others]
    return table(["", *heads, *(["aims"] if judged else [])], rows)


def verdicts(one: Results) -> str:
    """Each aim of the NumPy and Numba targets: reached, missed or not measured."""
    said = []
    for aim in one.found["aims"]:
        ratio = one.ratio(aim["of"], aim["against"])
        if aim["limit"] is None or (ratio is None and aim["of"] != NNC):
            continue
        against = aim["against"][0] if len(aim["against"]) == 1 else "best framework"
        verdict = "not measured" if ratio is None else f"{ratio:.2f}"
        mark = "" if ratio is None else " reached" if ratio <= aim["limit"] else " **missed**"
        said.append(f"{aim['of']} ≤ {aim['limit']:g} × {against}: {verdict}{mark}")
    return "<br>".join(said)


def notes(results: list[Results]) -> list[str]:
    """Contenders without a column, forms, and who did not run."""
    lines = []
    for one in results:
        name = one.found["name"]
        others = [c for c in EXTRA if c in one.samples]
        others += [c for c in one.samples if ", " in c and c != LOOP]
        for contender in others:
            ratio = number(one.ratio(NNC, [contender]) if contender in EXTRA else None)
            tail = f"; nnc takes {ratio} of it" if contender in EXTRA and ratio != "–" else ""
            lines.append(f"* {name}, {contender}: {time(one.samples[contender])}{tail}")
        lines += [f"* {name}: NOT TIMED, {line}" for line in one.found["disagreements"]]
    skipped: dict[str, list[str]] = {}
    for one in results:
        for contender, why in one.found["skipped"].items():
            skipped.setdefault(f"{contender}: {why}", []).append(one.found["name"])
    lines += [f"* skipped for {', '.join(names)}: {why}" for why, names in skipped.items()]
    return ["\n".join(lines) + "\n"] if lines else []


def time(sampled: Sampled | None) -> str:
    """With a unit and a spread."""
    if sampled is None:
        return "–"
    seconds = sampled.median
    value = f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"
    return f"{value} ±{sampled.spread:.0%}"


def number(ratio: float | None) -> str:
    """Two decimals."""
    return "–" if ratio is None else f"{ratio:.2f}"


def table(heads: list[str], rows: list[list[str]]) -> str:
    """As Markdown."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write(folder: Path, text: str, runs: list[dict[str, Any]]) -> None:
    """The page and its picture."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "benchmarks.md").write_text(text, encoding="utf-8")
    first = runs[0]
    results = [Results(found) for found in first["workloads"]]
    try:
        chart.draw(results, folder / "benchmarks.svg", f"float32, {on_threads(first)}")
    except ImportError:
        print("matplotlib is not installed: no picture", file=sys.stderr)
