"""`python -m tests.doctor.blind`: the doctor's results for programs it was not made for, as a page."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set

from .case import Case
from .catalogue import CATALOGUE
from .corpus import CORRECT, DOUBLE, SINGLE
from .judge import Verdict, judged, labels

HEADING = "## Written without knowledge of the catalogue"

INTRODUCTION = (
    "Programs written by somebody who knew neither the doctor nor its catalogue, in the manner of "
    "blog posts, courses and books (`tests/doctor/blind`). Every mistake was labelled with slugs "
    "of the catalogue from its description, before the doctor saw it; for many there is no slug. "
    "`python -m tests.doctor.blind` measures it and prints this section."
)


def share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / max(whole, 1):.0f}%)"


def text(findings: Sequence[tuple[str, ...]]) -> str:
    """The first finding, each slug once."""
    return " + ".join(dict.fromkeys(findings[0])) if findings else "nothing"


def in_catalogue(verdicts: Sequence[Verdict]) -> Iterator[str]:
    first = [v for v in verdicts if v.place() == 1]
    three = [v for v in verdicts if 1 <= v.place() <= 3]
    yield f"* mistakes that are in the catalogue: {len(verdicts)}"
    yield f"* named first: {share(len(first), len(verdicts))}"
    yield f"* among the first three: {share(len(three), len(verdicts))}"


def outside(verdicts: Sequence[Verdict], catalogue: Set[str]) -> Iterator[str]:
    named = [v for v in verdicts if v.findings]
    near = [v for v in named if v.near]
    new = [v for v in named if not v.near and not catalogue >= set(v.findings[0])]
    left = [v for v in named if not v.near and catalogue >= set(v.findings[0])]
    false = [v for v in left if not v.unexplained]
    partly = [v for v in left if v.unexplained]
    none = [v for v in verdicts if not v.findings]
    placed = [v for v in none if v.places]
    yield f"* mistakes without a slug: {len(verdicts)}"
    yield f"  * explained by a slug with nearly the same meaning: {len(near)}"
    if catalogue is CATALOGUE:
        got = "mistakes that got a slug after the labels"
        yield f"  * explained by {got}: {len(new)}{_names(new)}"
    yield f"  * explained completely by another mistake: {len(false)}{_names(false)}"
    yield f"  * explained in part: {len(partly)}"
    yield (
        f"  * not explained: {len(none)}; in {len(placed)} of them the arrays that it calls wrong "
        f"are wrong, and in {sum(not v.wrong for v in none)} it calls no array wrong"
    )


def _names(verdicts: Iterable[Verdict]) -> str:
    found = ", ".join(f"{v.case.name} ({text(v.findings)})" for v in verdicts)
    return f": {found}" if found else ""


def pairs(verdicts: Sequence[Verdict]) -> Iterator[str]:
    known = [v for v in verdicts if all(labels(v.case))]
    both = sum(v.both() for v in known)
    yield f"* pairs of mistakes of the catalogue, both named: {share(both, len(known))}"
    mixed = [v for v in verdicts if v not in known and any(labels(v.case))]
    one = sum(any(set(f) & set(v.slugs) for f in v.findings[:3]) for v in mixed)
    yield f"* pairs with one mistake of the catalogue, that one named: {share(one, len(mixed))}"


def right(verdicts: Sequence[Verdict]) -> Iterator[str]:
    false = [v for v in verdicts if v.wrong or v.findings]
    yield f"* right programs with a false finding: {len(false)} of {len(verdicts)}"


def table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """By the first slug of the label; the cases that failed by name."""
    yield "| mistake | planted | first | first three | named instead |"
    yield "| --- | ---: | ---: | ---: | --- |"
    for slug in sorted({v.slugs[0] for v in verdicts}):
        own = [v for v in verdicts if v.slugs[0] == slug]
        places = [v.place() for v in own]
        other = Counter(text(v.findings) for v in own if v.place() != 1)
        instead = ", ".join(f"{k} {n}" for k, n in sorted(other.items()))
        three = sum(1 <= p <= 3 for p in places)
        yield f"| `{slug}` | {len(own)} | {places.count(1)} | {three} | {instead} |"


def page(
    verdicts: Sequence[Verdict],
    heading: str = HEADING,
    introduction: str = INTRODUCTION,
    catalogue: Set[str] = CATALOGUE,
) -> str:
    """A section of docs/doctor-accuracy.md; `catalogue` has the slugs that labels were chosen from."""
    refused = [v for v in verdicts if v.refusal]
    single = [v for v in verdicts if v.case.kind != "correct" and not v.case.parts]
    known = [v for v in single if v.slugs]
    lines = [heading, "", introduction, ""]
    lines += in_catalogue(known)
    lines += outside([v for v in single if not v.slugs and not v.refusal], catalogue)
    double = [v for v in verdicts if v.case.parts]
    lines += pairs(double) if double else []
    lines += right([v for v in verdicts if v.case.kind == "correct"])
    told = sum(v.told for v in verdicts)
    lines.append(f"* answered only when told the layout: {told}; not at all: {len(refused)}")
    return "\n".join([*lines, "", *table(known), ""])


def measure(cases: Sequence[Case]) -> list[Verdict]:
    """What the doctor says of cases; those that are not named first, and the time, on standard error."""
    start = time.process_time()
    found = [judged(case) for case in cases]
    for v in found:
        if v.case.kind != "correct" and v.slugs and v.place() != 1:
            print(v.case.name, v.slugs, v.findings or v.refusal, v.unexplained, file=sys.stderr)
    spent = time.process_time() - start
    print(f"{len(found)} cases in {spent:.0f} CPU seconds", file=sys.stderr)
    return found


if __name__ == "__main__":
    print(page(measure(SINGLE + DOUBLE + CORRECT)))
