"""Views of diagnostics: text for people, one line each for editors, JSON for tools."""

from .bounded import bounded
from .concise import render_concise
from .json import render_json
from .text import render_all, render_summary, render_text

__all__ = [
    "bounded",
    "render_all",
    "render_concise",
    "render_json",
    "render_summary",
    "render_text",
]
