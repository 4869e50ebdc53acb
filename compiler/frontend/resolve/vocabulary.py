"""Words with a fixed meaning: kinds, directives, reserved words."""

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
"""The statements that are parsed as a word with arguments."""

STATEMENTS = ("input", "let", "block", *DIRECTIVES)
"""Every word that a statement may begin with."""

RESERVED = frozenset(("on", "as", "use", "true", "false", "int", "ragged", *STATEMENTS, *kwlist))
"""Words that cannot be names."""

REDUCTIONS = frozenset(("sum", "mean", "max"))
"""Merges that are reductions over an axis outside of a fork."""

OTHER_NAMES = {
    **dict.fromkeys(("linear", "fc"), "dense"),
    **dict.fromkeys(("swish",), "silu"),
}
"""Alternative names of kinds, in addition to the aliases of registry entries."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """The layer kinds and their alternative names, looked up once per run."""

    others: dict[str, str]

    @classmethod
    def current(cls) -> Kinds:
        """Return the kinds that are currently registered."""
        return cls({**OTHER_NAMES, **layer_aliases()})

    def proper(self, word: str) -> str:
        """Return the language's own name of a kind."""
        return word if word in LAYERS else self.others.get(word, word)

    def find(self, word: str) -> LayerKind | None:
        """Return the kind of that name or alias."""
        return LAYERS.get(self.proper(word))

    def activation(self, word: str) -> LayerKind | None:
        """Return the activation of that name or alias."""
        kind = self.find(word)
        return kind if kind and kind.is_activation else None

    def activations(self) -> list[str]:
        """Names of all activations, those that imply arguments included."""
        found = [kind for kind in LAYERS.values() if kind.is_activation]
        return [name for kind in found for name in (kind.name, *kind.implied)]


def spelled(word: str, others: Mapping[str, str]) -> str:
    """Return the proper name for an alias, or the alias itself if it implies arguments."""
    kind = LAYERS.get(others.get(word, word))
    return word if kind and word in kind.implied else others.get(word, word)


def is_kind(word: str) -> bool:
    """Return whether a word is the language's name of a layer kind."""
    return word in LAYERS


def is_activation(word: str) -> bool:
    """Return whether a word is the language's name of an activation."""
    kind = LAYERS.get(word)
    return kind is not None and kind.is_activation


def counted_from(word: str, blocks: Iterable[str]) -> str | None:
    """Return the kind or block of an automatic stage name: `dense` for `dense2`."""
    match = re.fullmatch(r"(.*?)[0-9]+", word)
    stem = match[1] if match else ""
    return stem if stem == "use" or is_kind(stem) or stem in blocks else None
