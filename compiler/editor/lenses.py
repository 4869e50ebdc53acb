"""Lines above statements: what the network and each block cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..frontend import ast
from ..report.wording import grouped
from .costs import cost_text
from .names import Role
from .study import Study


@dataclass(frozen=True, slots=True)
class Lens:
    """A text above the statement at `start`; `generates`: it leads to the generated module."""

    start: int
    stop: int
    text: str
    generates: bool = False


def lenses(study: Study) -> tuple[Lens, ...]:
    """Return the lenses of a text; those that are known, if it has errors."""
    return (*_network(study), *_blocks(study))


def _network(study: Study) -> Iterator[Lens]:
    chain = next((s for s in study.file.statements if isinstance(s, ast.Chain)), None)
    if chain is None:
        return
    start, stop = chain.stages[0].span.start, chain.stages[0].span.stop
    if text := cost_text(study):
        yield Lens(start, stop, text)
    if study.graph is not None:
        yield Lens(start, stop, "show generated code", generates=True)


def _blocks(study: Study) -> Iterator[Lens]:
    """Yield how often each block is called, and the parameters of a call."""
    for block in study.file.statements:
        if not isinstance(block, ast.Block):
            continue
        place = (block.name.span.source.name, block.name.span.start)
        definition = next((d for d in study.names.definitions if d.key == place), None)
        if definition is None or definition.role is not Role.BLOCK:
            continue
        uses = [m for m in study.names.references(definition) if not m.defines]
        counts = [
            copy.count
            for fact in study.stages.own
            for copy in fact.copies
            if isinstance(fact.stage, ast.Stage) and fact.stage.kind.id == block.name.id
        ]
        text = f"{len(uses)} use{'s' * (len(uses) != 1)}"
        if any(counts):
            text += f" · {grouped(sum(counts))} parameter{'s' * (sum(counts) != 1)} in all"
        yield Lens(block.name.span.start, block.name.span.stop, text)
