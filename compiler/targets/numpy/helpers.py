"""The helper functions and imports of a module: those it uses directly and indirectly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..target import Target
from ..uses import recording
from .view import ModuleView

FUNCTIONS = f"# --- functions {'-' * 76}\n\n\n"

STANDARD = {
    **dict.fromkeys(
        (
            *(
                "ast",
                "base64",
                "ctypes",
                "hashlib",
                "json",
                "math",
                "os",
                "secrets",
                "struct",
                "sys",
            ),
            *("time", "warnings", "zipfile", "zlib"),
        )
    ),
    "Callable": "collections.abc",
    "Iterable": "collections.abc",
    "accumulate": "itertools",
    "product": "itertools",
    "prod": "math",
    "is_": "operator",
    "Any": "typing",
    "TYPE_CHECKING": "typing",
}
"""The standard library names that modules import, and their module; None for a module itself."""


@dataclass(frozen=True, slots=True)
class Helpers:
    """The definitions of helper functions as text, and the names used by them and their callers."""

    text: str
    uses: frozenset[str]


def helper_functions(
    target: Target, view: ModuleView, used: Iterable[str], *, titled: bool = True
) -> Helpers:
    """Return the definitions of used helpers and all that they use, in the order of the templates.

    Besides functions there are constants, in capitals. `titled` adds a title before them."""
    macros: dict[str, Any] = {}
    own: list[str] = []
    for file in target.helper_files:
        template: Any = target.environment.get_template(file).module
        macros |= {name: getattr(template, f"{name}_helper") for name in template.ORDER}
        own += getattr(template, "FOR_PARAMETERS", [])
    bodies: dict[str, str] = {}
    found, todo = set[str](), set(used)
    while todo:
        found |= todo
        with recording() as within:
            for name in todo & macros.keys():
                bodies[name] = str(macros[name](view)).strip()
        todo = within - found
    unknown = found - macros.keys() - STANDARD.keys()
    if unknown:
        raise LookupError(f"templates use {', '.join(sorted(unknown))}, which nothing defines")
    ordered = [name for name in macros if name in bodies]
    first = next((name for name in ordered if name not in own and titled), None)
    text = "\n\n".join((FUNCTIONS if n == first else "") + bodies[n] + "\n" for n in ordered)
    return Helpers(text, frozenset(found))


def import_lines(used: Iterable[str]) -> str:
    """Return the import lines of the used standard library names, in the usual order."""
    names = sorted(name for name in used if name in STANDARD)
    modules = [f"import {name}\n" for name in names if STANDARD[name] is None]
    parts = sorted((STANDARD[name] or "", name) for name in names if STANDARD[name])
    return "".join([*modules, *(f"from {module} import {name}\n" for module, name in parts)])
