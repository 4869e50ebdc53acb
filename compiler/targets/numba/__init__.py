"""The Numba target: modules with compiled kernels."""

from .target import NumbaTarget as TARGET

__all__ = ["TARGET"]
