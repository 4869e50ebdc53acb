"""Edits of the text that lints propose; none where the text is not as expected."""

from __future__ import annotations

import re

from ..diagnostics.model import Edit, Fix
from ..ir.layer_graph import Layer
from ..layers import LAYERS
from ..shapes.edits import is_unnamed, set_value, start_before
from ..source import Span
from .network import Step


def remove_step(step: Step) -> list[Fix]:
    """Remove a trailing activation, or a stage without references by name."""
    if step.layer.calls or not _is_literal(step):
        return []
    if step.trailing:
        start = start_before(step.span, r"[ \t]+$")
    else:
        start = start_before(step.span, r"[ \t]*->[ \t]*$") if is_unnamed(step.layer) else None
    if start is None:
        return []
    place = Span(step.span.source, start, step.span.stop)
    return [Fix(f"remove `{step.span.text}`", (Edit(place, ""),))]


def replace_step(step: Step, kind: str) -> list[Fix]:
    """Replace it by another activation."""
    if step.layer.calls or not _is_literal(step):
        return []
    return [Fix(f"write `{kind}` in place of `{step.span.text}`", (Edit(step.span, kind),))]


def replace_word(span: Span, word: str) -> Fix:
    """Replace one word by another, as in `loss bce`."""
    return Fix(f"write `{word}` in place of `{span.text}`", (Edit(span, word),))


def remove_argument(layer: Layer, key: str) -> list[Fix]:
    """Remove `key=value`; safe, for an argument without effect, outside of blocks."""
    value = layer.given[key]
    start = start_before(value, rf"(?:,[ \t]*|(?<=[^\s,(])[ \t]+){key}[ \t]*=[ \t]*$")
    if start is None:
        return []
    place = Span(value.source, start, value.stop)
    return [Fix(f"remove `{key}={value.text}`", (Edit(place, ""),), safe=not layer.calls)]


def set_argument(layer: Layer, key: str, value: str, *, safe: bool = True) -> list[Fix]:
    """Append `key=value` to a layer's arguments, or replace the value of the key."""
    edit = None if layer.calls else set_value(layer, key, value)
    verb = "write" if key in layer.given else "add"
    return [Fix(f"{verb} `{key}={value}`", (edit,), safe)] if edit else []


def _is_literal(step: Step) -> bool:
    """Return whether the text of the step is its kind (and not a block's parameter)."""
    word = re.match(r"\w*", step.span.text)
    return word is not None and word[0] in (step.kind, *LAYERS[step.kind].aliases)
