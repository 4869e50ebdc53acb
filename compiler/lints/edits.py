"""Changes to the text that lints propose; none where the text does not look as expected."""

from __future__ import annotations

import re

from ..diagnostics.model import Edit, Fix
from ..ir.layer_graph import Layer
from ..layers import LAYERS
from ..source import Span
from .network import Step

NEAR = 100
"""So many characters before a step are searched for what is to go with it."""


def remove_step(step: Step) -> list[Fix]:
    """Leave out a trailing activation, or a stage that nobody refers to by name."""
    if step.layer.calls or not _is_literal(step):
        return []
    if step.trailing:
        start = _start_before(step.span, r"[ \t]+$")
    else:
        start = _start_before(step.span, r"[ \t]*->[ \t]*$") if _is_unnamed(step.layer) else None
    if start is None:
        return []
    place = Span(step.span.source, start, step.span.stop)
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
    start = _start_before(value, rf"(?:,[ \t]*|(?<=[^\s,(])[ \t]+){key}[ \t]*=[ \t]*$")
    if start is None:
        return []
    place = Span(value.source, start, value.stop)
    return [Fix(f"remove `{key}={value.text}`", (Edit(place, ""),), safe=not layer.calls)]


def _start_before(span: Span, pattern: str) -> int | None:
    """Where a pattern begins that ends directly before a span, if it does so not far from it."""
    near = max(0, span.start - NEAR)
    found = re.compile(pattern).search(span.source.text, near, span.start)
    return found.start() if found else None


def set_argument(layer: Layer, key: str, value: str) -> list[Fix]:
    """Write `key=value` behind a layer's arguments, or over another value; safe."""
    if layer.calls:
        return []
    text = f"{key}={value}"
    if key in layer.given:
        return [Fix(f"write `{text}`", (Edit(layer.given[key], value),), safe=True)]
    source, start = layer.span.source, layer.span.start
    stops = [given.stop for given in layer.given.values() if given.source is source]
    stop = max((n for n in stops if start < n <= layer.span.stop), default=None)
    if stop is None:
        return []
    called = source.text[layer.head.stop : layer.head.stop + 1] == "("
    if not called:
        stop += len(re.findall(r"\A\)*", source.text[stop : layer.span.stop])[0])
    place = Span(source, stop, stop)
    return [Fix(f"add `{text}`", (Edit(place, f"{', ' if called else ' '}{text}"),), safe=True)]


def _is_literal(step: Step) -> bool:
    """Whether the text at the step's place is its kind (and not a block's parameter)."""
    word = re.match(r"\w*", step.span.text)
    return word is not None and word[0] in (step.kind, *LAYERS[step.kind].aliases)


def _is_unnamed(layer: Layer) -> bool:
    """Whether the layer was called after its kind, so that no stage can refer to it."""
    return re.fullmatch(rf"{layer.kind}\d+", layer.name.rpartition(".")[2]) is not None
