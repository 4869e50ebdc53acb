"""The text of a spec from stages: chains, forks, named values, and a loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..diagnostics.model import Report
from ..format.formatter import format_source
from ..source import Source, printable
from .chains import Statements
from .translation import Stage, Translation

LOSSES = {"softmax": "crossentropy", "sigmoid": "bce", "log_softmax": "crossentropy"}
"""The loss that fits a network's last activation; without one it is mse."""


@dataclass(frozen=True, slots=True)
class Written:
    """A spec, and the stage of each layer of its graph, in order (without inputs)."""

    text: str
    order: tuple[int, ...]


def write_spec(t: Translation, outputs: Sequence[int], file: str, dtype: str) -> Written:
    """Return the spec of a translation whose outputs are these stages."""
    # Names in the file may contain any character; a comment is one line.
    lines = [f"# {printable(text)}" for text in (f"Imported from {file}.", *t.notes)]
    statements = Statements(t, outputs)
    ends = [statements.name(i) for i in outputs]
    lines += statements.lines()
    if list(outputs) != [len(t.stages) - 1]:
        lines.append(f"output {', '.join(ends)}")
    lines += _losses(t, outputs, ends)
    if dtype != "float32":
        lines.append(f"dtype {dtype}")
    text = "\n".join(lines) + "\n"
    formatted = format_source(Source(file, text), Report())
    order = (i for i in statements.order if not t.stages[i].text.startswith("input "))
    return Written(formatted or text, tuple(order))


def _losses(t: Translation, outputs: Sequence[int], ends: Sequence[str]) -> list[str]:
    lines = ["# The loss is guessed from the last activation; a file for prediction has none."]
    for stage, name in zip(outputs, ends, strict=True):
        on = f" on {name}" if len(outputs) > 1 else ""
        lines.append(f"loss {_loss(t.stages[stage])}{on}")
    return lines


def _loss(stage: Stage) -> str:
    last = stage.activation or stage.text.partition(" ")[0]
    return LOSSES.get(last, "mse")
