"""The display of epochs: one line if it fits, else a table, else several lines."""

from __future__ import annotations

import math

import pytest
from nnc.runtime.epochs import Epoch, EpochText

SIX = dict.fromkeys(("loss", "accuracy", "top_k(2)", "precision", "recall", "f1"), 0.5)


def epoch(number=1, train=None, test=None):
    return Epoch(number, 0.5, train or {"loss": 0.5}, test or {}, 0.25)


def test_what_fits_is_one_line():
    text = EpochText(100)
    both = epoch(7, {"loss": 0.5, "accuracy": 0.9125}, {"loss": 0.25, "accuracy": 0.875})
    assert text.of(both) == (
        "epoch   7     0.250 s   train  loss 0.5000  accuracy 91.25 %"
        "   test  loss 0.2500  accuracy 87.50 %"
    )


@pytest.mark.parametrize("width", [80, 100, 140])
def test_six_scores_of_two_sets_fit_80_columns(width):
    text = EpochText(width)
    first, second = text.of(epoch(1, SIX, SIX)), text.of(epoch(2, SIX, SIX))
    assert first.splitlines() == [
        "epoch  seconds            loss  accuracy  top_k(2)  precision  recall      f1",
        "    1    0.250 train    0.5000   50.00 %   50.00 %     0.5000  0.5000  0.5000",
        "                test    0.5000   50.00 %   50.00 %     0.5000  0.5000  0.5000",
    ]
    assert second.splitlines()[0].startswith("    2    0.250 train"), "one head is enough"
    assert max(map(len, first.splitlines())) <= 80


def test_what_fits_no_table_goes_over_several_lines():
    long = {"loss": 0.5} | {f"accuracy of_output_{i}": 0.5 for i in range(5)}
    text = EpochText(80)
    lines = text.of(epoch(1, long, long)).splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(" ".join(lines).split()) == " ".join(str(epoch(1, long, long)).split())
    assert lines[0].startswith("epoch   1     0.250 s   train  loss 0.5000  accuracy of_output_0")
    assert lines[1].startswith(" " * 31)


def test_the_form_is_kept():
    text = EpochText(75)
    assert "\n" not in text.of(epoch(1, {"loss": 0.5}, {"loss": 0.5}))
    assert "\n" not in text.of(epoch(100, {"loss": 1e-10}, {"loss": 1e-10}))


def test_what_could_not_be_computed_is_a_dash():
    scores = {"loss": math.nan, "r2": math.nan}
    assert str(epoch(1, scores)).endswith("train  loss nan  r2 -")
    wide = SIX | {"r2": math.nan}
    assert EpochText(90).of(epoch(1, wide, wide)).splitlines()[-1].endswith("  0.5000         -")
