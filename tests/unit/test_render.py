"""Findings as text, as one line, and as JSON."""

from __future__ import annotations

import json

import pytest
from nnc.diagnostics.model import Code, Edit, Fix, Label, Severity
from nnc.diagnostics.render import bounded, render_concise, render_json, render_summary, render_text
from nnc.diagnostics.site import address
from nnc.source import Source, Span

KERNEL = Code("NN203", "kernel-too-large", Severity.ERROR, "the kernel is too large")
UNUSED = Code("NN105", "unused-name", Severity.WARNING, "a name is never used")
NOTE = Code("NN310", "one-logit", Severity.INFO, "one logit would do")


def find(source: Source, text: str, occurrence: int = 0) -> Span:
    start = -1
    for _ in range(occurrence + 1):
        start = source.text.index(text, start + 1)
    return source.span(start, start + len(text))


def snippet(rendered: str) -> str:
    """The text between the place and the notes."""
    lines = rendered.splitlines()
    return "\n".join(line for line in lines[2:] if " = " not in line)


@pytest.fixture
def convs():
    return Source(
        "text.nn",
        "input 12x22x768\n  -> conv 192 3x768 groups=12\n  -> conv 48 3x768 groups=12\n",
    )


@pytest.fixture
def kernel(convs):
    return KERNEL.at(
        find(convs, "3x768", 1),
        "the kernel is larger than its input",
        here="needs at least 3x768, the input is 20x1",
        labels=[Label(find(convs, "conv 192 3x768 groups=12"), "produces 192x20x1")],
        shapes="input 12x22x768 -> conv1 192x20x1 -> conv2 error",
        help="use a kernel no wider than 1, for example `conv 48 3x1 groups=12`",
        notes=["the first line\nand the second"],
        fixes=[Fix("use 3x1", (Edit(find(convs, "3x768", 1), "3x1"),), safe=True)],
    )


def test_whole_finding(kernel):
    assert render_text(kernel) == """\
error[NN203]: the kernel is larger than its input
  --> text.nn:3:14
   |
 2 |   -> conv 192 3x768 groups=12
   |      ------------------------ produces 192x20x1
 3 |   -> conv 48 3x768 groups=12
   |              ^^^^^ needs at least 3x768, the input is 20x1
   |
   = shapes: input 12x22x768 -> conv1 192x20x1 -> conv2 error
   = help: use a kernel no wider than 1, for example `conv 48 3x1 groups=12`
   = help: use 3x1
   = note: the first line
           and the second
   = explain: nnc explain NN203
"""


def test_several_labels_on_one_line_hang_from_bars(convs):
    found = KERNEL.at(
        find(convs, "conv 48"),
        "m",
        here="first",
        labels=[
            Label(find(convs, "3x768", 1), "second"),
            Label(find(convs, "groups", 1), "third"),
        ],
    )
    assert snippet(render_text(found)) == """\
   |
 3 |   -> conv 48 3x768 groups=12
   |      ^^^^^^^ ----- ------ third
   |      |       |
   |      |       second
   |      first
   |"""


def test_a_label_inside_the_primary_span_is_not_written_into_it(convs):
    found = KERNEL.at(
        find(convs, "conv 48 3x768"), "m", here="all", labels=[Label(find(convs, "48"), "part")]
    )
    assert snippet(render_text(found)) == """\
   |
 3 |   -> conv 48 3x768 groups=12
   |      ^^^^^^^^^^^^^
   |      |    |
   |      |    part
   |      all
   |"""


def test_spans_of_several_lines(convs):
    found = KERNEL.at(
        find(convs, "input 12x22x768\n  -> conv 192"),
        "m",
        here="two lines",
        labels=[Label(find(convs, "48"), "filters")],
    )
    assert snippet(render_text(found)) == """\
   |
 1 |   input 12x22x768
   |  _^
 2 | |   -> conv 192 3x768 groups=12
   | |_____________^ two lines
 3 |     -> conv 48 3x768 groups=12
   |             -- filters
   |"""


def test_nested_spans_of_several_lines_and_a_long_one_without_its_middle():
    source = Source("b.nn", "[dense 4,\n" + "  dense 5,\n" * 10 + "  dense 6] -> add\n")
    found = KERNEL.at(
        source.span(0, source.text.index("]") + 1),
        "m",
        here="the fork",
        labels=[Label(find(source, "dense 4,\n  dense 5"), "inner")],
    )
    assert snippet(render_text(found)) == """\
    |
  1 |    [dense 4,
    |  __^
    | | __-
  2 | ||   dense 5,
    | ||_________- inner
  3 | |    dense 5,
...   |
 11 | |    dense 5,
 12 | |    dense 6] -> add
    | |___________^ the fork
    |"""


def test_places_in_two_files_show_both():
    main = Source("main.nn", 'include "blocks.nn"\nblock wide = dense 9\n')
    blocks = Source("lib/blocks.nn", "# blocks\n" * 11 + "block wide = dense 5\n")
    found = KERNEL.at(
        find(main, "wide"),
        "defined twice",
        here="again",
        labels=[Label(find(blocks, "wide"), "first")],
    )
    assert render_text(found) == """\
error[NN203]: defined twice
   --> main.nn:2:7
    |
  2 | block wide = dense 9
    |       ^^^^ again
    |
   ::: lib/blocks.nn:12:7
    |
 12 | block wide = dense 5
    |       ---- first
    |
    = explain: nnc explain NN203
"""


