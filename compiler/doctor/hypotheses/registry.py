"""What a hypothesis is: a plausible mistake, where it can be made, and what the graph becomes by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..anatomy import Anatomy
from ..interpreter import Array
from ..rewriting import Edit

Change = Callable[[Edit], None]
Tuned = Callable[[Edit, float], None]
Fitted = Callable[[Edit, Mapping[str, Array]], None]


@dataclass(frozen=True, slots=True)
class Site:
    """One place where a mistake may be.

    `nodes` are those whose values change at once. `what` says in one sentence what is done
    wrongly, `wrong` and `right` are the formulas, as lines a person would write. `change` makes
    the mistake in an edit. A `tuned` one depends on a number that is not known, a rate or a
    strength, which is found from the given arrays; `what` then has {} in its place. A `fitted`
    one reads what it needs off the given arrays, and raises ValueError where it cannot. `rank` is
    higher for what is less likely or less simple than the other places of its kind.
    """

    layer: str
    nodes: tuple[int, ...]
    what: str
    wrong: str = ""
    right: str = ""
    change: Change | None = None
    tuned: Tuned | None = None
    rank: int = 0
    fitted: Fitted | None = None

    @property
    def late(self) -> bool:
        """Whether it is only tried where no plain mistake fits, because it would fit to much."""
        return self.tuned is not None or (self.fitted is not None and self.rank > 0)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A registry entry: a kind of mistake, under the word that `nnc explain` knows.

    `page` explains it to somebody who has made it; `wrong` and `right` are a line of NumPy as it
    is often written and as it should be. `sites` are the places in a network where the mistake
    can be made. `rank` is lower for what is more common.
    """

    slug: str
    title: str
    page: str
    wrong: str
    right: str
    sites: Callable[[Anatomy], Iterable[Site]]
    rank: int = 5


HYPOTHESES: dict[str, Hypothesis] = {}
"""Every hypothesis by its slug."""


def hypothesis(entry: Hypothesis) -> Hypothesis:
    """Enter a hypothesis; a slug is taken once."""
    if entry.slug in HYPOTHESES:
        raise ValueError(f"hypothesis registered twice: {entry.slug}")
    HYPOTHESES[entry.slug] = entry
    return entry
