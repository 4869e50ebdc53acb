"""The registry of lints: functions over the network that yield findings, decorated by `@lint`.

A lint is one file in this folder, found automatically; its codes are in diagnostics/codes/lints.py.
It warns of specs that compile but will not train as intended, and describes the effect in training.
If a spec has shape errors, lints get the layers that could be typed, and those that need the whole
network are left out. Their time is linear in the number of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..diagnostics.model import Diagnostic
from .network import Network

Lint = Callable[[Network], Iterable[Diagnostic]]

LINTS: list[Lint] = []
"""All lints, registered by the files of this folder."""

WHOLE: set[Lint] = set()
"""The lints that need the whole network."""


def lint(function: Lint) -> Lint:
    """Register a lint."""
    LINTS.append(function)
    return function


def lint_whole(function: Lint) -> Lint:
    """Register a lint that needs the whole network."""
    WHOLE.add(function)
    return lint(function)
