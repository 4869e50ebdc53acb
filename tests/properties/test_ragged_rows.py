"""Padding never counts: every layer kind and loss behind every orientation of a padded axis.

Each stage either agrees with its rows alone or is refused; which of the two is written down, so
that the test cannot come to try nothing.
"""

from __future__ import annotations

import pytest
from nnc.layers import LAYERS
from nnc.losses import LOSSES

from . import ragged_rows as rows
from .ragged_stages import ALIKE, ELSEWHERE, FEW, LOSS_STAGES, STAGES

CASES = [
    pytest.param(kind, stage, *letters, id=f"{kind}: {stage}")
    for kind, stages in STAGES.items()
    for stage, letters in stages.items()
]
COUNTED = {
    "size": rows.by_size,
    "row": rows.each_row,
    "full": rows.in_full,
    "class": rows.by_class,
}


def test_every_kind_is_tried():
    assert sorted([*STAGES, *ALIKE, *ELSEWHERE]) == sorted(LAYERS)
    assert sorted(LOSS_STAGES) == sorted(LOSSES)


@pytest.mark.parametrize(("kind", "stage", "open_size", "fixed_size"), CASES)
def test_rows_are_as_if_alone(kind, stage, open_size, fixed_size):
    before = rows.ID_ORIENTATIONS if kind == "embedding" else rows.ORIENTATIONS
    found = [tried(rows.spec(chain, stage)) for chain in before.values()]
    assert ("".join(a for a, _ in found), "".join(b for _, b in found)) == (open_size, fixed_size)


@pytest.mark.parametrize("stage", ALIKE.values())
def test_entries_are_as_if_alone(stage):
    found = [tried(rows.spec(rows.ORIENTATIONS[name], stage)) for name in FEW]
    assert found == [("=", "=")] * len(FEW)


@pytest.mark.parametrize(
    ("stage", "loss", "targets", "counted", "letters"),
    [case for cases in LOSS_STAGES.values() for case in cases],
)
def test_losses_are_as_if_alone(stage, loss, targets, counted, letters):
    texts = [rows.spec(chain, stage, f"loss {loss}") for chain in rows.ORIENTATIONS.values()]
    found = [tried(text, rows.TARGETS[targets], COUNTED[counted])[0] for text in texts]
    assert "".join(found) == letters


def tried(text, draw_target=rows.TARGETS["any"], counted=rows.by_size) -> tuple[str, str]:
    """What became of a spec, with T rows and with the padded size as a number."""
    made = [rows.attempt(text, 0), rows.attempt(text, 1), rows.attempt(rows.fixed(text), 1)]
    compiled = [m for m in made if not isinstance(m, str)]
    if compiled:
        alone = rows.rows_alone(rows.module(rows.whole(text), 0), len(text), draw_target)
        for module in compiled:
            wrong = list(rows.disagreements(module, alone, counted(alone)))
            assert not wrong, f"{module.SPEC}-O{module.LEVEL}: " + "\n".join(wrong)
    _, usual, numeric = ("=" if m in compiled else m for m in made)
    return usual, numeric
