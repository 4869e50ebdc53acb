"""The NumPy target."""

from .target import NumPyTarget as TARGET

__all__ = ["TARGET"]
