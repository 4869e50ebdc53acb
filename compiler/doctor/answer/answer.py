"""The doctor's answer on given arrays: a structure to print, or to assert on in tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..diagnosis import Diagnosis, Finding, Mistake
from ..evidence import relation_text
from ..intake.case import Case
from ..intake.network import Network
from ..interpreter import Array
from .fixes import Fixes
from .vocabulary import Vocabulary

Lines = Callable[[], Mapping[str, str]]
"""Gives the lines of generated code by tensor; called only where a mistake was found."""


@dataclass(frozen=True, slots=True)
class TensorResult:
    """One given array by the user's name: whether it is right, and where its error is largest.

    `error` is the largest error relative to the largest entry of the right array, infinite if
    the shape differs; `worst_index` is an index of the given array. `note` is a simple relation
    of a wrong array to the right one, such as `3.000 times the right one`.
    """

    name: str
    status: str
    error: float
    worst_index: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class MistakeResult:
    """One mistake: its slug, the arrays it made wrong, evidence, the fix in NumPy, and its place.

    Mistakes of the same `rank` occur together; those of rank 2 are an alternative explanation of
    the same numbers.
    """

    slug: str
    title: str
    tensors: tuple[str, ...]
    rank: int
    evidence: tuple[str, ...]
    fix: str
    generated: str = ""


@dataclass(frozen=True)
class Answer:
    """The whole answer; `layout` describes the assumed layout of the arrays."""

    network: Network
    case: Case
    diagnosis: Diagnosis
    lines: Lines

    @property
    def ok(self) -> bool:
        """Whether all arrays are right."""
        return not self.diagnosis.wrong

    @property
    def layout(self) -> str:
        """The assumed layout of the arrays: `samples are rows, weights are (in, out)`."""
        return self.case.layout.sentence()

    @cached_property
    def words(self) -> Vocabulary:
        """The names used in the answer."""
        return Vocabulary(self.network, self.case)

    @cached_property
    def tensors(self) -> tuple[TensorResult, ...]:
        """Every checked array, in order of computation."""
        return tuple(self._tensor(name) for name in self.diagnosis.tensors)

    @cached_property
    def diagnoses(self) -> tuple[MistakeResult, ...]:
        """The mistakes, those of the most probable explanation first."""
        found = enumerate(self.diagnosis.findings, 1)
        return tuple(self._mistake(m, f, rank) for rank, f in found for m in f.mistakes)

    @property
    def unexplained(self) -> tuple[str, ...]:
        """The wrong arrays that no mistake explains."""
        open_ = self.diagnosis.unexplained if self.diagnosis.findings else self.diagnosis.wrong
        return tuple(map(self.words.word, open_))

    def to_json(self) -> dict[str, Any]:
        """Return the answer as printed by --format json; an error that is not a number is null."""
        return {
            "tensors": [
                {
                    "name": t.name,
                    "status": t.status,
                    "error": t.error if np.isfinite(t.error) else None,
                    "worst_index": list(t.worst_index),
                }
                for t in self.tensors
            ],
            "diagnoses": [
                {
                    "slug": d.slug,
                    "tensors": list(d.tensors),
                    "rank": d.rank,
                    "evidence": " ".join(d.evidence),
                    "fix": d.fix,
                }
                for d in self.diagnoses
            ],
            "unexplained": list(self.unexplained),
            "complete": self.diagnosis.complete,
        }

    def right(self, name: str) -> Array:
        """Return the right array of a tensor, in nnc's layout and the assumed convention."""
        reference, given = self.network.reference, self.case.given
        targets = {t.removesuffix("_target"): given[t] for t in self.network.targets}
        leaves = reference.leaves(
            {p: given[p] for p in self.network.params},
            {n: given[n] for n in self.network.inputs},
            targets,
        )
        value = reference.evaluate(leaves)[reference.tensors[name]]
        late = self.diagnosis.late_mean and name.startswith("d_") and "." not in name
        return value * self.diagnosis.rows if late else value

    # --- parts ----------------------------------------------------------------------------

    def _tensor(self, name: str) -> TensorResult:
        tensor = self.diagnosis.tensors[name]
        result = tensor.comparison
        worst = self.place(name, result.worst)
        word = self.words.word(name)
        status = "right" if tensor.right else "wrong"
        whole = relation_text(tensor).replace(f"the step to your {name} ", "the step ")
        note = whole.removeprefix(f"your {name} ").removeprefix("is ")
        return TensorResult(word, status, result.error, worst, note)

    def place(self, name: str, index: tuple[int, ...]) -> tuple[int, ...]:
        """Convert an index in nnc's layout to one of the given array."""
        shape = self.case.originals[name].shape
        if len(shape) == 2 and len(index) == 1 and 1 not in shape:
            return index  # part of an array that also contains the weights
        return self.case.layout.back(index, self.network.axes(name), shape)

    def _mistake(self, mistake: Mistake, finding: Finding, rank: int) -> MistakeResult:
        made_in = self.made_in(mistake)
        fix = Fixes(self.network, self.words, self._late()).of(mistake, made_in)
        explained = self._made_wrong(mistake, finding)
        evidence = tuple(map(self.words.say, finding.evidence))
        line = next((text for t in made_in if (text := self.lines().get(t, ""))), "")
        return MistakeResult(
            mistake.slug, mistake.hypothesis.title, explained, rank, evidence, fix, line
        )

    def _late(self) -> bool:
        """Whether lines are written with the mean in the products (dW = xᵀ dz / B)."""
        inner = [n for n in self.diagnosis.tensors if n.startswith("d_") and "." not in n]
        return self.diagnosis.late_mean or not inner

    def made_in(self, mistake: Mistake) -> list[str]:
        """Return the nearest named tensors in whose computation a mistake is made."""
        graph, ids = self.network.reference.graph, self.network.reference.tensors
        called: dict[int, str] = {}
        for name, id in ids.items():
            called.setdefault(id, name)
        found: dict[str, None] = {}
        level, seen = list(mistake.site.nodes), set(mistake.site.nodes)
        while level and not found:
            found.update(dict.fromkeys(called[i] for i in level if i in called))
            level = [u for i in level for u in graph.users.get(i, ()) if u not in seen]
            seen.update(level)
        return list(found)

    def _made_wrong(self, mistake: Mistake, finding: Finding) -> tuple[str, ...]:
        """Return the explained arrays that depend on the values changed by a mistake."""
        if len(finding.mistakes) == 1:
            return tuple(map(self.words.word, finding.explained))
        graph, stack = self.network.reference.graph, list(mistake.site.nodes)
        reached: set[int] = set()
        while stack:
            id = stack.pop()
            if id not in reached:
                reached.add(id)
                stack += graph.users.get(id, ())
        ids = self.network.reference.tensors
        return tuple(self.words.word(n) for n in finding.explained if ids[n] in reached)
