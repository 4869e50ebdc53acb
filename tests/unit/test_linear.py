"""The work for a spec grows linearly with its size, for every construct."""

from __future__ import annotations

from functools import partial

import pytest
from nnc.diagnostics.model import Report
from nnc.diagnostics.render import render_summary, render_text
from nnc.driver import check
from nnc.format import format_source
from nnc.source import Source

from ..fuzz.judge import load
from ..fuzz.pathological import PATHOLOGICAL
from ..work import growth, work

SIZE = 3000
"""Characters of the smaller spec."""

MOST = 2.3
"""Times the work for twice the size; 2 is linear, 4 would be quadratic."""

SHAPES = (
    "one long list",
    "a long list on many lines",
    "metrics on one line",
    "metrics, a line each",
    "block parameters",
    "block parameters that depend",
    "lets that build on the one before",
    "lets never used",
    "statements on one line",
    "comments",
    "nested lists that go on",
    "brackets in arithmetic",
    "signed numbers, a statement each",
    "names and misspelt names",
    "misspelt layers of different names",
    "misspelt lets",
    "names never used",
    "ignores that work",
    "forks",
    "branches of layers",
    "a chain",
    "groups with names",
    "uses of uses",
    "includes",
)


def lint(text: str) -> None:
    report = check(Source("spec.nn", text), load).report
    for diagnostic in report:
        render_text(diagnostic)
    render_summary(report)


def fmt(text: str) -> None:
    format_source(Source("spec.nn", text), Report())


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("command", [lint, fmt])
def test_twice_the_spec_is_twice_the_work(command, name):
    def made(size: int):
        return partial(command, PATHOLOGICAL[name](size))

    assert growth(made, SIZE) < MOST


def test_the_count_sees_what_is_quadratic():
    """Else the test above would hold of anything."""

    def pairs(size: int):
        names = [str(i) for i in range(size)]
        return lambda: [a for a in names for b in names if a is b]

    assert growth(pairs, 200) > 3.5
    assert work(pairs(50)) == work(pairs(50))
