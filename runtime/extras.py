"""Optional packages: imported where they are used, with a one-line error where missing."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .dataset import DataError


def installed(package: str) -> bool:
    """Return whether a package is installed, without importing it."""
    return find_spec(package) is not None


def require(package: str, extra: str, what: str) -> Any:
    """Import a package of one of nnc's extras; raises DataError that says what to install."""
    if not installed(package.partition(".")[0]):
        raise DataError(f"{what}: pip install 'nnc[{extra}]'")
    return import_module(package)
