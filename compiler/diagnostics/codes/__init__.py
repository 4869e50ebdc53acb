"""All diagnostic codes, one file per range."""

from . import files, names, shapes, syntax
from .registry import CODES

__all__ = ["CODES", "files", "names", "shapes", "syntax"]
