"""Padding never counts: every layer kind and loss behind every orientation of a padded axis.

Each stage either agrees with its rows alone or is refused; which of the two is written down, so
that the test cannot come to try nothing.
"""

from __future__ import annotations

import pytest
from nnc.driver import check
from nnc.layers import LAYERS
from nnc.losses import LOSSES
from nnc.source import Source

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


SOME = ("T", "TxD", "DxT")
"""Orientations in which every kind of the registry is tried, whether it is written down or not."""


@pytest.mark.parametrize("name", sorted(LAYERS.keys() - ELSEWHERE))
def test_the_stage_of_an_example_is_as_if_alone_or_refused(name):
    kind = LAYERS[name]
    stage = example_stage(kind)
    before = rows.ID_ORIENTATIONS if kind.name == "embedding" else rows.ORIENTATIONS
    found = [tried(rows.spec(before[where], stage)) for where in SOME if where in before]
    if kind.is_activation and kind.name not in STAGES:
        assert found == [("=", "=")] * len(SOME)


def example_stage(kind) -> str:
    """The stage by which an example shows its kind; of a merge, a fork before it."""
    if kind.is_merge:
        return f"[id, tanh] -> {kind.word}"
    graph = check(Source("example.nn", kind.example)).graph.graph
    return next((one.span.text for one in graph.layers if one.kind == kind.name), kind.name)


LIKELY = {"classes": "ids", "margins": "signs", "values": "any"}
"""Targets for what a loss says of them, where the words differ."""


@pytest.mark.parametrize("kind", LOSSES.values(), ids=LOSSES)
def test_the_sum_of_a_loss_is_as_if_alone(kind):
    draw = rows.TARGETS[LIKELY.get(kind.target, kind.target)]
    text = rows.spec(rows.ORIENTATIONS["TxD"], "id", f"loss {kind.name} reduction=sum")
    assert tried(text, draw, rows.in_full) == ("=", "=")


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
