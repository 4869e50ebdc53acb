"""All diagnostic codes, one file per range."""

from . import files, limits, lints, names, shapes, syntax
from .registry import CODES

__all__ = ["CODES", "files", "limits", "lints", "names", "shapes", "syntax"]
