"""What is pleasant to have around a generated module: data, metrics, a training loop.

Works on any module that meets contract 1; generated modules never import it.
`train(module, data, ...)` is the training loop; the parts are imported by their own names.
"""

from __future__ import annotations

from typing import Any

__all__ = ["train"]


def __getattr__(name: str) -> Any:
    """The training loop, imported when it is asked for: it needs NumPy."""
    if name == "train":
        from .training import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
