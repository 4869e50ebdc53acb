"""The sections of a module, in order: each is a template of that name, with two exceptions."""

from __future__ import annotations

from ...contents import Contents
from ..target import Target
from ..uses import recording
from .helpers import helper_functions, import_lines
from .view import ModuleView

IMPORTS = "preamble"
"""The imports, which follow from the names that all other sections use."""

BARE_IMPORTS = "bare_imports"
"""The imports without those that only the annotations of whole modules need."""

HELPERS = "helpers"
"""The helper functions that the other sections, and the helpers themselves, call."""


CONSTANTS = ("origin", "ports", "targets_constant", "shapes", "training_constants")


def parts(contents: Contents, level: int) -> tuple[str, ...]:
    """Return the sections of a kind of module."""
    match contents:
        case Contents.MODULE:
            return _module(level)
        case Contents.PREDICT:
            return _PREDICT
        case Contents.BARE:
            return _BARE


def _module(level: int) -> tuple[str, ...]:
    steps = ("textbook",) if level == 0 else ("optimised",)
    types = ("types", "cache_types") if level == 0 else ("types",)
    constants = (*CONSTANTS, "ragged_constants", "values", *types, "quiet")
    head = ("docstring", IMPORTS, *constants, "parameters", "compiled", HELPERS)
    return (*head, *steps, "predict", "emitted", "stepping", "arguments", "files", "check")


_PREDICT = (
    *("serving_docstring", IMPORTS, "origin", "ports", "shapes", "values", "types", "quiet"),
    *("compiled", HELPERS, "serving", "serving_stepping", "serving_inputs", "serving_files"),
)

_BARE = ("bare_docstring", BARE_IMPORTS, "bare_types", HELPERS, "bare", "bare_stepping")


def module_text(view: ModuleView, target: Target, parts: tuple[str, ...]) -> str:
    """Return the module's source, before Black."""
    with recording() as used:
        texts = {
            part: target.render(f"{part}.jinja", m=view)
            for part in parts
            if part not in (IMPORTS, BARE_IMPORTS, HELPERS)
        }
    helpers = helper_functions(target, view, used, titled=BARE_IMPORTS not in parts)
    standard = import_lines(helpers.uses)
    for part in {IMPORTS, BARE_IMPORTS} & set(parts):
        texts[part] = target.render(f"{part}.jinja", standard=standard)
    texts[HELPERS] = helpers.text + "\n"
    return "".join(texts[part] for part in parts)
