"""Helpers of the resolver's tests: the layer graph and findings of a spec's text."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import dirname, join, normpath

from nnc.diagnostics.model import Diagnostic, Edit, Report, Severity
from nnc.frontend.parser import parse
from nnc.frontend.resolve import resolve
from nnc.ir.layer_graph import Layer, LayerGraph
from nnc.source import Source


def outcome(text: str, files: Mapping[str, str] | None = None) -> tuple[LayerGraph | None, Report]:
    """The graph of a spec (None for a library) and what was found; `files` can be included."""
    report = Report()

    def load(path: str, source: Source) -> Source:
        name = normpath(join(dirname(source.name), path))
        if files is None or name not in files:
            raise FileNotFoundError(path)
        return Source(name, files[name])

    file = parse(Source("main.nn", text), report)
    return resolve(file, load, report), report


def graph(text: str, files: Mapping[str, str] | None = None) -> LayerGraph:
    """The graph of a spec that must have no errors."""
    found, report = outcome(text, files)
    assert not report.has_errors, [(d.code.id, d.message) for d in report]
    assert found is not None
    return found


def findings(text: str, files: Mapping[str, str] | None = None) -> list[Diagnostic]:
    return list(outcome(text, files)[1])


def error_codes(text: str, files: Mapping[str, str] | None = None) -> list[str]:
    found = findings(text, files)
    return [d.code.id for d in found if d.severity is Severity.ERROR]


def names(text: str) -> list[str]:
    """Full names of all layers but the inputs."""
    return [layer.name for layer in graph(text).layers if layer.kind != "input"]


def layer(text: str, name: str) -> Layer:
    return graph(text).by_name()[name]


def edges(text: str) -> dict[str, list[str]]:
    """For every layer the names of those that feed it."""
    found = graph(text)
    by_id = {n.id: n.name for n in found.layers}
    return {n.name: [by_id[i] for i in n.inputs] for n in found.layers}


def repaired(text: str, fix: int = 0) -> str:
    """The spec after a fix of its only finding."""
    (finding,) = findings(text)
    edits = sorted(finding.fixes[fix].edits, key=lambda e: e.span.start, reverse=True)
    for edit in edits:
        text = _edited(text, edit)
    return text


def _edited(text: str, edit: Edit) -> str:
    return text[: edit.span.start] + edit.replacement + text[edit.span.stop :]
