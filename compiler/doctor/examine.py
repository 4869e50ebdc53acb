"""The doctor's answer for a spec and arrays in any common naming and layout."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ..driver import Load, no_includes
from ..source import Source
from .answer.answer import Answer
from .answer.generated import generated_lines
from .diagnose import diagnose, rate_of
from .intake.case import without_step
from .intake.network import Network
from .intake.settle import settle
from .interpreter import Array
from .program.process import BYTES, SECONDS, run_program
from .reference import Reference
from .sample import sample
from .stepping import with_step


def examine(
    source: Source,
    arrays: Mapping[str, Array],
    *,
    mapping: Mapping[str, str] | None = None,
    layout: tuple[str, ...] = (),
    rate: float | None = None,
    load: Load = no_includes,
) -> Answer:
    """Check arrays against a spec.

    Raises SpecError if the spec has errors, ValueError if it has no loss, and BadArrays (a
    ValueError) if arrays are missing, do not fit or are ambiguous.
    """
    reference = Reference.of(source, load)
    case = settle(reference, arrays, mapping, layout)
    rate = rate_of(reference.typed) if rate is None else rate
    if rate is None:
        case = without_step(case)
    found = diagnose(reference, case.given, rate=rate, after=case.after, lengths=case.lengths)
    if case.after and rate is not None:
        reference, _ = with_step(reference, rate, 1)
    return Answer(Network(reference), case, found, cache(lambda: generated_lines(source, load)))


def computed(
    source: Source,
    file: Path,
    *,
    data: Mapping[str, Array] | None = None,
    rows: int = 8,
    seed: int = 0,
    seconds: float = SECONDS,
    most: int = BYTES,
    rate: float | None = None,
    load: Load = no_includes,
) -> dict[str, Array]:
    """Run a program in a process with limits on time and memory, and return its arrays.

    Numbers are made up from `seed`, except for those of `data`: X, Y and parameters by the names
    W1, b1, W2 and so on, in the program's own layout. A step is taken with `rate`, that of the
    spec where it is None. Raises ValueError where the network is not
    one for which numbers can be made up, or the program fails.
    """
    reference = Reference.of(source, load)
    drawn = sample(Network(reference), rows, seed).arrays()
    rate = rate_of(reference.typed) if rate is None else rate
    given = {_usual(name): array for name, array in (data or {}).items()}
    unknown = [name for name in given if name not in drawn]
    if unknown:
        raise ValueError(f"the data of a program are called {', '.join(drawn)}, not {unknown[0]!r}")
    return run_program(file, {**drawn, **given}, tuple(given), seconds, most, rate)


def _usual(name: str) -> str:
    """Return `X` for x, and `Y` for y."""
    return name.upper() if name in ("x", "y") else name
