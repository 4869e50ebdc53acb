"""The optimizers. Importing this package imports every file in it, so the registry is full."""

from importlib import import_module
from pkgutil import iter_modules

from ..kinds.optimizer import OptimizerKind
from .registry import OPTIMIZERS, aliases

for _module in sorted(m.name for m in iter_modules(__path__) if m.name != "registry"):
    import_module(f"{__name__}.{_module}")

__all__ = ["OPTIMIZERS", "OptimizerKind", "aliases"]
