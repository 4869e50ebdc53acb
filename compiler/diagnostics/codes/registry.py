"""The registry of diagnostic codes; each also has a page under `pages/` and a UI test."""

from __future__ import annotations

from ..model import Code, Severity

CODES: dict[str, Code] = {}
"""Every code by its id."""


def code(id: str, name: str, severity: Severity, title: str) -> Code:
    """Enter a code into the registry; neither id nor name may be taken."""
    if id in CODES or any(c.name == name for c in CODES.values()):
        raise ValueError(f"diagnostic code registered twice: {id} {name}")
    CODES[id] = Code(id, name, severity, title)
    return CODES[id]


def error(id: str, name: str, title: str) -> Code:
    """A code whose findings stop compilation."""
    return code(id, name, Severity.ERROR, title)


def warning(id: str, name: str, title: str) -> Code:
    """A code whose findings are shown and fail only under --strict."""
    return code(id, name, Severity.WARNING, title)


def info(id: str, name: str, title: str) -> Code:
    """A code whose findings never fail anything."""
    return code(id, name, Severity.INFO, title)
