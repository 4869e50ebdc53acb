"""The text of a spec from stages: chains, names where something is used twice, a loss by the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..diagnostics.model import Report
from ..format.formatter import format_source
from ..source import Source
from .translation import Stage, Translation

LOSSES = {"softmax": "crossentropy", "sigmoid": "bce", "log_softmax": "crossentropy"}
"""The loss that fits a network's last activation; without one it is mse."""


@dataclass(slots=True)
class _Chain:
    """One statement: what it begins with, its stages, and the name of its end."""

    head: str
    stages: list[str] = field(default_factory=list)
    name: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A spec, and the stage behind each layer of its graph, in order (without inputs)."""

    text: str
    order: tuple[int, ...]


def write_spec(t: Translation, outputs: Sequence[int], file: str, dtype: str) -> Written:
    """The spec of a translation whose outputs are these stages."""
    lines = [f"# {_printable(text)}" for text in (f"Imported from {file}.", *t.notes)]
    chains = _chains(t, outputs)
    ends = [_name(i, t, outputs) for i in outputs]
    lines += [_line(chain) for chain in chains]
    if list(outputs) != [len(t.stages) - 1]:
        lines.append(f"output {', '.join(ends)}")
    lines += _losses(t, outputs, ends)
    if dtype != "float32":
        lines.append(f"dtype {dtype}")
    text = "\n".join(lines) + "\n"
    formatted = format_source(Source(file, text), Report())
    order = tuple(i for i, stage in enumerate(t.stages) if not stage.text.startswith("input "))
    return Written(formatted or text, order)


def _printable(text: str) -> str:
    """Names in a file can hold anything; a comment is one line of printable characters."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _losses(t: Translation, outputs: Sequence[int], ends: Sequence[str]) -> list[str]:
    lines = ["# The loss is guessed from the last activation; a file for prediction has none."]
    for stage, name in zip(outputs, ends, strict=True):
        on = f" on {name}" if len(outputs) > 1 else ""
        lines.append(f"loss {_loss(t.stages[stage])}{on}")
    return lines


def _loss(stage: Stage) -> str:
    last = stage.activation or stage.text.partition(" ")[0]
    return LOSSES.get(last, "mse")


def _chains(t: Translation, outputs: Sequence[int]) -> list[_Chain]:
    """Stages in order; a chain goes on while a stage alone takes the one before it."""
    uses = _uses(t, outputs)
    chains: list[_Chain] = []
    for i, stage in enumerate(t.stages):
        if not (stage.inputs == (i - 1,) and uses[i - 1] == 1):
            if chains and uses[i - 1]:
                chains[-1].name = _name(i - 1, t, outputs)
            chains.append(_Chain(_head(stage, t, outputs)))
        chains[-1].stages.append(f"{stage.text} {stage.activation}".strip())
    if uses[-1]:
        chains[-1].name = _name(len(t.stages) - 1, t, outputs)
    return chains


def _uses(t: Translation, outputs: Sequence[int]) -> list[int]:
    """How often each stage is used; that the last one is the only output goes without saying."""
    uses = [0] * len(t.stages)
    for stage in t.stages:
        for i in stage.inputs:
            uses[i] += 1
    if list(outputs) != [len(t.stages) - 1]:
        for i in outputs:
            uses[i] += 1
    return uses


def _head(stage: Stage, t: Translation, outputs: Sequence[int]) -> str:
    names = [_name(i, t, outputs) for i in stage.inputs]
    if len(names) > 1:
        return f"[{', '.join(names)}]"
    return names[0] if names else ""


def _name(stage: int, t: Translation, outputs: Sequence[int]) -> str:
    """A name that tells where a value is used: an output's, an input's, or a number."""
    if stage in outputs:
        place = list(outputs).index(stage)
        return "y" if len(outputs) == 1 else f"y{place + 1}"
    if stage in t.inputs:
        place = t.inputs.index(stage)
        return "x" if len(t.inputs) == 1 else f"x{place + 1}"
    return f"v{stage}"


def _line(chain: _Chain) -> str:
    parts = [part for part in (chain.head, *chain.stages) if part]
    return " -> ".join(parts) + (f" as {chain.name}" if chain.name else "")
