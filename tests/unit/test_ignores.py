"""`# nnc: ignore[...]`: what it silences, what it cannot, and the finding if it has no effect."""

from __future__ import annotations

import pytest
from nnc.diagnostics.fixing import fixed
from nnc.diagnostics.ignores import apply, ignores
from nnc.diagnostics.model import Report
from nnc.driver import check, compile_source
from nnc.source import Source

from ..work import growth

UNUSED = "input 20 as a -> dense 8 as first{}\na -> dense 1\nloss mse\n"


def findings(text, load=None):
    source = Source("model.nn", text)
    checked = check(source, load) if load else check(source)
    return [(d.code.id, d.span.line) for d in checked.report]


def test_without_a_comment_there_is_a_finding():
    assert findings(UNUSED.format("")) == [("NN141", 1)]


@pytest.mark.parametrize(
    "comment",
    [
        " # nnc: ignore[NN141]",
        " #nnc:ignore [ NN141 ]",
        "  # as wanted  # nnc: ignore[NN141] it is looked at elsewhere",
    ],
)
def test_a_comment_silences_its_line(comment):
    assert findings(UNUSED.format(comment)) == []


def test_a_comment_alone_silences_the_next_line():
    comment = "# nnc: ignore[NN141]\n"
    assert findings(comment + UNUSED.format("")) == []
    assert findings(comment + "  # more words\n" + UNUSED.format("")) == []
    assert findings(comment + "\n" + UNUSED.format("")) == [("NN142", 1), ("NN141", 3)]


def test_several_codes_of_one_line():
    spec = "let n = 3; input 20 as a -> dense 8 as first # nnc: ignore[NN140,NN141]\na -> dense 1\n"
    assert findings(spec) == []
    assert findings(spec.replace("NN140,", "")) == [("NN140", 1)]


def test_other_codes_and_lines_are_not_silenced():
    assert findings(UNUSED.format(" # nnc: ignore[NN140]")) == [("NN141", 1), ("NN142", 1)]
    assert findings(UNUSED.format("") + "# nnc: ignore[NN141]\n") == [("NN141", 1), ("NN142", 4)]


def test_a_string_is_no_comment():
    source = Source("a.nn", 'include "a # nnc: ignore[NN141].nn" # nnc: ignore[NN140]\n')
    assert [c.text for i in ignores(source) for c in i.codes] == ["NN140"]


@pytest.mark.parametrize(
    ("line", "code"),
    [("-> dens 3", "NN101"), ("-> dense 3 in=5", "NN201"), ("-> dense $", "NN001")],
)
def test_errors_that_stop_building_stay(line, code):
    found = findings(f"input 20\n{line} # nnc: ignore[{code}]\nloss mse\n")
    assert (code, 2) in found
    assert ("NN142", 2) in found


def test_modelling_errors_can_be_silenced(monkeypatch):
    from nnc.diagnostics import ignores as module
    from nnc.diagnostics.model import Code, Report, Severity

    source = Source("a.nn", "input 4 # nnc: ignore[NN399]\n")
    odd = Code("NN399", "odd", Severity.ERROR, "odd")
    monkeypatch.setitem(module.CODES, "NN399", odd)
    report = Report([odd.at(source.span(0, 5), "odd")])
    module.apply(report, source, complete=True)
    assert list(report) == []


def test_a_silenced_spec_compiles_and_reports_nothing():
    spec = Source("a.nn", UNUSED.format(" # nnc: ignore[NN141]"))
    assert not len(compile_source(spec).report)


def test_nothing_is_unused_while_stages_are_missing():
    assert findings("input 20 -> dens 3 # nnc: ignore[NN141]\n") == [("NN101", 1)]
    assert findings("let n = 3 # nnc: ignore[NN301]\n") == findings("let n = 3\n")


def test_unknown_codes_get_a_suggestion():
    for word, meant in (("nn141", "NN141"), ("unused-value", "NN141"), ("NN14", "NN140")):
        spec = UNUSED.format(f" # nnc: ignore[{word}]")
        (found,) = (d for d in check(Source("a.nn", spec)).report if d.code.id == "NN142")
        assert found.fixes[0].title == f"write `{meant}`"


@pytest.mark.parametrize("comment", ["# nnc: ignore", "# nnc: ignore[]", "# nnc: NN141"])
def test_a_comment_without_codes_is_reported(comment):
    assert findings(UNUSED.format(f" {comment}")) == [("NN141", 1), ("NN142", 1)]


def test_included_files_silence_their_own_lines_and_are_not_judged():
    library = "let unused = 3 # nnc: ignore[{}]\nlet size = 8\n"
    spec = 'include "lib.nn"\ninput 4 -> dense size -> dense 1\nloss mse\n'
    for code in ("NN140", "NN141"):
        source = Source("lib.nn", library.format(code))
        assert ("NN142", 1) not in findings(spec, lambda *_, source=source: source)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("input 4 -> dense 3  # nnc: ignore[NN141]\n", "input 4 -> dense 3\n"),
        ("input 4 -> dense 3 # nnc: ignore[NN141]\r\n", "input 4 -> dense 3\r\n"),
        ("  # nnc: ignore[NN141]\ninput 4 -> dense 3\n", "input 4 -> dense 3\n"),
        ("input 4 -> dense 3 # why # nnc: ignore[NN141]", "input 4 -> dense 3 # why"),
        (
            "input 4 as a -> dense 3 as b # nnc: ignore[NN140, NN141, NN201]\na -> dense 3\n",
            "input 4 as a -> dense 3 as b # nnc: ignore[NN141]\na -> dense 3\n",
        ),
    ],
)
def test_the_fix_removes_what_is_idle(before, after):
    assert fixed(Source("a.nn", before), lambda s: check(s).report).source.text == after


LONG = {
    "comments": lambda n: "# nnc: ignore[NN141]\n" * n,
    "codes": lambda n: f"# nnc: ignore[{'NN141,' * n}]\n",
    "unknown codes": lambda n: f"# nnc: ignore[{'NN14,' * n}]\n",
    "signs before one": lambda n: "# " * n + "nnc: ignore[NN14]\n",
    "quotes before one": lambda n: '"' * (2 * n + 1) + "# nnc: ignore[NN14]\n",
}


@pytest.mark.parametrize("kind", LONG)
def test_work_grows_with_the_text_and_not_with_its_square(kind):
    def silence(size):
        source = Source("a.nn", LONG[kind](size))
        return lambda: apply(Report(), source, complete=True)

    assert growth(silence, 1000) < 2.3  # twice the text; its square would be 4


@pytest.mark.parametrize("kind", LONG)
def test_much_to_say_of_a_long_text_is_cut(kind):
    report = Report()
    apply(report, Source("a.nn", LONG[kind](3000)), complete=True)
    assert 0 < len(report) <= 3000
