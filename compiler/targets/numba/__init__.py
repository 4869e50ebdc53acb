"""The Numba target."""

from .target import NumbaTarget as TARGET

__all__ = ["TARGET"]
