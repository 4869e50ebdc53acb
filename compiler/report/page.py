"""The report as one self-contained HTML page: its contents, and their rendering.

All input (names of files, classes and layers, comments, values) is escaped by the template;
drawings and formulas escape their own content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..ir.layer_graph import TypedGraph
from ..ir.lists import shape_text
from ..source import printable
from ..version import VERSION
from .curves import Series, curves
from .derivation import Derivations, derive
from .history import LOSS, SETS, History
from .judged import Judged
from .mathml import formula_html
from .picture import picture
from .summary import COUNTED, Summary, summarise
from .svg import svg
from .wording import amount_text, grouped, polynomial, size_text


@dataclass(frozen=True, slots=True)
class Image:
    """An image as a data URI, with its size in pixels, its description, and lines below it."""

    uri: str
    width: int
    height: int
    words: str
    caption: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class: its scores as text, its rows, and the counts of predictions for them."""

    name: str
    precision: str
    recall: str
    f1: str
    rows: int
    counts: Sequence[int]


@dataclass(frozen=True, slots=True)
class ClassTable:
    """The classes of an output; `columns` are the names of those with a column in the matrix."""

    output: str
    classes: Sequence[ClassRow]
    calibration: str = ""

    @property
    def small(self) -> bool:
        """Whether the matrix is small enough to be readable."""
        return len(self.classes) <= 25


@dataclass(frozen=True, slots=True)
class Example:
    """A row with a large loss: its number, class, prediction, and an image or values."""

    row: int
    truth: str
    said: str
    loss: str
    image: Image | None
    values: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """The network's results on data."""

    data: str
    rows: int
    scores: Sequence[tuple[str, str]]
    outputs: Sequence[ClassTable] = ()
    worst: Sequence[Example] = ()


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of the first layer as images; `largest` is the weight of the strongest colour."""

    layer: str
    images: Sequence[Image]
    all: int
    largest: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a report; only the network is required."""

    typed: TypedGraph
    title: str
    file: str
    spec: str
    batch: int
    history: History | None = None
    measured: Measured | None = None
    weights: Weights | None = None
    judged: Judged | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class LayerRow:
    """A row of the table of layers; `share` is its part of all parameters, or of all FLOPs."""

    name: str
    stage: str
    output: str
    parameters: str
    flops: str
    activations: str
    parameter_share: float
    flop_share: float


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing of curves, and its title."""

    title: str
    drawing: Markup


@dataclass(frozen=True, slots=True)
class _View:
    """The variables of the template."""

    contents: Contents
    facts: Sequence[tuple[str, str]]
    network: Markup
    rows: Sequence[LayerRow]
    totals: Sequence[tuple[str, str]]
    derivations: Derivations
    plots: Sequence[Plot] = field(default_factory=tuple)
    training: Sequence[tuple[str, str]] = field(default_factory=tuple)


def page(contents: Contents) -> str:
    """Return the report as HTML."""
    typed = contents.typed
    summary = summarise(typed, contents.batch)
    view = _View(
        contents,
        _facts(summary),
        Markup(svg(picture(typed, contents.title))),
        _rows(summary),
        _totals(summary),
        derive(typed, contents.file),
        *(_training(contents.history) if contents.history else ()),
    )
    template = _environment().get_template("page.jinja")
    return template.render(v=view, version=VERSION, counted=COUNTED)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("nnc.templates.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        formula=lambda text: Markup(formula_html(text)), grouped=grouped, printable=printable
    )
    return environment


def _facts(summary: Summary) -> list[tuple[str, str]]:
    return [
        ("layers", grouped(len(summary.rows))),
        ("parameters", grouped(summary.parameters)),
        ("FLOPs a row", polynomial(summary.flops)),
        ("numbers", summary.dtype),
    ]


def _rows(summary: Summary) -> list[LayerRow]:
    flops = [row.flops if isinstance(row.flops, int) else 0 for row in summary.rows]
    whole = sum(flops) if isinstance(summary.flops, int) else 0
    return [
        LayerRow(
            row.name,
            row.text,
            shape_text(str(row.output)),
            f"shared with {row.shares}" if row.shares else grouped(row.parameters),
            polynomial(row.flops),
            amount_text(row.activation_bytes * summary.batch),
            row.parameters / (summary.parameters or 1),
            own / whole if whole else 0.0,
        )
        for row, own in zip(summary.rows, flops, strict=True)
    ]


def _totals(summary: Summary) -> list[tuple[str, str]]:
    held = [
        ("parameters", f"{grouped(summary.parameters)} ({size_text(summary.parameter_bytes)})"),
        ("FLOPs for a row", polynomial(summary.flops)),
        (f"activations of {summary.batch} rows", amount_text(summary.activation_bytes)),
    ]
    if summary.training is not None:
        held.append(("arrays of a training step", amount_text(summary.training.total)))
    return held


def _training(history: History) -> tuple[list[Plot], list[tuple[str, str]]]:
    plots = []
    for score in history.scores():
        series = [
            Series(words, history.series(name, score))
            for name, words in SETS.items()
            if history.series(name, score)
        ]
        if series:
            drawing = curves(score, series, share=_is_share(score, series))
            plots.append(Plot(score, Markup(drawing)))
    return plots, _told(history)


def _is_share(score: str, series: Sequence[Series]) -> bool:
    within = all(0 <= value <= 1 for line in series for _, value in line.points)
    return score != LOSS and within and score.startswith(("accuracy", "top_k"))


def _told(history: History) -> list[tuple[str, str]]:
    told = [("epochs", grouped(len(history.entries)))]
    seconds = [entry.seconds for entry in history.entries if entry.seconds is not None]
    if seconds:
        told.append(("time", f"{sum(seconds):.1f} s"))
    if history.best is not None:
        told.append(("best weights", f"epoch {history.best.epoch}"))
    if history.ended:
        told.append(("ended", history.ended))
    return told
