"""The rules of all ops: importing this package imports every file in it."""

from importlib import import_module
from pkgutil import iter_modules

from ..registry import RULES

for _module in sorted(m.name for m in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")

__all__ = ["RULES"]
