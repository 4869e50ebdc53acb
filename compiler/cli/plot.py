"""`nnc plot`: the curves of one or several runs, in the terminal or as an image."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .app import Argument, Usage, app
from .messages import fail
from .output import check_output
from .values import File, Text, check_known

if TYPE_CHECKING:
    from ..report.curves import Series
    from ..report.history import History

SUFFIXES = (".svg", ".png", ".pdf")
MARKERS = "•+x*o#%@"
"""Markers of lines in a terminal, where colours may be missing."""

ROWS, COLUMNS, PIPED = 18, 120, 100
"""Lines of a plot, its most columns, and its columns in a file or a pipe."""

Plots = Sequence[tuple[str, Sequence["Series"]]]
"""The title of every plot, and its lines."""


@app.command()
@click.argument(
    "runs",
    cls=Argument,
    metavar="RUN...",
    nargs=-1,
    required=True,
    type=File("the folder of a run"),
    help="Folders that `nnc train --run` filled.",
)
@click.option(
    "--score",
    "scores",
    metavar="NAME",
    multiple=True,
    type=Text("the name of a score, such as loss"),
    help="Plot only this; may be given several times. Default: the loss and all metrics.",
)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=File("the name of a file"),
    callback=lambda ctx, param, name: None if name is None else Path(name),
    help="Image to write: .svg, .png or .pdf. Default: plots in the terminal.",
)
def plot(runs: tuple[str, ...], scores: tuple[str, ...], output: Path | None) -> None:
    """Plot loss and metrics over the epochs of one or several runs.

    Examples:

      nnc plot runs/digits

      nnc plot runs/small runs/large --score loss -o compared.svg
    """
    if output is not None:
        if output.suffix.lower() not in SUFFIXES:
            raise Usage(f"-o: {output} is none of {', '.join(SUFFIXES)}")
        from .files import SpecFiles

        check_output(output, SpecFiles())
    histories = {name: _history(name) for name in dict.fromkeys(runs)}
    known = list(dict.fromkeys(s for history in histories.values() for s in history.scores()))
    for score in scores:
        check_known(score, known, "--score")
    plots = [(score, _lines(histories, score)) for score in scores or known]
    if output is None:
        _show(plots)
    else:
        _draw(plots, output)


def _history(run: str) -> History:
    """Return the history of a run; exit with a one-line error where it has none."""
    from ..report.history import read_history

    log = Path(run) / "log.jsonl"
    try:
        history = read_history(log.read_text("utf-8", errors="replace"))
    except FileNotFoundError:
        fail(f"{run} is no run: it has no log.jsonl")
    except OSError as error:
        fail(f"{log}: {error.strerror or error}")
    if not history.entries:
        fail(f"{run} has no epochs yet")
    return history


def _lines(histories: dict[str, History], score: str) -> list[Series]:
    """Return a line for every run and data set; the run is named where there are several."""
    from ..report.curves import Series
    from ..report.history import SETS
    from ..source import printable

    lines = []
    for run, history in histories.items():
        lead = f"{printable(run)} " if len(histories) > 1 else ""
        for name, words in SETS.items():
            points = history.series(name, score)
            if points:
                lines.append(Series(f"{lead}{words}", points))
    return lines


def _show(plots: Plots) -> None:
    """Print the plots one below the other, as text."""
    from ..source import printable

    plotext = _required("plotext", "plots in a terminal need plotext")
    tty = sys.stdout.isatty()
    width = min(COLUMNS, shutil.get_terminal_size().columns) if tty else PIPED
    for score, lines in plots:
        legend = (f"{mark} {line.name}" for mark, line in _marked(lines))
        click.echo(f"{printable(score)}   {'   '.join(legend)}")
        click.echo(f"{_characters(plotext, lines, width)}\n")


def _marked(lines: Sequence[Series]) -> Iterator[tuple[str, Series]]:
    return zip(cycle(MARKERS), lines, strict=False)


def _characters(plotext: Any, lines: Sequence[Series], width: int) -> str:
    from ..report.curves import nice

    figure = plotext.figure
    figure.clear()
    figure.theme("clear")
    for mark, line in _marked(lines):
        signal = figure.signal(*map(list, zip(*line.points, strict=True)), marker=mark)
        signal.lines()
        figure.draw(signal)
    epochs = [x for line in lines for x, _ in line.points]
    ticks = [int(x) for x in nice(min(epochs), max(epochs), 8) if x == int(x)]
    figure.ruler("x").ticks(ticks, list(map(str, ticks)))
    figure.plot_size(width, ROWS)
    text = plotext.uncolorize(str(figure.build()))
    return "\n".join(row.rstrip() for row in text.splitlines())


def _draw(plots: Plots, output: Path) -> None:
    """Draw the plots side by side in one image."""
    from nnc.runtime import durable

    matplotlib = _required("matplotlib", f"{output} needs matplotlib")
    from matplotlib.figure import Figure

    suffix, file = output.suffix.lower().lstrip("."), io.BytesIO()
    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with matplotlib.rc_context({"svg.hashsalt": "nnc", "text.parse_math": False}):
        figure = Figure(figsize=(5.2 * len(plots), 3.6), layout="constrained")
        for at, (score, lines) in enumerate(plots, start=1):
            _draw_one(figure.add_subplot(1, len(plots), at), score, lines)
        figure.savefig(file, format=suffix, metadata=dated.get(suffix))
    try:
        durable.write_bytes(output, file.getvalue())
    except OSError as error:
        fail(f"cannot write {output}: {error.strerror or error}")


def _draw_one(axes: Any, score: str, lines: Sequence[Series]) -> None:
    from matplotlib.ticker import MaxNLocator

    from ..report.curves import COLOURS, DASHES, is_wide

    for line, colour, dashes in zip(lines, cycle(COLOURS), cycle(DASHES), strict=False):
        xs, ys = zip(*line.points, strict=True)
        style = (0, [float(n) for n in dashes.split()]) if dashes else "solid"
        marker = "o" if len(xs) == 1 else None
        # Matplotlib leaves names that begin with `_` out of the legend.
        label = f"\u200b{line.name}"
        axes.plot(xs, ys, color=colour, linestyle=style, marker=marker, label=label)
    if is_wide([y for line in lines for _, y in line.points]):
        axes.set_yscale("log")
    axes.set_title(score)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    axes.legend()


def _required(package: str, what: str) -> Any:
    from nnc.runtime.dataset import DataError
    from nnc.runtime.extras import require

    try:
        return require(package, "plot", what)
    except DataError as error:
        fail(str(error))
