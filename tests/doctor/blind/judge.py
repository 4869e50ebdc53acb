"""The doctor's answer for a case, compared with its label."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from nnc.doctor import BadArrays, diagnose

from .case import Case
from .labels import NEAR, SLUGS
from .second.labels import SECOND

ALL = {**SLUGS, **SECOND}
"""The labels of both corpora."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The doctor's answer to a case.

    `findings` are explanations, the likeliest first, each a tuple of slugs; `wrong` are the arrays
    that it says are wrong, `unexplained` those that are left open, `refusal` is why it gave no
    answer, and `told` whether it had to be told the layout.
    """

    case: Case
    findings: tuple[tuple[str, ...], ...] = ()
    wrong: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()
    refusal: str = ""
    told: bool = False

    @property
    def slugs(self) -> tuple[str, ...]:
        """The slugs of this case's label, of both mistakes where it has two."""
        return tuple(s for label in labels(self.case) for s in label)

    def place(self) -> int:
        """At which place, from 1, a finding has the label's slugs and no others; 0: nowhere."""
        for at, finding in enumerate(self.findings, 1):
            if set(finding) <= set(self.slugs):
                return at
        return 0

    def both(self) -> bool:
        """Whether one of the first three findings has a slug of either mistake."""
        return any(
            all(set(f) & set(label) for label in labels(self.case)) for f in self.findings[:3]
        )

    @property
    def near(self) -> bool:
        """Whether the first finding says nearly the same as a mistake outside of the catalogue."""
        own = NEAR.get(self.case.name, ())
        return bool(self.findings) and bool(set(self.findings[0]) & set(own))

    @property
    def places(self) -> bool:
        """Whether it calls something wrong, and nothing that is right."""
        return bool(self.wrong) and set(self.wrong) <= set(self.case.wrong(self.case.arrays()))


def labels(case: Case) -> list[tuple[str, ...]]:
    """The labels of the mistakes in a case; a right one has none."""
    if case.kind == "correct":
        return []
    return [ALL[part.name] for part in case.parts or (case,)]


def judged(case: Case) -> Verdict:
    """Ask the doctor; where it cannot tell the layout, it is told as somebody would."""
    arrays = case.arrays()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return _verdict(case, diagnose(case.spec, arrays), told=False)
        except BadArrays as fault:
            if not case.layout:
                return Verdict(case, refusal=str(fault))
        try:
            return _verdict(case, diagnose(case.spec, arrays, layout=case.layout), told=True)
        except BadArrays as fault:
            return Verdict(case, refusal=str(fault), told=True)


def _verdict(case: Case, answer, *, told: bool) -> Verdict:
    findings: dict[int, list[str]] = {}
    for mistake in answer.diagnoses:
        findings.setdefault(mistake.rank, []).append(mistake.slug)
    return Verdict(
        case,
        tuple(map(tuple, findings.values())),
        tuple(t.name for t in answer.tensors if t.status == "wrong"),
        answer.unexplained,
        told=told,
    )
