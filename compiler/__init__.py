"""nnc: compiles one-line neural network specs to standalone, readable, fast NumPy modules."""

from .version import VERSION as __version__

__all__ = ["__version__"]
