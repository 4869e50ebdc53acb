"""All cases of the blind corpus.

`python -m tests.doctor.blind.corpus` compares every case with the right values: cases with a
mistake must differ from them, right ones must not, and neither of two mistakes may hide the other.
"""

from __future__ import annotations

from . import programs
from .case import CORRECT, DOUBLE, SINGLE, Case
from .oracle import differs

__all__ = ["CORRECT", "DOUBLE", "SINGLE", "Case", "programs"]


def check() -> None:
    names = [case.name for case in SINGLE + DOUBLE + CORRECT]
    assert len(names) == len(set(names)), "names are not unique"
    for case in SINGLE + DOUBLE:
        assert case.wrong(case.arrays()), f"nothing differs: {case.name}"
    for case in DOUBLE:
        got = case.arrays()
        for part in case.parts:
            alone = part.arrays()
            assert part.wrong(alone), f"nothing differs: {part.name} in {case.name}"
            assert any(differs(got[n], alone[n].astype(float), 1e-4) for n in got), case.name
    for case in CORRECT:
        assert not case.wrong(case.arrays()), f"not right: {case.name}"


if __name__ == "__main__":
    check()
    print(f"one mistake: {len(SINGLE)}, two: {len(DOUBLE)}, right: {len(CORRECT)}")
