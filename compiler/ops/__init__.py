"""The primitive tensor operations. Importing this package imports every file in it."""

from importlib import import_module
from pkgutil import iter_modules

from .registry import OPS, OpDef

for _module in sorted(m.name for m in iter_modules(__path__) if m.name != "registry"):
    import_module(f"{__name__}.{_module}")

__all__ = ["OPS", "OpDef"]
