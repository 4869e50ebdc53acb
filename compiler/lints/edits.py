"""Changes to the text that lints propose; none where the text does not look as expected."""

from __future__ import annotations

import re

from ..diagnostics.model import Edit, Fix
from ..ir.layer_graph import Layer
from ..layers import LAYERS
from ..source import Span
from .network import Step


def remove_step(step: Step) -> list[Fix]:
    """Leave out a trailing activation, or a stage that nobody refers to by name."""
    if step.layer.calls or not _is_literal(step):
        return []
    before = step.span.source.text[: step.span.start]
    if step.trailing:
        gap = re.search(r"[ \t]+$", before)
    else:
        gap = re.search(r"[ \t]*->[ \t]*$", before) if _is_unnamed(step.layer) else None
    if gap is None:
        return []
    place = Span(step.span.source, gap.start(), step.span.stop)
    return [Fix(f"remove `{step.span.text}`", (Edit(place, ""),))]


def replace_step(step: Step, kind: str) -> list[Fix]:
    """Put another activation in its place."""
    if step.layer.calls or not _is_literal(step):
        return []
    return [Fix(f"write `{kind}` in place of `{step.span.text}`", (Edit(step.span, kind),))]


def replace_word(span: Span, word: str) -> Fix:
    """Put another word in place of one, as in `loss bce`."""
    return Fix(f"write `{word}` in place of `{span.text}`", (Edit(span, word),))


def remove_argument(layer: Layer, key: str) -> list[Fix]:
    """Leave out `key=value`; safe, for an argument without effect, outside of blocks."""
    value = layer.given[key]
    before = value.source.text[: value.start]
    written = re.search(rf"(?:,[ \t]*|(?<=[^\s,(])[ \t]+){key}[ \t]*=[ \t]*$", before)
    if written is None:
        return []
    place = Span(value.source, written.start(), value.stop)
    return [Fix(f"remove `{key}={value.text}`", (Edit(place, ""),), safe=not layer.calls)]


def _is_literal(step: Step) -> bool:
    """Whether the text at the step's place is its kind (and not a block's parameter)."""
    word = re.match(r"\w*", step.span.text)
    return word is not None and word[0] in (step.kind, *LAYERS[step.kind].aliases)


def _is_unnamed(layer: Layer) -> bool:
    """Whether the layer was called after its kind, so that no stage can refer to it."""
    return re.fullmatch(rf"{layer.kind}\d+", layer.name.rpartition(".")[2]) is not None
