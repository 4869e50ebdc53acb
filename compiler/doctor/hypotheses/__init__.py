"""Common mistakes, as rewrites of the right graph. Importing this package imports all its files."""

from importlib import import_module
from pkgutil import iter_modules

from .registry import HYPOTHESES, Change, Hypothesis, Site

for _module in sorted(m.name for m in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")

__all__ = ["HYPOTHESES", "Change", "Hypothesis", "Site"]
