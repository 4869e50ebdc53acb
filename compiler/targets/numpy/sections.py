"""The parts that a module is made of, in order: each a template of its name, but for two."""

from __future__ import annotations

from ..target import Target
from ..uses import recording
from .helpers import helper_functions, import_lines
from .view import ModuleView

IMPORTS = "preamble"
"""Follows from what all others use."""

HELPERS = "helpers"
"""The helper functions that the others, and they themselves, call."""


def full(level: int) -> tuple[str, ...]:
    """The parts of a whole module."""
    return (
        "docstring",
        IMPORTS,
        "constants",
        "parameters",
        "compiled",
        HELPERS,
        "textbook" if level == 0 else "optimised",
        "predict",
        "arguments",
        "files",
        "check",
    )


def module_text(view: ModuleView, target: Target, parts: tuple[str, ...]) -> str:
    """The module's source, before Black."""
    with recording() as used:
        texts = {
            part: target.render(f"{part}.jinja", m=view)
            for part in parts
            if part not in (IMPORTS, HELPERS)
        }
    helpers = helper_functions(target, view, used)
    texts[IMPORTS] = target.render(f"{IMPORTS}.jinja", standard=import_lines(helpers.uses))
    texts[HELPERS] = helpers.text + "\n"
    return "".join(texts[part] for part in parts)
