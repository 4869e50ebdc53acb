"""The bar chart: each contender's time relative to PyTorch eager, on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .workload import COMPILED, EAGER, FLOOR, JAX, NNC, NUMBA, NUMPY

if TYPE_CHECKING:
    from .report import Results

COLOURS = {
    NNC: "#d1495b",
    NUMBA: "#8f2d56",
    EAGER: "#444444",
    COMPILED: "#8d8d8d",
    JAX: "#2e86ab",
    NUMPY: "#e0a030",
    FLOOR: "#c9d6c3",
}
TICKS = [step * 10.0**power for power in range(-4, 3) for step in (1, 2, 5)]
HEIGHT = 0.8  # of a workload's bars together


def draw(results: Sequence[Results], path: Path, title: str) -> None:
    """Write the SVG; workloads without PyTorch's time are left out. Nothing if all are."""
    shown = [one for one in results if one.best(EAGER)]
    if not shown:
        return
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "nnc", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot

    names = [name for name in COLOURS if any(one.best(name) for one in shown)]
    figure, axes = pyplot.subplots(
        figsize=(8, 0.4 + 0.7 * max(len(shown), 2)), layout="constrained"
    )
    thick = HEIGHT / len(names)
    for at, name in enumerate(names):
        bars = [(row, one.ratio(name, [EAGER])) for row, one in enumerate(shown)]
        bars = [(row, ratio) for row, ratio in bars if ratio]
        axes.barh(
            [row + (at + 0.5) * thick - HEIGHT / 2 for row, _ in bars],
            [ratio for _, ratio in bars],
            thick,
            label=name,
            color=COLOURS[name],
        )
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.set_xticks([tick for tick in TICKS if low <= tick <= high], minor=False)
    axes.set_xticks([], minor=True)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.margins(y=0.01)
    axes.axvline(1, color=COLOURS[EAGER], linewidth=0.8)
    axes.set_yticks(range(len(shown)), [one.found["name"] for one in shown])
    axes.invert_yaxis()
    axes.set_xlabel("time of one step, PyTorch eager = 1 (shorter is faster)")
    axes.set_title(title)
    axes.grid(axis="x", color="#dddddd", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    columns = -(-len(names) // 2)  # two lines: one is wider than the figure
    figure.legend(loc="outside lower center", ncols=columns, frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
