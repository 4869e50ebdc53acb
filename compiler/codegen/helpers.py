"""The helper functions a module needs: those its text calls, and those they call in turn."""

from __future__ import annotations

import re

from .target import Target
from .view import ModuleView

HELPERS_MARK = "# helper functions go here\n"
"""Stands in the module's text until it is known which helpers it calls."""

FUNCTIONS = f"# --- functions {'-' * 76}\n\n\n"


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
    ordered = [name for name in order if name in wanted]
    first = next((name for name in ordered if name not in macros.FOR_PARAMETERS), None)  # type: ignore[attr-defined]
    return "\n\n".join(
        (FUNCTIONS if name == first else "") + bodies[name].strip() + "\n" for name in ordered
    )
