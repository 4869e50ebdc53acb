"""`python -m tests.doctor.blind.second`: how often the doctor is right about the second corpus, as a page."""

from __future__ import annotations

from nnc.doctor.hypotheses import HYPOTHESES

from ..__main__ import measure, page
from .corpus import SECOND_CORRECT, SECOND_SINGLE

HEADING = "## Written after the first blind corpus had been seen"

INTRODUCTION = (
    "Sixty programs and twenty-one right ones (`tests/doctor/blind/second`), written and labelled "
    "on 2026-11-29 in the style of users, after the doctor had been extended by what it missed in "
    "the first blind corpus, and before it was run on them. Their author knew the doctor and its "
    "catalogue, so they are new, but not blind. `python -m tests.doctor.blind.second` measures it "
    "and prints this section."
)

if __name__ == "__main__":
    found = measure(SECOND_SINGLE + SECOND_CORRECT)
    print(page(found, HEADING, INTRODUCTION, frozenset(HYPOTHESES)))
