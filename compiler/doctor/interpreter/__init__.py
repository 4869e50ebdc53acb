"""Evaluation of op graphs in float64, op by op, from each op's definition.

It shares no code with the templates, so generated modules can be checked against it. Importing
this package imports every file in it.
"""

from importlib import import_module
from pkgutil import iter_modules

from .evaluation import Evaluation, Leaves
from .registry import VALUES, WRONG, Array, mistake

for _module in sorted(m.name for m in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")

__all__ = ["VALUES", "WRONG", "Array", "Evaluation", "Leaves", "mistake"]
