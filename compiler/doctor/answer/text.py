"""The answer as text, for readers who may not know nnc."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill, indent
from typing import Any

import numpy as np

from ..stepping import AFTER
from .answer import Answer, MistakeResult, TensorResult

WIDTH = 96
LETTERS = (
    "In formulas x is what a layer is given, z = x W + b, a its activation, y the output, t the "
    "target, B the number of rows; dW is the gradient of the loss by W, dz that by z, and so on."
)

CUT_SHORT = (
    "The search was ended after a fixed amount of work: not every mistake, or not every pair of "
    "them, was tried on every array. A smaller batch, or the arrays in between, such as the "
    "gradients at z, let it get further."
)

ROUNDING = 1e-9
"""An error below which the table shows 0."""

MOST_ROWS = 60
"""Most arrays in the table."""


def text(answer: Answer, spec: str = "model.nn", file: str = "your arrays") -> str:
    """Return the table of arrays, the mistakes with evidence and fix, and unexplained arrays."""
    parts = [_head(answer, file), "\n".join(_table(answer)), *_found(answer, spec)]
    if answer.diagnoses:
        parts.append(fill(LETTERS, WIDTH))
    return "\n\n".join(filter(None, parts)) + "\n"


def _head(answer: Answer, file: str) -> str:
    return "\n".join(fill(line, WIDTH) for line in head(answer, file))


def head(answer: Answer, file: str) -> list[str]:
    """How the arrays were read, and which were not looked at."""
    rows = answer.diagnosis.rows
    lines = [f"{file}: {rows} row{'s' * (rows != 1)} of data; {answer.layout}."]
    lines += _layers(answer)
    if answer.case.unused:
        lines.append(
            f"Not looked at, since the names say nothing: {', '.join(answer.case.unused)}."
        )
    if answer.case.unrated:
        left = ", ".join(answer.case.unrated)
        lines.append(f"Not looked at, since the learning rate is not known (--lr says it): {left}.")
    return lines


def _layers(answer: Answer) -> list[str]:
    """Return the assignment of given weights to layers of the spec."""
    names = answer.case.names
    parts = []
    for stage in answer.network.stages[:6]:
        own = [names[p] for p in (stage.weight, stage.bias) if p in names]
        if own and stage.weight not in own:
            verb = "belongs" if len(own) == 1 else "belong"
            parts.append(f"{' and '.join(own)} {verb} to the layer {stage.layer}")
    return [f"{', '.join(parts)}."] if parts else []


def _table(answer: Answer) -> Iterator[str]:
    shown = answer.tensors
    if len(shown) > MOST_ROWS:
        shown = tuple(t for t in shown if t.status == "wrong")[:MOST_ROWS]
    if not shown:
        return
    width = max(5, *(len(t.name) for t in shown))
    yield f"  {'array':<{width}}  is     error     worst at    remark"
    for tensor in shown:
        yield f"  {tensor.name:<{width}}  {_row(tensor)}".rstrip()
    if len(shown) < len(answer.tensors):
        yield f"  ({len(answer.tensors) - len(shown)} more)"


def _row(tensor: TensorResult) -> str:
    if tensor.status == "right":
        return f"right  {error_text(tensor)}"
    return f"WRONG  {error_text(tensor):<8}  {index_text(tensor.worst_index):<10}  {tensor.note}"


def error_text(tensor: TensorResult) -> str:
    """An error with two digits, 0 for rounding, a dash where shapes differ."""
    if tensor.status == "right" and tensor.error <= ROUNDING:
        return "0"
    return f"{tensor.error:.1e}" if np.isfinite(tensor.error) else "-"


def index_text(index: tuple[int, ...]) -> str:
    """An index as Python writes it; the empty text where there is none."""
    return f"[{', '.join(map(str, index))}]" if index else ""


def _found(answer: Answer, spec: str) -> Iterator[str]:
    if not answer.tensors:
        yield "There is nothing to judge: give gradients, activations or the loss as well."
        return
    if answer.ok:
        yield f"All {len(answer.tensors)} arrays are right."
        return
    ranks = sorted({d.rank for d in answer.diagnoses})
    if len(ranks) > 1:
        yield f"{len(ranks)} explanations fit your numbers equally well."
    for rank in ranks:
        parts = [d for d in answer.diagnoses if d.rank == rank]
        lead = f"Explanation {rank}: " if len(ranks) > 1 else ""
        yield "\n\n".join(_explanation(parts, lead, spec))
    yield "\n".join(fill(line, WIDTH) for line in unexplained(answer))


def _explanation(parts: list[MistakeResult], lead: str, spec: str) -> Iterator[str]:
    if lead:
        yield lead + " and ".join(dict.fromkeys(part.slug for part in parts))
    for part in parts:
        yield f"{part.slug}: {part.title}"
    yield indent("\n".join(fill(s, WIDTH - 2) for s in parts[0].evidence), "  ")
    for part in parts:
        yield "\n".join(_advice(part, spec))


def _advice(part: MistakeResult, spec: str) -> Iterator[str]:
    first, *more = part.fix.splitlines()
    yield f"  write         {first}"
    yield from (f"                {line}" for line in more)
    if part.generated:
        yield f"  compare with  {part.generated.partition('   (')[0]}"
        line = part.generated.rpartition("(")[2].rstrip(")")
        yield f"                ({line} of what `nnc compile -O0 --bare {spec}` prints)"
    yield f"  read          nnc explain {part.slug}"


def unexplained(answer: Answer) -> Iterator[str]:
    """What no mistake explains, where to begin, and whether everything was tried."""
    names = answer.unexplained
    if not names:
        return
    verb = "is" if len(names) == 1 else "are"
    yield f"No known mistake explains {', '.join(names)}, which {verb} wrong."
    found = first_difference(answer)
    if found:
        name, index, mine, right = found
        numbers = f"yours is {mine:.8g}, right is {right:.8g}."
        if index:
            place = f"{name}{index_text(index)}"
            yield (
                f"Begin with {name}: of the unexplained arrays it is computed first, and its largest "
                f"error is at {place}: {numbers}"
            )
        else:
            yield f"Begin with {name}: {numbers}"
    if not answer.diagnosis.complete:
        yield CUT_SHORT


def first_difference(answer: Answer) -> tuple[str, tuple[int, ...], Any, Any] | None:
    """Return the first unexplained array: name, worst index, given number, right number."""
    diagnosis = answer.diagnosis
    open_ = diagnosis.unexplained if diagnosis.findings else diagnosis.wrong
    for name in open_[:1]:
        if name.startswith(AFTER):
            return None
        tensor = diagnosis.tensors[name]
        right = answer.right(name)
        if tensor.array.shape != right.shape:
            return None
        at = tensor.comparison.worst
        return answer.words.word(name), answer.place(name, at), tensor.array[at], right[at]
    return None
