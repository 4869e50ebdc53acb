"""Frozen dataclasses that are quick to make, for the nodes of which a spec has many.

A frozen dataclass sets each of its fields through `object.__setattr__`, which makes it nearly
three times as slow to make as one that is not. To a type checker these are frozen; when the
program runs nothing guards them, and they compare and hash as frozen ones do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    from dataclasses import dataclass

    def record(*, frozen, slots):
        """A decorator as `dataclass(frozen=True, slots=True)` is, without the guard."""
        return dataclass(unsafe_hash=frozen, slots=slots)


__all__ = ["record"]
