"""Scores of each class, calibration, and probabilities from outputs, against values computed by hand."""

import numpy as np
import pytest
from nnc.runtime.class_report import calibration, class_scores
from nnc.runtime.probabilities import Meaning, of_every_class, predicted, probabilities


def test_scores_of_each_class():
    counts = np.array([[3, 1, 0], [2, 2, 0], [0, 0, 0]])
    a, b, c = class_scores(counts, ["a", "b", "c"])
    assert (a.precision, a.recall, a.f1, a.rows) == (3 / 5, 3 / 4, 6 / 9, 4)
    assert (b.precision, b.recall, b.f1, b.rows) == (2 / 3, 2 / 4, 4 / 7, 4)
    assert (c.name, c.precision, c.recall, c.f1, c.rows) == ("c", None, None, None, 0)


def test_calibration_by_hand():
    shares = np.array([[0.9, 0.1], [0.85, 0.15], [0.4, 0.6], [1.0, 0.0]])
    ids = np.array([0, 1, 1, 0])
    found = calibration(shares, ids)
    # (0.5, 0.6]: one row, right, at 0.6; (0.8, 0.9]: two, one right, at 0.875; (0.9, 1]: one, right
    assert [(b.low, b.high, b.rows, b.accuracy) for b in found.bins] == [
        (0.5, 0.6, 1, 1.0),
        (0.8, 0.9, 2, 0.5),
        (0.9, 1.0, 1, 1.0),
    ]
    assert found.error == pytest.approx((1 * 0.4 + 2 * 0.375 + 0) / 4)
    assert found.confidence == pytest.approx((0.9 + 0.85 + 0.6 + 1) / 4)
    assert found.accuracy == 0.75


def test_confidence_of_nothing_is_in_the_first_bin():
    assert calibration(np.zeros((2, 3)), np.array([0, 1])).bins[0].low == 0


@pytest.mark.parametrize(
    ("meaning", "y", "expected"),
    [
        (Meaning.PROBABILITIES, [[0.2, 0.8]], [[0.2, 0.8]]),
        (Meaning.LOG_PROBABILITIES, np.log([[0.2, 0.8]]), [[0.2, 0.8]]),
        (Meaning.CLASS_LOGITS, [[0.0, np.log(3)]], [[0.25, 0.75]]),
        (Meaning.CLASS_LOGITS, [[-1e4, 1e4]], [[0.0, 1.0]]),
        (Meaning.LOGITS, [[np.log(3), -np.log(3)]], [[0.75, 0.25]]),
        (Meaning.LOGITS, [[-1e4, 1e4]], [[0.0, 1.0]]),
    ],
)
def test_probabilities_of_outputs(meaning, y, expected):
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_allclose(probabilities(np.array(y), meaning), expected, rtol=1e-12)


def test_scores_and_numbers_are_no_probabilities():
    assert probabilities(np.ones((2, 3)), Meaning.SCORES) is None
    assert probabilities(np.ones((2, 3)), Meaning.NUMBERS) is None


@pytest.mark.parametrize(
    ("meaning", "y", "expected"),
    [
        (Meaning.SHARES, [[0.4], [0.5]], [0, 1]),
        (Meaning.NUMBERS, [[0.4], [7.0]], [0, 1]),
        (Meaning.LOGITS, [[0.4], [-0.1]], [1, 0]),
        (Meaning.SCORES, [[0.4], [-0.1]], [1, 0]),
        (Meaning.CLASS_LOGITS, [[1, 3, 2], [5, 4, 0]], [1, 0]),
    ],
)
def test_predicted_classes(meaning, y, expected):
    assert predicted(np.array(y), meaning).tolist() == expected


def test_one_column_stands_for_two_classes():
    np.testing.assert_allclose(of_every_class(np.array([[0.2]])), [[0.8, 0.2]])
    np.testing.assert_allclose(of_every_class(np.array([[0.3, 0.7]])), [[0.3, 0.7]])


@pytest.mark.parametrize("meaning", Meaning)
def test_which_outputs_tell_a_class(meaning):
    numbers = meaning is Meaning.NUMBERS
    assert meaning.tells_classes(1) is not numbers
    each = meaning in (Meaning.SHARES, Meaning.LOGITS, Meaning.NUMBERS)
    assert meaning.tells_classes(3) is not each
