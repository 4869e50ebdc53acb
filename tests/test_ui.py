"""UI tests: every spec in tests/ui gives exactly the findings in the .txt file beside it.

A file is named after the code it shows, `NN203-kernel-too-large.nn`; files in subfolders are
there to be included. A first line `# nnc compile --emit step` asks for the findings of that
command. `pytest --update-golden` rewrites the expected texts.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from nnc.diagnostics.model import Diagnostic
from nnc.diagnostics.render import render_summary, render_text
from nnc.source import Source

from tests import asked

UI = Path(__file__).parent / "ui"
SPECS = sorted(UI.glob("*.nn"))


def load(path: str, source: Source) -> Source:
    """Included files are named relative to tests/ui, so that texts hold on every machine."""
    name = (Path(source.name).parent / path).as_posix()
    return Source(name, (UI / name).read_bytes().decode("utf-8"))


def findings(spec: Path) -> list[Diagnostic]:
    return asked.findings(Source(spec.name, spec.read_bytes().decode("utf-8")), load)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_findings_are_as_expected(spec, golden):
    found = findings(spec)
    text = "\n".join(map(render_text, found)) + f"\n{render_summary(found)}\n"
    assert spec.name[:5] in {d.code.id for d in found}, text
    golden(spec.with_suffix(".txt"), text)


def test_every_expected_text_has_its_spec():
    assert {p.stem for p in UI.glob("*.txt")} <= {p.stem for p in SPECS}
