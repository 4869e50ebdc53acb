"""What a statement or a stage may say, from the registries: names with their arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from ..frontend.resolve.settings import CLIP, DTYPES, LOSS_WEIGHT, METRICS, REGULARIZE, TRAIN
from ..frontend.surroundings import EXAMPLES
from ..kinds.arguments import FROZEN_ARG, ArgSpec
from ..kinds.inits import INITS
from ..layers import LAYERS
from ..losses import LOSSES
from ..optimizers import OPTIMIZERS
from ..schedules import SCHEDULES


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that a registry knows: its arguments and what is to be said of it.

    `sort` is what it is: layer, loss, optimizer, schedule, metric, initialisation, statement."""

    name: str
    sort: str
    args: tuple[ArgSpec, ...]
    summary: str = ""
    formula: str = ""
    example: str = ""
    notes: str = ""

    def spec(self, key: str) -> ArgSpec | None:
        """The argument of that name."""
        return next((spec for spec in self.args if spec.name == key), None)

    @property
    def positionals(self) -> tuple[ArgSpec, ...]:
        """The arguments that may be given by position."""
        return tuple(spec for spec in self.args if spec.positional)


GROUP = Entry("", "layer", (FROZEN_ARG,))
"""What may stand behind a group, besides an activation."""

SAYS = {
    "input": "the beginning of a chain: the shape of one row, without the batch",
    "let": "a constant: a number, a size or a list",
    "block": "a piece of a network with parameters of its own, expanded at every call",
    "fn": "a formula over values: an activation, a stage, a merge or a loss",
    "output": "the named stages whose values the module returns",
    "loss": "what training makes small; several are added, each times its weight",
    "regularize": "a penalty on weights, added to the loss",
    "optimizer": "how a gradient changes the parameters",
    "schedule": "how the rate changes from step to step",
    "clip": "a bound of the gradient",
    "train": "defaults for the training command",
    "metric": "what training reports besides the loss",
    "dtype": "the numbers of the module: float32 or float64",
    "model": "a name for the module's docstring and plots",
    "include": "the lets, blocks and formulas of another file",
    "use": "a named stage once more, with the same parameters",
    "as": "a name for the stage's value, and the beginning of its parameters' names",
    "on": "the stage that a loss or metric judges",
    "id": "the incoming value, unchanged",
}
"""One line of each word of the language itself."""

SETTINGS: Mapping[str, tuple[ArgSpec, ...]] = {
    "train": TRAIN,
    "clip": CLIP,
    "regularize": REGULARIZE,
}
"""Statements that take keys only."""

WORDS = {"dtype": DTYPES}
"""Statements that take one of some words."""


def _layers() -> Mapping[str, Entry]:
    found: dict[str, Entry] = {}
    for kind in LAYERS.values():
        for name in (kind.name, *kind.aliases):
            args = kind.args_as(name)
            found[name] = Entry(
                name, "layer", args, kind.summary, kind.formula, kind.example, kind.notes
            )
    return found


def _losses() -> Mapping[str, Entry]:
    return {
        name: Entry(name, "loss", (*k.args, LOSS_WEIGHT), k.summary, k.formula, k.example, k.notes)
        for k in LOSSES.values()
        for name in (k.name, *k.aliases)
    }


def _optimizers() -> Mapping[str, Entry]:
    return {
        name: Entry(name, "optimizer", k.args, k.summary, k.formula, k.example, k.notes)
        for k in OPTIMIZERS.values()
        for name in (k.name, *k.aliases)
    }


def _schedules() -> Mapping[str, Entry]:
    return {
        name: Entry(name, "schedule", k.args, k.summary, k.formula, k.example, k.notes)
        for k in SCHEDULES.values()
        for name in (k.name, *k.aliases)
    }


def _metrics() -> Mapping[str, Entry]:
    return {name: Entry(name, "metric", args) for name, args in METRICS.items()}


def _inits() -> Mapping[str, Entry]:
    return {
        name: Entry(name, "initialisation", k.args, k.definition)
        for k in INITS.values()
        for name in (k.name, *k.aliases)
    }


def _statements() -> Mapping[str, Entry]:
    return {
        word: Entry(word, "statement", SETTINGS.get(word, ()), said, "", EXAMPLES.get(word, ""))
        for word, said in SAYS.items()
    }


_MAKERS: Mapping[str, Callable[[], Mapping[str, Entry]]] = {
    "layer": _layers,
    "loss": _losses,
    "optimizer": _optimizers,
    "schedule": _schedules,
    "metric": _metrics,
    "init": _inits,
    "statement": _statements,
}

CHOOSING = ("loss", "optimizer", "schedule", "metric")
"""The statements that name an entry first."""


@cache
def entries(sort: str) -> Mapping[str, Entry]:
    """The entries of a sort by name; aliases are entries, too."""
    return _MAKERS[sort]()


def proper(sort: str) -> tuple[str, ...]:
    """The names of a sort's entries that the language itself uses, without aliases."""
    own: dict[str, Iterable[str]] = {
        "layer": LAYERS,
        "loss": LOSSES,
        "optimizer": OPTIMIZERS,
        "schedule": SCHEDULES,
        "metric": METRICS,
        "init": INITS,
        "statement": SAYS,
    }
    return tuple(own[sort])


def layer(word: str, forked: bool = False) -> Entry | None:
    """The layer of a name; behind a fork or not, `mean` and `attention` are different ones."""
    known = entries("layer")
    special = known.get(f"{word} fork") if forked else known.get(f"{word} axis")
    return special or known.get(word)
