"""Packages that only some data need: imported where they are used, asked for in one line."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .dataset import DataError


def installed(package: str) -> bool:
    """Whether a package is there; does not import it."""
    return find_spec(package) is not None


def require(package: str, extra: str, what: str) -> Any:
    """A package of one of nnc's extras; raises DataError with what to install where it is not."""
    if not installed(package.partition(".")[0]):
        raise DataError(f"{what}: pip install 'nnc[{extra}]'")
    return import_module(package)
