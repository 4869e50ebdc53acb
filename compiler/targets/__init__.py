"""The targets, a folder each: how a program is written down, beside the text in templates/."""

from __future__ import annotations

from pkgutil import iter_modules


def target_names() -> list[str]:
    """Every target by name: the folders beside this file."""
    return [module.name for module in iter_modules(__path__) if module.ispkg]
