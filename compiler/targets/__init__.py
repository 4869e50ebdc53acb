"""The code generation targets, one folder each; their templates are in templates/."""

from __future__ import annotations

from pkgutil import iter_modules


def target_names() -> list[str]:
    """Return the names of all targets, which are the folders beside this file."""
    return [module.name for module in iter_modules(__path__) if module.ispkg]
