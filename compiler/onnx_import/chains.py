"""Stages as statements: chains between named values, with forks where branches merge again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .translation import Translation


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a chain between two arrows, and the stages in it, in the order of its text."""

    text: str
    stages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """The parts that lead to a value, from the value `origin`, or from nothing if it is None."""

    origin: int | None
    parts: tuple[Part, ...]


class Statements:
    """The statements of a spec; `order` has all stages in the order of the text.

    A value used more than once gets a name, unless all its uses are the branches of
    one fork: then the fork is part of the chain, as in `-> [conv 8 3x3, id] -> add`.
    """

    def __init__(self, t: Translation, outputs: Sequence[int]) -> None:
        self.t, self.outputs = t, list(outputs)
        self.order: list[int] = []
        self._alone = self.outputs == [len(t.stages) - 1]
        self._uses = self._counted()
        self._lines: list[str] = []
        self._written: set[int] = set()

    def lines(self) -> list[str]:
        """Return all statements, each after those whose values it uses."""
        for i in self.outputs:
            self._write(i)
        return self._lines

    def name(self, stage: int) -> str:
        """Return a name for a value: that of an output or input, or a numbered one."""
        for stages, letter in ((self.outputs, "y"), (self.t.inputs, "x")):
            if stage in stages:
                return letter if len(stages) == 1 else f"{letter}{stages.index(stage) + 1}"
        return f"v{stage}"

    def _counted(self) -> list[int]:
        """Count the uses of each stage; the last stage as the only output does not count."""
        uses = [0] * len(self.t.stages)
        for stage in self.t.stages:
            for i in stage.inputs:
                uses[i] += 1
        for i in self.outputs:
            uses[i] += 0 if self._alone else 1
        return uses

    def _write(self, stage: int) -> None:
        """Add the statement that names a value, after those that it needs."""
        pending = [stage]
        while pending:
            at = pending[-1]
            chain = self._chain(at)
            missing = [i for i in self._needed(chain) if i not in self._written]
            if at not in self._written and missing:
                pending += missing
                continue
            pending.pop()
            if at not in self._written:
                self._written.add(at)
                self._add(at, chain)

    def _needed(self, chain: Chain) -> list[int]:
        """Return the named values that a chain begins with."""
        if chain.origin is not None:
            return [chain.origin]
        first = self.t.stages[chain.parts[0].stages[0]]
        return list(first.inputs) if len(first.inputs) > 1 else []

    def _add(self, stage: int, chain: Chain) -> None:
        head = [] if chain.origin is None else [self.name(chain.origin)]
        self.order += [i for part in chain.parts for i in part.stages]
        text = " -> ".join([*head, *folded([part.text for part in chain.parts])])
        named = "" if self._alone and stage == self.outputs[0] else f" as {self.name(stage)}"
        self._lines.append(text + named)

    def _chain(self, stage: int) -> Chain:
        """Return the longest chain that ends in a value and needs no names inside."""
        parts: list[Part] = []
        while True:
            made = self.t.stages[stage]
            if len(made.inputs) > 1:
                fork = self._fork(stage)
                if fork is None:
                    names = ", ".join(map(self.name, made.inputs))
                    parts.append(Part(f"[{names}] -> {self._text(stage)}", (stage,)))
                    return Chain(None, tuple(parts[::-1]))
                origin, part = fork
                parts.append(part)
                stage = origin
                continue
            parts.append(Part(self._text(stage, inside=bool(parts)), (stage,)))
            if not made.inputs:
                return Chain(None, tuple(parts[::-1]))
            (stage,) = made.inputs
            if self._uses[stage] > 1:
                return Chain(stage, tuple(parts[::-1]))

    def _fork(self, stage: int) -> tuple[int, Part] | None:
        """Return the value that all branches of a merge start from and nothing else uses, and the fork."""
        inputs = self.t.stages[stage].inputs
        branches = [Chain(i, ()) if self._uses[i] > 1 else self._chain(i) for i in inputs]
        origins = {branch.origin for branch in branches}
        origin = origins.pop()
        if origins or origin is None or self._uses[origin] != len(inputs):
            return None
        texts = [" -> ".join(p.text for p in branch.parts) or "id" for branch in branches]
        inner = [i for branch in branches for part in branch.parts for i in part.stages]
        return origin, Part(f"[{', '.join(texts)}] -> {self._text(stage)}", (*inner, stage))

    def _text(self, stage: int, inside: bool = True) -> str:
        """Return a stage as written; one of several inputs has a name also `inside` a chain."""
        made = self.t.stages[stage]
        several = stage in self.t.inputs and len(self.t.inputs) > 1
        named = f" as {self.name(stage)}" if several and inside else ""
        return f"{made.text} {made.activation}".strip() + named


def folded(parts: Sequence[str]) -> list[str]:
    """Return the parts with repeated runs written once: `(dense 64 relu) * 3`.

    >>> folded(["input 4", "dense 4 relu", "dense 4 relu", "dense 4 relu", "dense 1"])
    ['input 4', '(dense 4 relu) * 3', 'dense 1']
    """
    found: list[str] = []
    at = 0
    while at < len(parts):
        length, count = _repeat(parts, at)
        if count > 1:
            found.append(f"({' -> '.join(parts[at : at + length])}) * {count}")
        else:
            found.append(parts[at])
        at += length * count
    return found


def _repeat(parts: Sequence[str], at: int) -> tuple[int, int]:
    """Return the length and count of the repeated run from here that saves most text."""
    best, saved = (1, 1), 0
    for length in range(1, min((len(parts) - at) // 2, LONGEST) + 1):
        count = 1
        while parts[at : at + length] == parts[at + count * length : at + (count + 1) * length]:
            count += 1
        if count > (1 if length > 1 or "[" in parts[at] else 2) and length * (count - 1) > saved:
            best, saved = (length, count), length * (count - 1)
    return best


LONGEST = 12
"""Most parts of a run that is looked for."""
