"""What the doctor says of programs written without knowledge of it: a tenth of tests/doctor/blind."""

from __future__ import annotations

import pytest

from ..doctor.blind.corpus import CORRECT, SINGLE
from ..doctor.blind.judge import judged
from ..doctor.blind.labels import NEAR, SLUGS

TENTH = SINGLE[::10]

NOT_YET: set[str] = set()
"""Cases of the tenth that are not named yet; they must be answered without an exception."""


@pytest.mark.parametrize("case", TENTH, ids=lambda case: case.name)
def test_mistakes_of_others_are_named(case):
    verdict = judged(case)
    assert not verdict.refusal
    if SLUGS[case.name] and case.name not in NOT_YET:
        assert verdict.place() == 1, verdict.findings


@pytest.mark.parametrize("case", CORRECT, ids=lambda case: case.name)
def test_nothing_is_wrong_with_right_programs_of_others(case):
    verdict = judged(case)
    assert not verdict.refusal
    assert verdict.findings == verdict.wrong == ()


def test_every_mistake_has_a_label():
    assert {case.name for case in SINGLE} == SLUGS.keys()
    assert SLUGS.keys() >= NEAR.keys()
    assert not [name for name in NEAR if SLUGS[name]]
