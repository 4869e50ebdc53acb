"""The checks that every fuzzing input must pass: the whole lint, and every output format."""

from __future__ import annotations

from nnc.diagnostics.fixing import fixed
from nnc.diagnostics.model import Report
from nnc.diagnostics.render import render_summary, render_text
from nnc.diagnostics.render.concise import render_concise
from nnc.diagnostics.render.github import render_github
from nnc.diagnostics.render.json import render_json
from nnc.diagnostics.render.sarif import render_sarif
from nnc.driver import check
from nnc.source import Source

LIBRARIES = {
    "blocks.nn": "let width = 4\nblock twice(n, act=relu) = dense n act -> dense (2*n)\n",
    "self.nn": 'include "self.nn"\nlet a = 1\n',
    "back.nn": 'include "spec.nn"\nblock b = dense 3\n',
    "bad.nn": "let = 3\nblock broken(x) = dense x ->\nlet half = 1/2\nlet word = rleu\n",
    "empty.nn": "",
    "ends.nn": "block forks = [id, dense 2]\nblock none = (id) * 0\nlet list = [1, 2, [3]]",
}
"""What specs may include."""


def load(path: str, source: Source) -> Source:
    """An included file, or one of the ways in which there is none."""
    if path == "latin.nn":
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    if path not in LIBRARIES:
        raise FileNotFoundError(path)
    return Source(path, LIBRARIES[path])


def judge(text: str, *, all_formats: bool = False) -> Report:
    """Check a spec and print its findings; whatever this raises is a fault of nnc."""
    source = Source("spec.nn", text)
    report = check(source, load).report
    for diagnostic in report:
        render_text(diagnostic)
        assert 0 <= diagnostic.span.start <= diagnostic.span.stop, diagnostic
        assert diagnostic.span.stop <= len(diagnostic.span.source.text), diagnostic
    render_summary(report)
    if all_formats:
        found = list(report)
        render_json(found).encode()
        render_sarif(found).encode()
        for diagnostic in found:
            render_concise(diagnostic)
            render_github(diagnostic)
        fixed(source, lambda s: check(s, load).report)
    return report
