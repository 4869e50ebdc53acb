"""What the page asks of nnc: each answer is JSON text; places are UTF-16 offsets, as in JavaScript.

It runs in the page's worker under Pyodide, and in tests under CPython."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from nnc.diagnostics.explain import find, page
from nnc.diagnostics.model import Diagnostic, Fix, Report
from nnc.diagnostics.render.text import render_text
from nnc.editor.columns import Lines
from nnc.editor.completion import complete
from nnc.editor.generated import generate
from nnc.editor.hints import hints
from nnc.editor.hover import hover
from nnc.editor.study import Study, study
from nnc.format import format_source
from nnc.source import Source

NAME = "model.nn"


class Session:
    """The text of the page and what was found out about it."""

    def __init__(self) -> None:
        self.study: Study = study(Source(NAME, ""))
        self.at = Lines("")

    def update(self, text: str) -> dict[str, Any]:
        """Check a text; return its findings and the shape after every stage."""
        self.study, self.at = study(Source(NAME, text)), Lines(text)
        own = [d for d in self.study.found if d.span.source is self.study.source]
        return {
            "findings": [self._finding(d) for d in own],
            "hints": [
                {"at": self.at.units(hint.stop), "label": hint.label, "tooltip": hint.tooltip}
                for hint in hints(self.study)
            ],
            "compiles": self.study.graph is not None,
        }

    def _finding(self, found: Diagnostic) -> dict[str, Any]:
        start, stop = found.span.start, max(found.span.stop, found.span.start + 1)
        return {
            "from": self.at.units(start),
            "to": self.at.units(min(stop, len(self.at.text))),
            "line": found.span.line,
            "severity": found.severity.value,
            "code": found.code.id,
            "message": found.message,
            "text": render_text(found),
            "fixes": [self._fix(fix) for fix in found.fixes],
        }

    def _fix(self, fix: Fix) -> dict[str, Any]:
        edits = [
            {
                "from": self.at.units(edit.span.start),
                "to": self.at.units(edit.span.stop),
                "insert": edit.replacement,
            }
            for edit in fix.edits
        ]
        return {"title": fix.title, "edits": edits}

    def shapes(self) -> list[dict[str, Any]]:
        """Return a row for each stage, as `nnc trace` does."""
        from nnc.report.trace import as_json, trace

        typed = self.study.traced.typed
        return as_json(trace(typed)) if typed is not None else []

    def code(self, level: int) -> dict[str, Any] | None:
        """Return the module at a level, with the lines that come from each line of the spec."""
        made = generate(self.study, level)
        if made is None:
            return None
        regions = [{"first": r.first, "last": r.last, "line": r.line} for r in made.regions]
        return {"text": made.code, "regions": regions}

    def graph(self) -> str | None:
        """Return the network as SVG."""
        from nnc.report.picture import picture
        from nnc.report.svg import svg

        return svg(picture(self.study.graph, "network")) if self.study.graph else None

    def hover(self, at: int) -> dict[str, Any] | None:
        """Return what is to be said of a place."""
        found = hover(self.study, self.at.of_units(at))
        if found is None:
            return None
        return {
            "from": self.at.units(found.start),
            "to": self.at.units(found.stop),
            "text": found.text,
        }

    def complete(self, at: int) -> list[dict[str, Any]]:
        """Return what may be written at a place."""
        items = complete(self.study, self.at.of_units(at))
        return [
            {
                "label": item.label,
                "sort": item.sort,
                "detail": item.detail,
                "insert": item.insert,
                "from": self.at.units(item.start),
                "info": item.documentation,
            }
            for item in items
        ]

    def explain(self, code: str) -> str | None:
        """Return the page of a code as Markdown."""
        found = find(code)
        return page(found) if found else None

    def train(self, epochs: int) -> list[str]:
        """Train on the digits that ship with nnc; return a line an epoch, or why it cannot be.

        NumPy must be there; the page loads it before."""
        from pathlib import Path
        from tempfile import TemporaryDirectory

        from nnc.driver import Options, compile_source
        from nnc.runtime.data import load
        from nnc.runtime.dataset import DataError
        from nnc.runtime.epochs import EpochText
        from nnc.runtime.module import import_module
        from nnc.runtime.training import train

        if self.study.graph is None:
            return ["The spec has errors, or nothing to train."]
        lines: list[str] = []
        text = EpochText(100)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.py"
            code = compile_source(self.study.source, Options(format=False)).code
            path.write_text(code, encoding="utf-8")
            try:
                module = import_module(path)
                data, test = load("digits", module)
                train(
                    module,
                    data,
                    test=test,
                    epochs=epochs,
                    report=lambda epoch: lines.append(text.of(epoch)),
                )
            except (DataError, ValueError) as error:
                lines.append(str(error))
        return lines

    def format(self) -> str:
        """Return the text in its canonical form; broken text as it is."""
        report = Report()
        formatted = format_source(self.study.source, report)
        return self.at.text if formatted is None else formatted


SESSION = Session()

ANSWERS: Mapping[str, Callable[..., Any]] = {
    name: getattr(SESSION, name)
    for name in (
        "update",
        "shapes",
        "code",
        "graph",
        "hover",
        "complete",
        "explain",
        "format",
        "train",
    )
}


def answer(question: str, arguments: str) -> str:
    """Answer a question; both the arguments and the answer are JSON."""
    return json.dumps(ANSWERS[question](*json.loads(arguments)))
