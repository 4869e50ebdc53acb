"""From a spec and arrays, named and laid out as people do, to the doctor's answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ..driver import Load, no_includes
from ..source import Source
from .answer.answer import Answer
from .answer.generated import generated_lines
from .diagnose import diagnose
from .intake.network import Network
from .intake.settle import settle
from .interpreter import Array
from .reference import Reference


def examine(
    source: Source,
    arrays: Mapping[str, Array],
    *,
    mapping: Mapping[str, str] | None = None,
    layout: tuple[str, ...] = (),
    rate: float | None = None,
    load: Load = no_includes,
) -> Answer:
    """Judge arrays against a spec.

    Raises SpecError where the spec has errors, ValueError where it has no loss, and BadArrays (a
    ValueError) where arrays are missing, do not fit or could be meant in several ways.
    """
    reference = Reference.of(source, load)
    case = settle(reference, arrays, mapping, layout)
    found = diagnose(reference, case.given, rate=rate, after=case.after or None)
    return Answer(Network(reference), case, found, cache(lambda: generated_lines(source, load)))
