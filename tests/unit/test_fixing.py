"""Safe fixes: which are applied, how often, and that a second run finds nothing to fix."""

from __future__ import annotations

from pathlib import Path

import pytest
from nnc.diagnostics.fixing import edited, fixed
from nnc.diagnostics.model import Code, Edit, Fix, Report, Severity
from nnc.driver import check
from nnc.source import Source

UI = Path(__file__).parents[1] / "ui"
ODD = Code("NN399", "odd", Severity.WARNING, "odd")


def load(path: str, source: Source) -> Source:
    name = (Path(source.name).parent / path).as_posix()
    return Source(name, (UI / name).read_bytes().decode("utf-8"))


def report_of(source: Source) -> Report:
    return check(source, load).report


def replacing(*pairs: tuple[str, str], safe: bool = True):
    """A check that wants words replaced, each by a finding of its own."""

    def checked(source: Source) -> Report:
        report = Report()
        for old, new in pairs:
            at = source.text.find(old)
            if at >= 0:
                span = source.span(at, at + len(old))
                fixes = [Fix(f"write {new}", (Edit(span, new),), safe)]
                report.add(ODD.at(span, f"{old} is odd", fixes=fixes))
        return report

    return checked


def result(text: str, *pairs: tuple[str, str], safe: bool = True) -> str:
    return fixed(Source("a.nn", text), replacing(*pairs, safe=safe)).source.text


def test_all_findings_are_repaired():
    assert result("one two three", ("one", "1"), ("three", "3")) == "1 two 3"


def test_findings_that_come_up_later_are_repaired():
    assert result("one", ("one", "two"), ("two", "three")) == "three"


def test_unsafe_fixes_are_left_alone():
    assert result("one", ("one", "1"), safe=False) == "one"


def test_of_overlapping_fixes_the_first_is_made_first():
    assert result("abc", ("ab", "x"), ("bc", "y")) == "xc"
    assert result("abcd", ("ab", "x"), ("cd", "y")) == "xy"


def test_fixes_that_undo_each_other_end():
    done = fixed(Source("a.nn", "one"), replacing(("one", "two"), ("two", "one")))
    assert (done.source.text, len(done.repaired)) == ("two", 1)


def test_fixes_that_never_end_end():
    assert len(result("a", ("a", "aa"))) < 1000


def test_what_was_done_is_told_with_its_place():
    done = fixed(Source("a.nn", "one\none"), replacing(("one", "1")))
    assert [(d.span.line, f.title) for d, f in done.repaired] == [(1, "write 1"), (2, "write 1")]
    assert not len(done.report)


def test_other_files_are_left_alone():
    other = Source("b.nn", "one")

    def checked(source: Source) -> Report:
        return replacing(("one", "1"))(other)

    assert fixed(Source("a.nn", "one"), checked).source.text == "one"


def test_edits_are_made_where_they_were_meant():
    source = Source("a.nn", "abcdef")
    edits = [
        Edit(source.span(1, 2), "BBB"),
        Edit(source.span(4, 5), ""),
        Edit(source.span(6, 6), "!"),
    ]
    assert edited(source.text, edits) == "aBBBcdf!"


@pytest.mark.parametrize("spec", sorted(UI.glob("*.nn")), ids=lambda spec: spec.stem)
def test_a_second_run_changes_nothing(spec):
    before = Source(spec.name, spec.read_bytes().decode("utf-8"))
    once = fixed(before, report_of)
    assert fixed(once.source, report_of).source.text == once.source.text
    assert not [f for d in once.report for f in d.fixes if f.safe and d.span.source is once.source]
    if not once.repaired:
        assert once.source.text == before.text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("input 4 -> Dense 3\nloss mse\n", "input 4 -> dense 3\nloss mse\n"),
        ("input 4 → dense 3 − 1\n", None),
        ("input 4 → dense 3\n", "input 4 -> dense 3\n"),
        ("input 4 -> dens 3\n", None),
    ],
)
def test_real_findings(before, after):
    assert fixed(Source("a.nn", before), report_of).source.text == (
        after or before.replace("→", "->").replace("−", "-")
    )