def test_one_line_left_out_is_shown_and_more_are_not():
    source = Source("a.nn", "\n".join(f"line{n}" for n in range(1, 10)))
    found = KERNEL.at(
        find(source, "line1"),
        "m",
        labels=[Label(find(source, "line3"), ""), Label(find(source, "line6"), "")],
    )
    assert snippet(render_text(found)) == """\
   |
 1 | line1
   | ^^^^^
 2 | line2
 3 | line3
   | -----
...
 6 | line6
   | -----
   |"""


def test_tabs_and_wide_characters_are_aligned():
    source = Source("w.nn", "\tinput 5 # 中文é\tend")
    found = KERNEL.at(
        find(source, "end"), "m", here="here", labels=[Label(find(source, "input"), "there")]
    )
    assert snippet(render_text(found)) == """\
   |
 1 |     input 5 # 中文é    end
   |     -----              ^^^ here
   |     |
   |     there
   |"""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\u241b[31mb"),
        ("a\u202eb", "a\ufffdb"),
        ("a\x7fb", "a\u2421b"),
        ("a\r\nb", "a"),
    ],
)
def test_nothing_in_a_spec_can_steer_the_terminal(text, shown):
    source = Source("s.nn", text)
    rendered = render_text(KERNEL.at(source.span(0, 1), f"bad {text[1]!s}", here=text[1]))
    assert f" 1 | {shown}\n" in rendered
    assert text[1] not in rendered


def test_the_end_of_a_file_and_a_newline_can_be_marked():
    source = Source("e.nn", "dense 5 ->\n")
    end = render_text(KERNEL.at(source.span(11, 11), "m", here="a stage is missing"))
    newline = render_text(KERNEL.at(source.span(10, 11), "m", here="here"))
    assert " 2 |\n   | ^ a stage is missing\n" in end
    assert " 1 | dense 5 ->\n   |           ^ here\n" in newline


def test_a_file_without_text_has_no_snippet():
    found = KERNEL.at(Source("gone.nn", "").span(0, 0), "cannot read it", here="unseen")
    assert render_text(found) == (
        "error[NN203]: cannot read it\n  --> gone.nn\n   = explain: nnc explain NN203\n"
    )


def test_only_the_surroundings_of_the_marks_of_a_long_line_are_shown():
    source = Source("l.nn", "input 5" + " -> dense 5" * 100 + " -> foo" + " -> dense 5" * 9000)
    rendered = render_text(
        KERNEL.at(find(source, "foo"), "m", here="x", labels=[Label(find(source, "input"), "y")])
    )
    line, signs = rendered.splitlines()[3:5]
    assert len(line) < 200
    assert [line[m : m + 3] for m in (line.index("foo"), signs.index("^^^"))] == ["foo", "foo"]
    assert line.startswith(" 1 | input 5 -> dense")
    assert line.endswith("...")
    assert line.count("...") == 2


def test_summary_counts_by_severity(kernel, convs):
    unused, note = UNUSED.at(find(convs, "48"), "u"), NOTE.at(find(convs, "48"), "n")
    other = UNUSED.at(Source("b.nn", "x").span(0, 1), "u")
    assert render_summary([unused, kernel, kernel]) == "2 errors, 1 warning in text.nn"
    assert render_summary([kernel, unused, unused, note, note]) == (
        "1 error, 2 warnings, 2 info in text.nn"
    )
    assert render_summary([unused, other]) == "2 warnings in 2 files"
    assert render_summary([]) == ""


def test_of_one_code_so_many_findings_are_shown():
    source = Source("a.nn", "x" * 1200)
    many = [KERNEL.at(source.span(i, i), "m") for i in range(1200)]
    other = UNUSED.at(source.span(5, 5), "m")
    shown, left_out = bounded([*many, other])
    assert shown == [*many[:100], other]
    assert left_out == "1,100 more of NN203 not shown; `--format json` has all\n"
    assert bounded(many[:100]) == (many[:100], "")


def test_concise_is_one_line(kernel):
    assert render_concise(kernel) == (
        "text.nn:3:14: error[NN203]: the kernel is larger than its input\n"
    )


def test_json_has_every_field(kernel):
    (finding,) = json.loads(render_json([kernel]))
    place = {"file": "text.nn", "line": 3, "column": 14, "end_line": 3, "end_column": 19}
    assert finding == {
        "code": "NN203",
        "name": "kernel-too-large",
        "severity": "error",
        "message": "the kernel is larger than its input",
        **place,
        "labels": [
            {**place, "text": "needs at least 3x768, the input is 20x1"},
            {
                "file": "text.nn",
                "line": 2,
                "column": 6,
                "end_line": 2,
                "end_column": 30,
                "text": "produces 192x20x1",
            },
        ],
        "notes": [
            "shapes: input 12x22x768 -> conv1 192x20x1 -> conv2 error",
            "help: use a kernel no wider than 1, for example `conv 48 3x1 groups=12`",
            "help: use 3x1",
            "note: the first line\nand the second",
        ],
        "fixes": [{"title": "use 3x1", "safe": True, "edits": [{**place, "replacement": "3x1"}]}],
        "url": address("NN203"),
        "rendered": render_text(kernel),
    }


def test_json_of_nothing_is_an_empty_array():
    assert render_json([]) == "[]\n"
