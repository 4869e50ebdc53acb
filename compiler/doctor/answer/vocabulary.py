"""The user's names of tensors, and descriptions of those that were not given."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from ..intake.case import Case
from ..intake.network import Network, Stage


@dataclass(frozen=True)
class Vocabulary:
    """The names of tensors in one case."""

    network: Network
    case: Case

    def word(self, tensor: str) -> str:
        """Return a given array's name, else a description: `dz of dense1`, `the gradient of W1`."""
        for same in self._aliases(tensor):
            if same in self.case.names:
                return self.case.names[same]
        plain = tensor.removeprefix("d_")
        if plain in self.network.params and plain != tensor:
            return f"the gradient of {self.word(plain)}"
        lead = "d" if plain != tensor else ""
        if plain.endswith("_z"):
            return f"{lead}z of {plain.removesuffix('_z')}"
        if plain in self.network.params or not lead:
            return tensor
        return f"dx, the gradient of {plain}" if plain in self.network.inputs else f"da of {plain}"

    def say(self, text: str) -> str:
        """Replace the tensors in a sentence by names or descriptions; layers and formulas stay."""
        text = re.sub(r"\b(division by|divided by) B\b", r"\1 the number of rows", text)
        return self._named.sub(lambda found: self.word(found[0]), text)

    @cached_property
    def _named(self) -> re.Pattern[str]:
        marked = [t for t in self.network.reference.tensors if "_" in t or "." in t]
        words = "|".join(map(re.escape, sorted(marked, key=len, reverse=True)))
        return re.compile(rf"(?<![\w.])(?:{words or '(?!)'})(?!\w|\.\w)")

    def _aliases(self, tensor: str) -> list[str]:
        """Return the names of the same value, this one first."""
        tensors = self.network.reference.tensors
        own = tensors.get(tensor)
        return [tensor, *(t for t, id in tensors.items() if id == own and t != tensor)]

    # --- names for lines of NumPy ---------------------------------------------------------

    def code(self, kind: str, stage: Stage | None) -> str:
        """Return a variable: the given array's name, else a usual one (`dZ1`, `A1`, `X`)."""
        if stage is None:
            return self._given(self.network.inputs[0]) or "X"
        tensor = {"W": stage.weight, "b": stage.bias, "Z": stage.z, "A": stage.a}[kind[-1]]
        name = self._given(f"d_{tensor}" if kind[0] == "d" else tensor)
        if name:
            return name
        name = self.case.names.get(stage.weight, "W")
        if numbered := re.fullmatch(r"([a-z])?[A-Za-z]*_?(\d+)", name):
            return (kind.lower() if numbered[1] else kind) + numbered[2]
        if len(self.network.stages) == 1 and name in ("W", "w"):
            return kind if name == "W" else kind.lower()
        return kind + str(self.network.stages.index(stage) + 1)

    def _given(self, tensor: str) -> str:
        return next((self.case.names[t] for t in self._aliases(tensor) if t in self.case.names), "")
