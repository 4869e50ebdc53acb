"""The code generation targets, one folder each; their templates are in templates/."""

from __future__ import annotations

from pkgutil import iter_modules

FRAMEWORKS = ("torch",)
"""Targets whose modules are written for a library that differentiates and trains by itself. They do
not have the functions of NumPy modules, which nnc's own tools call; see Target.derives."""


def target_names() -> list[str]:
    """Return the names of all targets, which are the folders beside this file."""
    return [module.name for module in iter_modules(__path__) if module.ispkg]


def backend_names() -> list[str]:
    """Return the names of the targets whose modules nnc itself can train and measure."""
    return [name for name in target_names() if name not in FRAMEWORKS]
