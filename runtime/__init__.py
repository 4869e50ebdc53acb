"""Data loading, metrics and a training loop for generated modules.

Everything here works on any module that meets contract 1; generated modules never import it.
`train(module, data, ...)` is the training loop; the other parts are imported from their submodules.
"""

from __future__ import annotations

from typing import Any

__all__ = ["train"]


def __getattr__(name: str) -> Any:
    """Import the training loop on first use, because it needs NumPy."""
    if name == "train":
        from .training import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
