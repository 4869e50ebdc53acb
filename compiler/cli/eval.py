"""`nnc eval`: loss, metrics and per-class scores of a trained network on data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from .app import app
from .memory_option import memory_option
from .messages import warn
from .report_format import format_option
from .terminal import ReportFormat
from .trained import features_option, network_argument, params_option, trained_network
from .values import File, Text

if TYPE_CHECKING:
    from nnc.runtime.class_report import Calibration, ClassScore
    from nnc.runtime.evaluation import ClassOutput, Evaluation

MOST_CLASSES = 20
"""Most classes in a table; more are reported in the JSON only, as the table would be too wide."""


@app.command("eval")
@network_argument
@click.option(
    "--data",
    metavar="DATA",
    required=True,
    type=File("data"),
    help="Data with targets, of any kind that `nnc train` reads.",
)
@params_option
@click.option(
    "--target",
    metavar="COLUMNS",
    type=Text("names of columns"),
    help="Target columns of a table; a run knows its own.",
)
@features_option
@format_option
@memory_option
def evaluate(
    network: str,
    data: str,
    params: str | None,
    target: str | None,
    features: str | None,
    format_: ReportFormat,
    max_memory: int,
) -> None:
    """Measure a trained network on data: loss, metrics, each class, confusion, calibration.

    A table is read as the training table of the run was: columns are found by name,
    and words get the same ids as in training.

    Examples:

      nnc eval runs/iris --data new.csv

      nnc eval digits.nn --params digits.npz --data digits --format json
    """
    from nnc.runtime.evaluation import evaluate as measured

    with trained_network(network, params, max_memory) as (trained, meanings):
        rows = trained.labelled(data, warn, target=target, features=features)
        classes = trained.encoding.classes if trained.encoding else ()
        found = measured(
            trained.module,
            trained.params,
            trained.state,
            rows,
            meanings=meanings,
            classes=classes,
            tell=warn,
        )
    if format_ is ReportFormat.JSON:
        click.echo(json.dumps(found.to_json(), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(found)))


def _lines(found: Evaluation) -> Iterator[str]:
    from nnc.runtime.epochs import score_text

    yield f"{found.data}: {found.rows:,} row{'' if found.rows == 1 else 's'}"
    scores = {"loss": found.loss, **found.metrics}
    width = max(map(len, scores))
    yield from (f"  {name:<{width}}  {score_text(name, value)}" for name, value in scores.items())
    for output in found.outputs:
        title = f" of `{output.name}`" if len(found.outputs) > 1 else ""
        yield ""
        yield from _class_lines(output, title)


def _class_lines(output: ClassOutput, title: str) -> Iterator[str]:
    scores = output.classes
    if len(scores) > MOST_CLASSES:
        yield f"{len(scores)} classes{title}: --format json has each of them"
    else:
        yield from _score_lines(scores, title)
        yield ""
        yield f"confusion{title}: true classes down, predicted ones across"
        yield from _confusion_lines(output)
    if output.calibration is not None:
        yield ""
        yield _calibration_line(output.calibration, title)


def _score_lines(scores: tuple[ClassScore, ...], title: str) -> Iterator[str]:
    width = max(len("class" + title), *(len(score.name) for score in scores))
    yield f"{'class' + title:<{width}}  precision    recall        f1      rows"
    for score in scores:
        shares = "".join(f"{_percent(v):>10}" for v in (score.precision, score.recall, score.f1))
        yield f"{score.name:<{width}} {shares}{score.rows:>10,}"


def _confusion_lines(output: ClassOutput) -> Iterator[str]:
    names = [score.name for score in output.classes]
    width = max(map(len, names))
    columns = [
        max(len(name), len(str(output.confusion[:, i].max()))) for i, name in enumerate(names)
    ]
    head = "  ".join(f"{name:>{n}}" for name, n in zip(names, columns, strict=True))
    yield f"{'':<{width}}  {head}"
    for name, row in zip(names, output.confusion, strict=True):
        counts = "  ".join(f"{count:>{n}}" for count, n in zip(row, columns, strict=True))
        yield f"{name:<{width}}  {counts}"


def _calibration_line(found: Calibration, title: str) -> str:
    return (
        f"calibration{title}: mean confidence {_percent(found.confidence)}, accuracy "
        f"{_percent(found.accuracy)}, expected calibration error {_percent(found.error)}"
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
