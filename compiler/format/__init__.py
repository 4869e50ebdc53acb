"""The canonical form of `.nn` files: what `nnc fmt` writes; the rules are in `formatter`."""

from .formatter import format_source

__all__ = ["format_source"]
