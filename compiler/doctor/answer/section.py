"""The answer as a section of the HTML report."""

from __future__ import annotations

from collections.abc import Iterator

from ...report.judged import Advice, ArrayRow, Explanation, Judged
from .answer import Answer, MistakeResult
from .text import LETTERS, error_text, head, index_text, unexplained


def section(answer: Answer, file: str) -> Judged:
    """The same that the text says: arrays, explanations, what stays open."""
    return Judged(
        file, head(answer, file), list(_rows(answer)), list(_explanations(answer)),
        list(unexplained(answer)), LETTERS,
    )  # fmt: skip


def _rows(answer: Answer) -> Iterator[ArrayRow]:
    for tensor in answer.tensors:
        right = tensor.status == "right"
        worst = "" if right else index_text(tensor.worst_index)
        yield ArrayRow(tensor.name, right, error_text(tensor), worst, tensor.note)


def _explanations(answer: Answer) -> Iterator[Explanation]:
    for rank in sorted({d.rank for d in answer.diagnoses}):
        parts = [d for d in answer.diagnoses if d.rank == rank]
        yield Explanation(parts[0].evidence, [_advice(part) for part in parts])


def _advice(part: MistakeResult) -> Advice:
    line, _, place = part.generated.partition("   (")
    return Advice(part.slug, part.title, part.fix, line, place.rstrip(")"))
