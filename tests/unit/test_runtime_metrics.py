from __future__ import annotations

import numpy as np
import pytest
from nnc.runtime.metrics import METRICS, classes_of, confusion

Y = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])
IDS = np.array([0, 2, 2, 1])


def test_accuracy_takes_ids_and_rows():
    assert METRICS["accuracy"](Y, IDS) == 0.5
    assert METRICS["accuracy"](Y, np.eye(3)[IDS]) == 0.5


def test_one_output_is_a_probability_or_a_logit():
    assert classes_of(np.array([[0.4], [0.5]])).tolist() == [0, 1]
    assert classes_of(np.array([[-3.0], [0.4]])).tolist() == [0, 1]


def test_top_k():
    y = np.tile(np.arange(8.0), (2, 1))
    assert METRICS["top_k"](y, np.array([3, 2])) == 0.5


def test_confusion_rows_are_the_truth():
    assert confusion(Y, IDS).tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 1]]


def test_scores_of_several_classes_are_means_over_them():
    assert METRICS["precision"](Y, IDS) == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert METRICS["recall"](Y, IDS) == pytest.approx((1 + 0 + 1 / 2) / 3)
    assert METRICS["f1"](Y, IDS) == pytest.approx((2 / 3 + 0 + 2 / 3) / 3)


def test_scores_of_two_classes_are_those_of_class_1():
    y = np.array([[0.9], [0.8], [0.1], [0.7]])
    target = np.array([[1], [0], [1], [1]])
    assert METRICS["precision"](y, target) == pytest.approx(2 / 3)
    assert METRICS["recall"](y, target) == pytest.approx(2 / 3)
    assert METRICS["f1"](np.zeros((2, 1)), np.zeros((2, 1))) == 0


def test_regression():
    y, target = np.array([[1.0], [3.0]]), np.array([[2.0], [5.0]])
    assert METRICS["mae"](y, target) == 1.5
    assert METRICS["rmse"](y, target) == pytest.approx(np.sqrt(2.5))
    assert METRICS["r2"](y, target) == pytest.approx(1 - 5 / 4.5)
    assert np.isnan(METRICS["r2"](y, np.ones((2, 1))))
