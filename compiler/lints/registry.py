"""What a lint is: a function over the network that yields findings, entered by `@lint`.

A lint is one file in this folder, found by itself; its codes are in diagnostics/codes/lints.py.
It warns of what compiles and will not train as was meant, and says what happens in training.
Lints run on specs without errors and take time linear in the number of layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..diagnostics.model import Diagnostic
from .network import Network

Lint = Callable[[Network], Iterable[Diagnostic]]

LINTS: list[Lint] = []
"""Every lint; filled by the files of this folder."""


def lint(function: Lint) -> Lint:
    """Enter a lint into the registry."""
    LINTS.append(function)
    return function
