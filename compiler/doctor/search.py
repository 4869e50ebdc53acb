"""The search for mistakes: one at a time, then one on top of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from ..ir.op_graph import Graph
from .alike import Alike
from .anatomy import Anatomy
from .comparison import Comparison, compare, digits
from .diagnosis import Finding, Mistake, Tensor
from .hypotheses import HYPOTHESES, Change, Site
from .interpreter import Array, Evaluation
from .probing import Part, rows, window
from .rewriting import Circular, Edit

DEPTH = 4
"""Mistakes that are looked for on top of one another."""

BRANCHES = 3
"""Ways to explain a first wrong array that are followed further."""

MEMBERS = 6
"""Mistakes with the same effect on one array that are told apart by the other arrays."""

SHOWN = 5
"""Findings that are given."""

MAX_PAIRS = 800
"""Pairs of mistakes that are tried on one array."""

BUDGET, FOR_SINGLE = 3e9, 0.6
"""What a search may cost, in about nanoseconds; up to which share of it pairs are begun."""

ROUNDS = 8
"""Steps in which a number that a mistake depends on is found."""

NOTHING: Array = np.empty((0,) * 9)
"""The value of a program that cannot be run: no given array is like it."""

ANY_FACTOR = 3
"""The rank of sites that would fit in pairs with too much: a factor of everything."""

SMALL_STEP = 1e-3
"""How far apart two numbers are between which a slope is taken."""

GAIN = 0.1
"""What part of the squares that are missed a step must promise to take away."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program with mistakes in it, and its values.

    `given_up` are arrays that no mistake explains; what needs them has been computed from the
    given ones, and `follow` are those that are right then.
    """

    mistakes: tuple[Mistake, ...]
    values: Evaluation
    given_up: tuple[str, ...] = ()
    follow: tuple[str, ...] = ()

    @property
    def graph(self) -> Graph:
        """The program."""
        return self.values.graph


@dataclass
class Search:
    """One search: the right program, the given arrays by name, all mistakes that could be made."""

    anatomy: Anatomy
    tensors: Mapping[str, Tensor]
    known: list[Mistake] = field(default_factory=list)
    complete: bool = True
    start: float = 0.0
    tried: tuple[Mutant, str, list[Mutant]] | None = None

    def __post_init__(self) -> None:
        self.start = self.anatomy.values.work.spent
        for entry in HYPOTHESES.values():
            self.known += [Mistake(entry, site) for site in entry.sites(self.anatomy)]
        self.known.sort(key=lambda m: m.cost)

    @property
    def right(self) -> Mutant:
        """The right program, without a mistake."""
        return Mutant((), self.anatomy.values)

    def _spent(self, share: float = 1.0) -> bool:
        """Whether a share of the budget is used up; then the search is not complete."""
        over = self.anatomy.values.work.spent - self.start > share * BUDGET
        self.complete = self.complete and not over
        return over

    def _allowed(self, mutant: Mutant) -> int:
        """The pairs on one array: fewer, the more arrays have been given up before."""
        return MAX_PAIRS // (1 + len(mutant.given_up))

    def findings(self) -> list[Finding]:
        """The best explanations, one for each set of slugs; without a mistake where nothing fits."""
        found = self._from(self.right, DEPTH)
        best: dict[frozenset[str], Finding] = {}
        for finding in sorted(found, key=lambda f: f.rank):
            best.setdefault(frozenset(finding.slugs), finding)
        kept = list(best.values())  # what explains less, or by more mistakes, is no diagnosis
        return [f for f in kept if f.rank[:2] == kept[0].rank[:2]][:SHOWN]

    # --- one step -------------------------------------------------------------------------

    def _from(self, mutant: Mutant, depth: int) -> list[Finding]:
        """Findings that begin with the mistakes of a mutant."""
        wrong = self.wrong(mutant)
        if not wrong or not depth or self._spent():
            return [self.finding(mutant, wrong)]
        first = wrong[0]
        hits = self._hits(mutant, first)
        if not hits and depth >= DEPTH - 1:
            hits = self._pairs(mutant, first)
        right = set(self.tensors) - set(wrong)
        judged = [(self.wrong(hit), hit) for hit in hits]
        judged = [(rest, hit) for rest, hit in judged if right.isdisjoint(rest)]
        judged = [
            (rest, hit) for rest, hit in judged if not self._says_nothing(hit, first, wrong, rest)
        ]
        whole = [self.finding(hit, rest) for rest, hit in judged if not rest]
        if whole:
            return whole
        if not judged:
            return self._from(self._without(mutant, first, wrong), depth)
        judged.sort(key=lambda pair: len(pair[0]))
        found = []
        for _, hit in judged[:BRANCHES]:
            found += self._from(hit, depth - len(hit.mistakes) + len(mutant.mistakes))
        return found

    def _says_nothing(self, hit: Mutant, first: str, wrong: list[str], rest: list[str]) -> bool:
        """Whether a number was found that fits one array, and no other, as almost any would.

        That is one found from a single entry, or a factor of everything that comes after.
        """
        last = hit.mistakes[-1]
        if last.number is None or len(rest) < len(wrong) - 1:
            return False
        return self.tensors[first].array.size < 2 or (last.site.rank >= ANY_FACTOR and bool(rest))

    def _without(self, mutant: Mutant, first: str, wrong: list[str]) -> Mutant:
        """Give an array up, and go on with the given one in its place if more is right then."""
        array, values = self.tensors[first].array, mutant.values
        id = self.anatomy.reference.tensors[first]
        without = replace(mutant, given_up=(*mutant.given_up, first))
        if array.shape != self._value(mutant, first).shape or not np.isfinite(array).all():
            return without
        tried = replace(without, values=values.with_value(id, array))
        left = self.wrong(tried)
        if len(left) >= len(wrong) - 1:
            return without
        own = tuple(name for name in wrong if name not in (first, *left))
        return replace(tried, follow=(*mutant.follow, *own))

    def _hits(self, mutant: Mutant, first: str) -> list[Mutant]:
        """Mutants by one mistake more that have the first wrong array; numbers are found last."""
        reaching = self._reaching(mutant, first)
        for tuned in (False, True):
            made = self._mutants(mutant, first, [m for m in reaching if m.site.late == tuned])
            self.tried = self.tried if tuned else (mutant, first, made)
            hits = [one for one in made if self.has(one, first)]
            if hits:
                return hits
        return []

    def _mutants(self, mutant: Mutant, first: str, mistakes: list[Mistake]) -> list[Mutant]:
        """Mutants by one mistake more, as many as the budget allows, with their first wrong array."""
        found = []
        for mistake in mistakes:
            if self._spent():
                break
            made = self.with_mistake(mutant, mistake, first)
            if made is not None:
                self._some(made, first)
                found.append(made)
        return found

    def _pairs(self, mutant: Mutant, first: str) -> list[Mutant]:
        """The same by two mistakes more, both before the first wrong array.

        Mistakes that do the same to that array are tried once, and again where they fit.
        """
        groups = self._by_effect(mutant, first)
        found = []
        for one, other in _likeliest(groups)[: self._allowed(mutant)]:
            for start, then in ((one, other), (other, one)):
                both = self.with_mistake(start[0], then[0].mistakes[-1], first)
                if both is not None and self.has(both, first):
                    found += self._combined(start, then, first)
                    break
            if self._spent(FOR_SINGLE):
                break
        return found or self._pairs_with_number(mutant, groups, first)

    def _pairs_with_number(
        self, mutant: Mutant, groups: list[list[Mutant]], first: str
    ) -> list[Mutant]:
        """Pairs of which the second mistake depends on a number that is not known."""
        reaching = self._reaching(mutant, first)
        tuned = [m for m in reaching if m.site.tuned is not None and m.site.rank < ANY_FACTOR]
        pairs = [(group, mistake) for group in groups for mistake in tuned]
        found = []
        for group, mistake in pairs[: self._allowed(mutant)]:
            made = self.with_mistake(group[0], mistake, first)
            if made is not None and self.has(made, first):
                found += self._combined(group, [made], first)
            if self._spent(FOR_SINGLE):
                break
        return found

    def _combined(self, ones: list[Mutant], others: list[Mutant], first: str) -> list[Mutant]:
        """All pairs of mistakes out of two groups."""
        pairs = [(a, b) for a in ones[:MEMBERS] for b in others[:MEMBERS]]
        made = [self.with_mistake(a, b.mistakes[-1], first) for a, b in pairs]
        return [one for one in made if one is not None]

    def _by_effect(self, mutant: Mutant, first: str) -> list[list[Mutant]]:
        """Mutants by one mistake more, those together that have the same first wrong array."""
        seen = Alike(self._some(mutant, first), self.tensors[first].by)
        groups: list[list[Mutant]] = []
        assert self.tried is not None
        for made in (m for m in self.tried[2] if m.mistakes[-1].site.change):
            at = seen.place(self._some(made, first))
            if at == 0:
                continue  # it changes nothing
            if at > len(groups):
                groups.append([])
            groups[at - 1].append(made)
        return groups

    def _reaching(self, mutant: Mutant, first: str) -> list[Mistake]:
        """The mistakes on the way to an array, from where the arrays before it are right."""
        ids = self.anatomy.reference.tensors
        right = {ids[name] for name, tensor in self.tensors.items() if tensor.right}
        right |= {ids[name] for name in mutant.given_up}
        before, made = _ancestors(mutant.graph, ids[first], right), mutant.mistakes
        return [
            m
            for m in self.known
            if not before.isdisjoint(m.site.nodes) and all(m.site is not n.site for n in made)
        ]

    # --- mutants --------------------------------------------------------------------------

    def with_mistake(self, mutant: Mutant, mistake: Mistake, first: str) -> Mutant | None:
        """A mutant with one mistake more; None where it cannot be made."""
        try:
            if mistake.site.tuned is not None:
                return self._tuned(mutant, mistake, first)
            if mistake.site.fitted is not None:
                return self._fitted(mutant, mistake)
            change = mistake.site.change
            return None if change is None else self._changed(mutant, mistake, change)
        except (Circular, ValueError):
            return None

    def _changed(self, mutant: Mutant, mistake: Mistake, change: Change) -> Mutant:
        edit = Edit.of(mutant.graph)
        change(edit)
        return self._made(mutant, mistake, edit)

    def _made(self, mutant: Mutant, mistake: Mistake, edit: Edit) -> Mutant:
        graph = edit.graph(mutant.graph)
        mistakes = (*mutant.mistakes, mistake)
        return replace(mutant, mistakes=mistakes, values=mutant.values.of(graph))

    def _fitted(self, mutant: Mutant, mistake: Mistake) -> Mutant:
        """The mutant by what is read off the given arrays."""
        edit = Edit.of(mutant.graph)
        assert mistake.site.fitted is not None
        mistake.site.fitted(edit, {name: t.array for name, t in self.tensors.items()})
        return self._made(mutant, mistake, edit)

    def _tuned(self, mutant: Mutant, mistake: Mistake, first: str) -> Mutant | None:
        """The mutant whose number brings the first wrong array nearest, by the Gauss-Newton method.

        It ends where a step has not even halved the sum of the squares that are missed, or
        promises not to. None where no step has.
        """
        if self.tensors[first].array.shape != self._value(self.right, first).shape:
            return None
        given = np.asarray(self.tensors[first].array[self._part(first)], np.float64)
        number, missed, error, whole = 0.0, np.inf, np.inf, np.inf
        for _ in range(ROUNDS):
            start = self._some(self._at(mutant, mistake, number), first)
            with np.errstate(over="ignore", invalid="ignore"):
                missed = float(((given - start) ** 2).sum())
            whole = missed if error == np.inf else whole
            if not missed <= 0.5 * error:
                break
            end = self._some(self._at(mutant, mistake, number + SMALL_STEP), first)
            step = _step(given - start, (end - start) / SMALL_STEP)
            if step is None:
                break
            number, error = number + step, missed
        return self._at(mutant, mistake, number) if missed <= 0.5 * whole else None

    def _at(self, mutant: Mutant, mistake: Mistake, number: float) -> Mutant:
        edit = Edit.of(mutant.graph)
        tuned: Site = mistake.site
        assert tuned.tuned is not None
        tuned.tuned(edit, number)
        return self._made(mutant, replace(mistake, number=number), edit)

    def _value(self, mutant: Mutant, name: str) -> Array:
        try:
            return mutant.values[self.anatomy.reference.tensors[name]]
        except (ValueError, IndexError):  # with this mistake in it the program would not run
            return NOTHING

    # --- comparison -----------------------------------------------------------------------

    def _some(self, mutant: Mutant, name: str) -> Array:
        """The rows of a mutant's array that are looked at."""
        try:
            return rows(mutant.values, self.anatomy.reference.tensors[name], self._part(name))
        except (ValueError, IndexError):
            return NOTHING

    def _part(self, name: str) -> Part:
        tensor = self.tensors[name]
        return window(tensor.array, tensor.comparison.worst)

    def has(self, mutant: Mutant, name: str) -> bool:
        """Whether a mutant has a given array: some rows are looked at first."""
        given, by = self.tensors[name].array, self.tensors[name].by
        if not compare(given[self._part(name)], self._some(mutant, name), by).right:
            return False
        return self.compared(mutant, name).right

    def compared(self, mutant: Mutant, name: str) -> Comparison:
        """A mutant's array beside the given one."""
        tensor = self.tensors[name]
        return compare(tensor.array, self._value(mutant, name), tensor.by)

    def wrong(self, mutant: Mutant) -> list[str]:
        """The given arrays that a mutant does not have, in the order in which they are computed."""
        judged = [name for name in self.tensors if name not in mutant.given_up]
        if mutant.values is self.anatomy.values:
            return [name for name in judged if not self.tensors[name].right]
        return [name for name in judged if not self.compared(mutant, name).right]

    def finding(self, mutant: Mutant, rest: list[str]) -> Finding:
        """What a mutant explains."""
        wrong = [name for name, tensor in self.tensors.items() if not tensor.right]
        open_ = (*mutant.given_up, *rest)
        explained = tuple(n for n in wrong if n not in open_ and n not in mutant.follow)
        errors = [self.compared(mutant, name).error for name in explained]
        exact = digits(max(errors, default=0.0))
        return Finding(mutant.mistakes, explained, open_, exact, mutant.follow)


def _likeliest(groups: list[list[Mutant]]) -> list[tuple[list[Mutant], list[Mutant]]]:
    """Pairs of groups, those of plain mistakes first: groups are in the order of their cost."""
    places = sorted(combinations(range(len(groups)), 2), key=sum)
    return [(groups[i], groups[j]) for i, j in places]


def _ancestors(graph: Graph, id: int, known: set[int]) -> set[int]:
    """A node and all that it needs, as far as that is not known."""
    found: set[int] = set()
    stack = [id]
    while stack:
        at = stack.pop()
        if at not in found and at not in known:
            found.add(at)
            stack += graph[at].inputs
    return found


def _step(missed: Array, slope: Array) -> float | None:
    """How far to go along a slope to what is missed; None where that takes too little away."""
    with np.errstate(over="ignore", invalid="ignore"):
        size, along = float((slope**2).sum()), float((missed * slope).sum())
        hopeful = along**2 >= GAIN * size * float((missed**2).sum())
    return along / size if 0 < size < np.inf and hopeful else None
