"""The NumPy target: modules that need nothing but NumPy."""

from .target import NumPyTarget as TARGET

__all__ = ["TARGET"]
