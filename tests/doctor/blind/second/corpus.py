"""All cases of the second corpus, kept apart from those of the first."""

from __future__ import annotations

from ..case import CORRECT, SINGLE, Case
from ..corpus import programs  # noqa: F401  the first corpus is entered before this one


def _own() -> tuple[list[Case], list[Case]]:
    """The cases that the files here enter, taken out of the lists of the first corpus."""
    before = len(SINGLE), len(CORRECT)
    from . import classes, larger, small  # noqa: F401

    made = SINGLE[before[0] :], CORRECT[before[1] :]
    del SINGLE[before[0] :], CORRECT[before[1] :]
    return made


SECOND_SINGLE, SECOND_CORRECT = _own()
