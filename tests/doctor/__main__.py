"""`python -m tests.doctor [FILE]`: how often the doctor names the planted mistakes, as a page."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..unit.planted import NETS, hand, numbers
from ..unit.test_doctor import PLANTED as GRADIENTS
from ..unit.test_doctor import ROWS
from .blind.__main__ import HEADING
from .cases import Case, slugs
from .corpus import PLANTED, RIGHT
from .pairs import found_pairs


@dataclass
class Row:
    """What came of one slug."""

    planted: int = 0
    first: int = 0
    three: int = 0
    others: Counter[str] = field(default_factory=Counter)


def gradients() -> Iterator[Case]:
    """The mistakes of tests/unit/planted.py, with the gradients of parameters only, and with all."""
    for net, wrong in GRADIENTS:
        for rows in ROWS:
            for inner in (False, True):
                given = numbers(NETS[net], rows, seed=rows)
                made = hand(NETS[net], given, {wrong})
                made = {n: a for n, a in made.items() if inner or "." in n}
                label = f"{net} {rows} {inner}"
                arrays = {**given, **made}
                yield Case(wrong.split()[0], label, NETS[net].text, lambda a=arrays: a)


def right_gradients() -> Iterator[Case]:
    """Right programs; the mean is taken where the gradient leaves the loss, or in the products."""
    for net in NETS:
        for rows in (1, 3, 8, 17):
            for late in (False, True):
                for kind in ("float32", "float64"):
                    given = numbers(NETS[net], rows, seed=rows)
                    made = {n: a.astype(kind) for n, a in hand(NETS[net], given, (), late).items()}
                    arrays = {**given, **made}
                    yield Case("", f"{net} {rows}", NETS[net].text, lambda a=arrays: a)


def measured() -> dict[str, Row]:
    """The corpus, by slug."""
    table: dict[str, Row] = {}
    for case in (*gradients(), *PLANTED):
        row = table.setdefault(case.slug, Row())
        named = slugs(case.diagnosed())
        row.planted += 1
        row.first += named[:1] == [(case.slug,)]
        row.three += (case.slug,) in named[:3]
        row.others.update(" and ".join(n) for n in named[:3] if n != (case.slug,))
    return dict(sorted(table.items()))


def lines(table: dict[str, Row]) -> Iterator[str]:
    planted, first = (sum(getattr(r, n) for r in table.values()) for n in ("planted", "first"))
    three = sum(row.three for row in table.values())
    pairs = list(found_pairs())
    both = sum(bool(named) and set(named[0]) == set(pair) for pair, named in pairs)
    right = [*RIGHT, *right_gradients()]
    false = sum(bool(case.diagnosed().wrong) for case in right)
    yield "# How often the doctor is right\n"
    yield (
        "Handwritten NumPy programs with one mistake each: networks of dense layers and optimizer "
        "steps. Samples are rows, columns, or examples of a loop; batch sizes differ; the doctor is "
        "given the gradients of the parameters, all gradients, or the parameters after a step. The "
        "mistakes were known when the hypotheses were written, so mistakes that nobody thought of "
        "are not among them. `python -m tests.doctor docs/doctor-accuracy.md` measures it and writes this page.\n"
    )
    yield f"* mistakes planted: {planted}"
    yield f"* named first: {first} ({first / planted:.1%})"
    yield f"* among the first three: {three} ({three / planted:.1%})"
    yield f"* pairs with both named in the first diagnosis: {both} of {len(pairs)} ({both / len(pairs):.0%})"
    yield f"* right programs with a false finding: {false} of {len(right)}\n"
    yield "The last column lists other mistakes named among the first three, and how often: usually"
    yield "they give the same numbers, so that they cannot be told apart.\n"
    yield "| mistake | planted | first | first three | named beside it |"
    yield "| --- | ---: | ---: | ---: | --- |"
    for slug, row in table.items():
        others = ", ".join(f"{name} {count}" for name, count in row.others.most_common(4))
        yield f"| `{slug}` | {row.planted} | {row.first} | {row.three} | {others} |"
    missed = [f"{a} with {b}: {n[:1]}" for (a, b), n in pairs if not n or set(n[0]) != {a, b}]
    for text in missed:
        print("pair missed:", text, file=sys.stderr)


def main() -> None:
    text = "\n".join(lines(measured())) + "\n"
    if len(sys.argv) > 1:
        path = Path(sys.argv[1])
        blind = path.read_text("utf-8").partition(HEADING)[2] if path.exists() else ""
        path.write_text(f"{text}\n{HEADING}{blind}" if blind else text, "utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
