"""The helper functions a module needs: those its text calls, and those they call in turn."""

from __future__ import annotations

import re
from typing import Any

from ..target import Target
from .view import ModuleView

HELPERS_MARK = "# helper functions go here\n"
"""Stands in the module's text until it is known which helpers it calls."""

IMPORTS_MARK = "# imports of helper functions go here\n"
"""Stands in the module's text until it is known what its helpers import."""

CALL_OR_CONSTANT = r"\b(?:[a-z_][a-z_0-9]*(?=\()|[A-Z][A-Z_]+\b)"

FUNCTIONS = f"# --- functions {'-' * 76}\n\n\n"


def helper_functions(target: Target, view: ModuleView, text: str) -> str:
    """The definitions, in the order of the templates.

    Besides functions there are constants, in capitals, which come with what mentions them.
    """
    bodies: dict[str, str] = {}
    own: list[str] = []
    for file in target.helper_files:
        macros: Any = target.environment.get_template(file).module
        bodies |= {name: str(getattr(macros, f"{name}_helper")(view)) for name in macros.ORDER}
        own += getattr(macros, "FOR_PARAMETERS", [])
    wanted: set[str] = set()
    todo = [text]
    while todo:
        words = set(re.findall(CALL_OR_CONSTANT, todo.pop()))
        new = (words & bodies.keys()) - wanted
        wanted |= new
        todo += [bodies[name] for name in new]
    ordered = [name for name in bodies if name in wanted]
    first = next((name for name in ordered if name not in own), None)
    return "\n\n".join(
        (FUNCTIONS if name == first else "") + bodies[name].strip() + "\n" for name in ordered
    )


def helper_imports(target: Target, helpers: str) -> str:
    """The lines that import what helper functions take from the standard library."""
    found: dict[str, str] = {}
    for file in target.helper_files:
        macros: Any = target.environment.get_template(file).module
        found |= getattr(macros, "IMPORTS", {})
    return "".join(
        f"from {module} import {name}\n"
        for name, module in sorted(found.items(), key=lambda item: item[1])
        if re.search(rf"\b{name}\(", helpers)
    )
