"""The canonical form of `.nn` files, as written by `nnc fmt`; the rules are in `formatter`."""

from .formatter import format_source

__all__ = ["format_source"]
