"""--target numba with padded rows: every row as if computed alone, along each padded axis.

The stages are those of tests/properties/test_ragged_rows.py. Compiling takes seconds a module, so
with the compiler only a few are tried; NUMBA_DISABLE_JIT=1 runs the same text for all of them.
"""

from __future__ import annotations

import pytest

pytest.importorskip("numba", reason="Numba is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")

from ..properties import ragged_rows as rows
from ..properties.ragged_stages import ALIKE, FEW, LOSS_STAGES, STAGES
from ..properties.test_ragged_rows import COUNTED
from .test_numba import JIT

COMPILED = {"softmax", "log_softmax", "[id, tanh] -> dot", "conv 3 1 pad=1", "sum axis=-1"}
"""Stages that are compiled for real, behind one orientation."""

CASES = [
    (kind, stage, open_size)
    for kind, stages in STAGES.items()
    for stage, (open_size, _) in stages.items()
    if not JIT or stage in COMPILED
]


def agrees(text: str, draw_target=rows.TARGETS["any"], counted=rows.by_size) -> None:
    alone = rows.rows_alone(rows.module(rows.whole(text), 0), len(text), draw_target)
    wrong = list(rows.disagreements(rows.module(text, 1, "numba"), alone, counted(alone)))
    assert not wrong, text + "\n".join(wrong)


@pytest.mark.parametrize(("kind", "stage", "letters"), CASES)
def test_rows_are_as_if_alone(kind, stage, letters):
    before = rows.ID_ORIENTATIONS if kind == "embedding" else rows.ORIENTATIONS
    tried = 0
    for (name, chain), letter in zip(before.items(), letters, strict=True):
        if letter == "=" and (not JIT or name == "DxT"):
            agrees(rows.spec(chain, stage))
            tried += 1
    assert tried == (1 if JIT else letters.count("="))


@pytest.mark.skipif(JIT, reason="compiling all of them takes minutes")
@pytest.mark.parametrize("stage", ALIKE.values())
def test_entries_are_as_if_alone(stage):
    for name in FEW:
        agrees(rows.spec(rows.ORIENTATIONS[name], stage))


@pytest.mark.skipif(JIT, reason="compiling all of them takes minutes")
@pytest.mark.parametrize(
    ("stage", "loss", "targets", "counted", "letters"),
    [case for cases in LOSS_STAGES.values() for case in cases],
)
def test_losses_are_as_if_alone(stage, loss, targets, counted, letters):
    for chain, letter in zip(rows.ORIENTATIONS.values(), letters, strict=True):
        if letter == "=":
            text = rows.spec(chain, stage, f"loss {loss}")
            agrees(text, rows.TARGETS[targets], COUNTED[counted])
