"""Measurements of a trained network for a report: scores, classes, worst examples, weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from nnc.runtime.class_report import Calibration
    from nnc.runtime.dataset import Dataset
    from nnc.runtime.evaluation import ClassOutput
    from nnc.runtime.module import Array
    from nnc.runtime.probabilities import Meaning
    from nnc.runtime.trained import Trained

    from ..ir.layer_graph import TypedGraph
    from ..report.page import ClassTable, Example, Image, Measured, Weights

IMAGE_SIDE = 112
"""Approximate side of an example's image in pixels of the page; a unit's weights get half."""

MOST_IMAGES = 64
MOST_VALUES = 8
WORST = 12


def measured(
    trained: Trained, data: Dataset, role: str, meanings: Mapping[str, Meaning], flat: bool
) -> Measured:
    """Measure a network on data; `role` names the data, `flat` says that square rows are images."""
    from nnc.runtime.epochs import score_text
    from nnc.runtime.evaluation import evaluate

    from ..report.page import Measured

    notes: list[str] = []
    classes = trained.encoding.classes if trained.encoding else ()
    found = evaluate(
        trained.module,
        trained.params,
        trained.state,
        data,
        meanings=meanings,
        classes=classes,
        tell=notes.append,
    )
    scores = {"loss": found.loss, **found.metrics}
    return Measured(
        f"{found.data}, {role}",
        found.rows,
        [(name, score_text(name, value)) for name, value in scores.items()],
        [_table(output) for output in found.outputs],
        list(_examples(trained, data, meanings, classes, flat)),
    )


def _table(output: ClassOutput) -> ClassTable:
    from ..report.page import ClassRow, ClassTable

    rows = [
        ClassRow(
            score.name,
            _percent(score.precision),
            _percent(score.recall),
            _percent(score.f1),
            score.rows,
            [int(count) for count in counts],
        )
        for score, counts in zip(output.classes, output.confusion, strict=True)
    ]
    told = "" if output.calibration is None else _calibration(output.calibration)
    return ClassTable(output.name, rows, told)


def _calibration(found: Calibration) -> str:
    return (
        f"Mean confidence {_percent(found.confidence)}, accuracy {_percent(found.accuracy)}, "
        f"expected calibration error {_percent(found.error)}."
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _examples(
    trained: Trained,
    data: Dataset,
    meanings: Mapping[str, Meaning],
    classes: tuple[str, ...],
    flat: bool,
) -> Iterator[Example]:
    from nnc.runtime.fit import fit_targets
    from nnc.runtime.worst import worst

    from ..report.page import Example

    target = fit_targets(data, trained.module).data.target
    if target is None:
        return
    found = worst(
        trained.predict(data),
        target,
        meanings=meanings,
        losses=trained.module.LOSSES.values(),
        classes=classes,
        count=WORST,
    )
    for bad in found:
        image, values = _shown(data.x, bad.row, flat)
        yield Example(bad.row, bad.truth, bad.said, f"{bad.loss:.3g}", image, values)


def _shown(x: Array | Mapping[str, Array], row: int, flat: bool) -> tuple[Image | None, str]:
    """Return an input row as an image, or its first values as text."""
    import numpy as np
    from nnc.runtime.files.pixels import data_uri, grey, image_of

    if not isinstance(x, np.ndarray):
        return None, ""
    own = x[row]
    pixels = image_of(own, flat=flat)
    if pixels is not None:
        return _image(data_uri(grey(pixels)), pixels, f"row {row}", IMAGE_SIDE), ""
    values = ", ".join(f"{value:.4g}" for value in own.ravel()[:MOST_VALUES])
    return None, values + (", …" if own.size > MOST_VALUES else "")


def _image(uri: str, pixels: Array, words: str, side: int) -> Image:
    """Return an image, scaled up by a whole number."""
    from ..report.page import Image

    height, width = pixels.shape[:2]
    scale = max(1, round(side / max(height, width)))
    return Image(uri, width * scale, height * scale, words)


def weights(typed: TypedGraph, params: Mapping[str, np.ndarray], flat: bool) -> Weights | None:
    """Return the weights of the first layer as images, where its input is an image."""
    import numpy as np
    from nnc.runtime.files.pixels import data_uri, signed, tiled

    from ..report.first_layer import first_layer
    from ..report.page import Weights

    layer = first_layer(typed, flat=flat)
    if layer is None:
        return None
    array = np.asarray(params[layer.weights])
    each = array if layer.filters else array.T.reshape(-1, *layer.shape)
    largest = float(np.abs(each).max())
    word = "filter" if layer.filters else "unit"
    images = []
    for at, channels in enumerate(each[:MOST_IMAGES]):
        pixels = signed(tiled(channels), largest)
        images.append(_image(data_uri(pixels), pixels, f"{word} {at}", IMAGE_SIDE // 2))
    return Weights(layer.name, images, len(each), f"{largest:.3g}")
