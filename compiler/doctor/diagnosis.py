"""The diagnosis of given arrays: which are right, which are wrong, and by which mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .comparison import PLAIN, Comparison, Measure, Relation
from .hypotheses import Hypothesis, Site
from .interpreter import Array


@dataclass(frozen=True, slots=True)
class Tensor:
    """One given array: whether it is right, its error, a simple relation to the right one.

    `by` is the scale of its errors.
    """

    name: str
    array: Array
    comparison: Comparison
    relation: Relation | None = None
    by: Measure = PLAIN

    @property
    def right(self) -> bool:
        """Whether it agrees with the right array."""
        return self.comparison.right


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake at one place, with its unknown number, if any, as found from the arrays."""

    hypothesis: Hypothesis
    site: Site
    number: float | None = None

    @property
    def slug(self) -> str:
        """The word for `nnc explain`."""
        return self.hypothesis.slug

    @property
    def what(self) -> str:
        """The description of the mistake, in one sentence without its full stop."""
        return self.site.what.format("" if self.number is None else f"{self.number:.6g}")

    @property
    def cost(self) -> tuple[int, int]:
        """The implausibility of the mistake."""
        return (self.site.rank + (self.number is not None), self.hypothesis.rank)


@dataclass(frozen=True, slots=True)
class Finding:
    """Mistakes that together explain wrong arrays, to a number of digits, with reasons.

    `follow` are arrays that are right given their operands, which are not explained.
    """

    mistakes: tuple[Mistake, ...]
    explained: tuple[str, ...]
    unexplained: tuple[str, ...]
    digits: int
    follow: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def slugs(self) -> tuple[str, ...]:
        """The kinds of mistakes, each once."""
        return tuple(dict.fromkeys(m.slug for m in self.mistakes))

    @property
    def rank(self) -> tuple[object, ...]:
        """The sort key: findings that explain everything by few, simple mistakes come first."""
        costs = sorted(m.cost for m in self.mistakes)
        return len(self.unexplained), len(self.slugs), len(self.mistakes), costs


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every given array, the findings, best first, and the first difference.

    `rows` is the size of the batch, `parameters` which of the arrays are gradients of parameters,
    `unexplained` what the best finding leaves open, `late_mean` whether the mean is taken in the products, as in dW = xᵀ dz / B,
    `complete` whether all mistakes were tried, alone and in pairs, before the budget was used up.
    """

    tensors: Mapping[str, Tensor]
    findings: tuple[Finding, ...]
    rows: int
    parameters: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()
    late_mean: bool = False
    complete: bool = True

    @property
    def wrong(self) -> tuple[str, ...]:
        """The wrong arrays, in order of computation."""
        return tuple(name for name, tensor in self.tensors.items() if not tensor.right)

    @property
    def first_difference(self) -> tuple[str, tuple[int, ...]] | None:
        """The first unexplained wrong array, and the index of its largest error."""
        if not self.unexplained:
            return None
        name = self.unexplained[0]
        return name, self.tensors[name].comparison.worst
