"""The helper functions a module needs: those its text calls, and those they call in turn."""

from __future__ import annotations

import re

from .target import Target
from .view import ModuleView

HELPERS_MARK = "# helper functions go here\n"
"""Stands in the module's text until it is known which helpers it calls."""


def helper_functions(target: Target, view: ModuleView, text: str) -> str:
    """The definitions, in the order of the templates."""
    macros = target.environment.get_template("helpers.jinja").module
    order: list[str] = macros.ORDER  # type: ignore[attr-defined]
    bodies = {name: str(getattr(macros, f"{name}_helper")(view)) for name in order}
    wanted: set[str] = set()
    todo = [text]
    while todo:
        words = set(re.findall(r"\b[a-z_]+(?=\()", todo.pop()))
        new = (words & bodies.keys()) - wanted
        wanted |= new
        todo += [bodies[name] for name in new]
    return "\n\n".join(bodies[name].strip() + "\n" for name in order if name in wanted)
