"""docs/passes.md lists what -O1 does, in the words of the files that do it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from nnc.passes.pipeline import OPTIONAL, PASSES, name_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def described(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.passes_page").described


@pytest.mark.parametrize("name", OPTIONAL)
def test_the_page_has_the_words_of_the_file(name, described):
    page = (ROOT / "docs/passes.md").read_text("utf-8")
    section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert section, f"no section {name}"
    assert (
        described(name) in section or "one plan does both" in section
    ), "docs/passes.md is out of date: python -m benchmarks passes --write"


RUNS = {name_of(run) for levels in PASSES.values() for passes in levels.values() for run in passes}


@pytest.mark.parametrize("name", sorted(RUNS))
def test_every_pass_shows_a_graph_before_and_after(name):
    words = sys.modules[f"nnc.passes.{name.replace('-', '_')}"].__doc__ or ""
    assert words.index("    before  ") < words.index("    after  ")
