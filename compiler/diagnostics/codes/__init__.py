"""All diagnostic codes, one file per range."""

from . import files, limits, names, shapes, syntax
from .registry import CODES

__all__ = ["CODES", "files", "limits", "names", "shapes", "syntax"]
