"""The registry of hypotheses: plausible mistakes, their sites, and the resulting graphs."""

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
    """One possible place of a mistake.

    `nodes` are those whose values change directly. `what` describes the mistake in one sentence,
    `wrong` and `right` are the formulas as usually written. `change` makes the mistake in an
    edit. A `tuned` one depends on an unknown number, a rate or a strength, which is found from the
    given arrays and replaces {} in `what`. A `fitted` one computes its values from the given
    arrays, and raises ValueError if that is impossible. `rank` is higher for less probable or less
    simple places.
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
        """Whether it is tried only if no plain mistake fits, because it fits too many arrays."""
        return self.tuned is not None or (self.fitted is not None and self.rank > 0)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A registry entry: a kind of mistake, with its word for `nnc explain`.

    `page` explains it to a user who has made it; `wrong` and `right` are a typical wrong line of
    NumPy and the right one. `sites` yields the places in a network where the mistake can be made.
    `rank` is lower for more common mistakes.
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
    """Register a hypothesis; slugs are unique."""
    if entry.slug in HYPOTHESES:
        raise ValueError(f"hypothesis registered twice: {entry.slug}")
    HYPOTHESES[entry.slug] = entry
    return entry
