"""Words that mean something by themselves: kinds, directives, reserved words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from keyword import kwlist

from ...kinds.layer import LayerKind
from ...layers import LAYERS
from ...layers import aliases as layer_aliases

DIRECTIVES = (
    *("output", "loss", "regularize", "optimizer", "schedule", "clip", "train"),
    *("metric", "dtype", "model", "include"),
)
"""The statements that are read as a word with arguments."""

STATEMENTS = ("input", "let", "block", *DIRECTIVES)
"""Every word a statement may begin with."""

RESERVED = frozenset(("on", "as", "use", "true", "false", "int", "ragged", *STATEMENTS, *kwlist))
"""Words that cannot be names."""

REDUCTIONS = frozenset(("sum", "mean", "max"))
"""Merges that, away from a fork, are reductions over an axis."""

OTHER_NAMES = {
    **dict.fromkeys(("linear", "fc"), "dense"),
    **dict.fromkeys(("swish",), "silu"),
}
"""Names users type for kinds; a registry entry's own aliases come on top of these."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """The layer kinds and their other names, looked up once a run."""

    others: dict[str, str]

    @classmethod
    def current(cls) -> Kinds:
        """The kinds as they are registered now."""
        return cls({**OTHER_NAMES, **layer_aliases()})

    def proper(self, word: str) -> str:
        """The language's own name of a kind that may have been called otherwise."""
        return word if word in LAYERS else self.others.get(word, word)

    def find(self, word: str) -> LayerKind | None:
        """The kind of that name or alias."""
        return LAYERS.get(self.proper(word))

    def activation(self, word: str) -> LayerKind | None:
        """The activation of that name or alias."""
        kind = self.find(word)
        return kind if kind and kind.is_activation else None

    def activations(self) -> list[str]:
        """Names of all activations."""
        return [name for name, kind in LAYERS.items() if kind.is_activation]


def spelled(word: str, others: Mapping[str, str]) -> str:
    """What to write for another name: the proper one, unless the name stands for arguments too."""
    kind = LAYERS.get(others.get(word, word))
    return word if kind and word in kind.implied else others.get(word, word)


def is_kind(word: str) -> bool:
    """Whether a word is the language's name of a layer kind."""
    return word in LAYERS


def is_activation(word: str) -> bool:
    """Whether a word is the language's name of an activation."""
    kind = LAYERS.get(word)
    return kind is not None and kind.is_activation


def counted_from(word: str, blocks: Iterable[str]) -> str | None:
    """The kind or block after whose unnamed stages a word is called: `dense` for `dense2`."""
    match = re.fullmatch(r"(.*?)[0-9]+", word)
    stem = match[1] if match else ""
    return stem if stem == "use" or is_kind(stem) or stem in blocks else None
