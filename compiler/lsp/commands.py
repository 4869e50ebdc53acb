"""Commands that a client may ask for: the generated module, and the page of a code."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..diagnostics.explain import find, page
from ..editor.generated import generate
from .documents import Documents

LEVELS = (0, 1)


def show_generated(documents: Documents, uri: str, level: int = 0) -> dict[str, Any] | None:
    """Return the generated module of a buffer, and where its lines come from.

    The result has `text`, `level`, `language` and `regions`: from line `first` up to `last` (from
    1) the module's `function` has what stands in `line` of the spec `uri`. None with errors."""
    document = documents.get(uri)
    if document is None or level not in LEVELS:
        return None
    made = generate(documents.study(document), level)
    if made is None:
        return None
    regions = [{**asdict(r), "uri": documents.uri_of(r.source)} for r in made.regions]
    return {"text": made.code, "level": level, "language": "python", "regions": regions}


def explain(code: str) -> str | None:
    """Return the page of a code as Markdown."""
    found = find(code)
    return page(found) if found else None
