"""Identifiers of generated code, made from names of the spec without collisions."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable


class Namer:
    """Assigns identifiers that differ from keywords, builtins, and all words taken."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self._taken = {*reserved, *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}

    def copy(self) -> Namer:
        """Return a namer with the same taken words, for another function."""
        other = Namer(())
        other._taken = set(self._taken)
        return other

    def take(self, names: Iterable[str]) -> None:
        """Exclude identifiers from being assigned."""
        self._taken.update(names)

    def grant(self, name: str) -> str:
        """Take a reserved identifier for the value it is reserved for."""
        self._taken.add(name)
        return name

    def fresh(self, hint: str) -> str:
        """Return an identifier like the hint: `enc_W` for `enc.W`, or `enc_W_2` if it is taken."""
        base = re.sub(r"\W", "_", hint, flags=re.ASCII) or "value"
        base = f"_{base}" if base[0].isdigit() else base
        name, count = base, 1
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name
