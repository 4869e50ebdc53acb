"""Identifiers of generated code: from the spec's names, and never one that means something else."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable


class Namer:
    """Hands out identifiers; every one is free of keywords, builtins, and all words given."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self._taken = {*reserved, *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}

    def copy(self) -> Namer:
        """Another namer that knows the same words as taken, for a function of its own."""
        other = Namer(())
        other._taken = set(self._taken)
        return other

    def take(self, names: Iterable[str]) -> None:
        """Keep identifiers from being handed out."""
        self._taken.update(names)

    def grant(self, name: str) -> str:
        """Take a reserved identifier for the value it is reserved for."""
        self._taken.add(name)
        return name

    def fresh(self, hint: str) -> str:
        """An identifier like the hint: `enc.W` gives `enc_W`, or `enc_W_2` if that is taken."""
        base = re.sub(r"\W", "_", hint, flags=re.ASCII) or "value"
        base = f"_{base}" if base[0].isdigit() else base
        name, count = base, 1
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name
