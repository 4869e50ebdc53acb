"""docs/passes.md lists the passes of -O1, in the words of their files."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
from nnc.passes.pipeline import OPTIONAL, PASSES, name_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def described(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.passes_page").described


PAGE = (ROOT / "docs/passes.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## ([\w-]+)\n(.*?)(?=^## )", PAGE, re.M | re.S))


def test_the_page_is_about_what_there_is():
    """What is newer than its measurements comes in when they are made again."""
    assert len(SECTIONS) > 10
    assert SECTIONS.keys() <= {*OPTIONAL}


@pytest.mark.parametrize("name", SECTIONS)
def test_the_page_has_the_words_of_the_file(name, described):
    section = SECTIONS[name]
    assert (
        described(name) in section or "one plan does both" in section
    ), "docs/passes.md is out of date: python -m benchmarks passes --write"


RUNS = {name_of(run) for levels in PASSES.values() for passes in levels.values() for run in passes}


@pytest.mark.parametrize("name", sorted(RUNS))
def test_every_pass_shows_a_graph_before_and_after(name):
    words = sys.modules[f"nnc.passes.{name.replace('-', '_')}"].__doc__ or ""
    assert words.index("    before  ") < words.index("    after  ")
