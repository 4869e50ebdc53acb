"""What a lint is: a function over the network that yields findings, entered by `@lint`.

A lint is one file in this folder, found by itself; its codes are in diagnostics/codes/lints.py.
It warns of what compiles and will not train as was meant, and says what happens in training.
Where a spec has errors of shape, lints see the layers that could be typed; those that judge
the whole network are left out then. They take time linear in the number of layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..diagnostics.model import Diagnostic
from .network import Network

Lint = Callable[[Network], Iterable[Diagnostic]]

LINTS: list[Lint] = []
"""Every lint; filled by the files of this folder."""

WHOLE: set[Lint] = set()
"""The lints that mean nothing on a part of a network."""


def lint(function: Lint) -> Lint:
    """Enter a lint into the registry."""
    LINTS.append(function)
    return function


def lint_whole(function: Lint) -> Lint:
    """Enter a lint that needs every layer to be there."""
    WHOLE.add(function)
    return lint(function)
