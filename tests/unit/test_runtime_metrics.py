from __future__ import annotations

import numpy as np
import pytest
from nnc.runtime.metrics import (
    METRICS,
    OF_CLASSES,
    are_classes,
    classes_of,
    confusion,
    metric_named,
)
from nnc.runtime.scores import confusion_text, confusions, scores_of

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


# --- against a plain count ----------------------------------------------------------------


def by_hand(y, target):
    """Every metric of classes by counting one position after the other."""
    classes = max(2, y.shape[-1])
    pairs = []
    for index in np.ndindex(y.shape[:-1]):
        row = y[index].tolist()
        said = row.index(max(row)) if len(row) > 1 else int(row[0] >= 0.5)
        true = target[index]
        true = int(true) if np.ndim(true) == 0 else true.tolist()
        if isinstance(true, list):
            true = true.index(max(true)) if len(true) > 1 else int(true[0])
        both = row if len(row) > 1 else [1 - row[0], row[0]]
        ranked = sorted(range(len(both)), key=lambda c: -both[c])
        pairs.append((true, said, ranked))
    found = {"accuracy": sum(t == s for t, s, _ in pairs) / len(pairs)}
    for k in (1, 2, 5):
        found[f"top_k({k})"] = sum(t in ranked[:k] for t, _, ranked in pairs) / len(pairs)
    counts = [
        [sum((t, s) == (a, b) for t, s, _ in pairs) for b in range(classes)] for a in range(classes)
    ]
    scores = {"precision": [], "recall": [], "f1": []}
    for c in range(classes):
        tp, said, true = counts[c][c], sum(row[c] for row in counts), sum(counts[c])
        scores["precision"].append(tp / said if said else 0)
        scores["recall"].append(tp / true if true else 0)
        scores["f1"].append(2 * tp / (said + true) if said + true else 0)
    for name, values in scores.items():
        found[name] = values[1] if classes == 2 else sum(values) / classes
    return found, counts


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("lead", [(7,), (3, 4)], ids=["rows", "sequences"])
@pytest.mark.parametrize("classes", [1, 2, 3, 6])
def test_metrics_of_classes_are_what_counting_gives(classes, lead, seed):
    rng = np.random.default_rng([classes, len(lead), seed])
    y = rng.random((*lead, classes))
    ids = rng.integers(0, max(2, classes), lead)
    targets = [ids, ids[..., None]] if classes == 1 else [ids, np.eye(classes)[ids]]
    for target in targets:
        wanted, counts = by_hand(y, target)
        for label, value in wanted.items():
            assert metric_named(label)(y, target) == pytest.approx(value), label
        assert confusion(y, target).tolist() == counts


@pytest.mark.parametrize("lead", [(7,), (3, 4)], ids=["rows", "sequences"])
@pytest.mark.parametrize("features", [1, 3])
def test_metrics_of_numbers_are_what_summing_gives(features, lead):
    rng = np.random.default_rng(features)
    y, target = rng.normal(size=(2, *lead, features))
    rows, wanted = y.reshape(-1, features).tolist(), target.reshape(-1, features).tolist()
    error = [[a - b for a, b in zip(*pair, strict=True)] for pair in zip(rows, wanted, strict=True)]
    flat = [e for row in error for e in row]
    means = [sum(column) / len(rows) for column in zip(*wanted, strict=True)]
    spread = sum((t - m) ** 2 for row in wanted for t, m in zip(row, means, strict=True))
    assert METRICS["mae"](y, target) == pytest.approx(sum(map(abs, flat)) / len(flat))
    assert METRICS["rmse"](y, target) ** 2 == pytest.approx(sum(e * e for e in flat) / len(flat))
    assert METRICS["r2"](y, target) == pytest.approx(1 - sum(e * e for e in flat) / spread)


def test_minus_one_and_one_are_classes():
    scores = np.array([[-0.3], [2.0], [0.1]])
    assert METRICS["accuracy"](scores, np.array([[-1], [1], [-1]])) == pytest.approx(2 / 3)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_shapes_that_do_not_fit_are_refused(name):
    with pytest.raises(ValueError, match=r"targets of shape \(4, 2\) do not fit outputs"):
        METRICS[name](np.zeros((4, 3)), np.zeros((4, 2)))


def test_numbers_never_broadcast():
    assert METRICS["mae"](np.zeros((3, 1)), np.array([1.0, 2, 3])) == 2


def test_labels_name_metrics():
    assert metric_named("top_k(1)")(Y, IDS) == METRICS["accuracy"](Y, IDS)
    assert metric_named("confusion") is None


def test_each_output_is_measured_by_what_its_targets_are():
    y = {"kind": Y, "size": np.array([[1.0], [2], [3], [4]])}
    target = {"kind": np.eye(3)[IDS], "size": np.array([[1.0], [2], [3], [6]]), "inner": IDS}
    assert scores_of(["accuracy", "mae"], y, target) == {"accuracy kind": 0.5, "mae size": 0.5}


def test_what_counts_as_classes():
    assert are_classes(Y.shape, IDS)
    assert are_classes(Y.shape, np.eye(3)[IDS])
    assert are_classes(Y.shape, 2 * np.eye(3)[IDS] - 1)
    assert not are_classes(Y.shape, Y)
    assert not are_classes(Y.shape, np.ones((4, 3)))
    assert are_classes(("B", 1), np.array([[-1], [1]]))
    assert not are_classes(("B", 1), np.array([[0.5], [1]]))
    assert set(OF_CLASSES) == {"accuracy", "top_k", "precision", "recall", "f1"}


def test_a_confusion_is_shown_as_a_table():
    assert confusion_text(np.array([[10, 2], [0, 3]])).splitlines() == [
        "         0   1",
        "     0  10   2",
        "     1   0   3",
    ]


# --- metrics that do not suit ---------------------------------------------------------------


def measured(labels, y, target, losses=()):
    told = []
    return scores_of(labels, y, target, losses, told.append), told


def test_classes_are_not_measured_on_numbers():
    y, target = np.array([[1.5], [2.5]]), np.array([[1.0], [3.0]])
    scores, told = measured(["accuracy", "f1", "mae"], y, target, ["mse"])
    assert np.isnan([scores["accuracy"], scores["f1"]]).all()
    assert scores["mae"] == 0.5
    assert len(told) == 2
    assert "metric f1 is not measured: it compares classes, and the targets are numbers" in told[1]
    assert confusions(y, target, ["mse"], told.append) == {}
    assert "metric confusion is not measured" in told[2]


def test_numbers_are_not_measured_on_class_ids():
    scores, told = measured(["r2", "accuracy"], Y, IDS, ["crossentropy"])
    assert np.isnan(scores["r2"])
    assert scores["accuracy"] == 0.5
    assert told == ["metric r2 is not measured: it compares numbers, and the targets are class ids"]


def test_classes_may_be_given_by_how_likely_they_are():
    assert measured(["accuracy"], Y, Y, ["crossentropy"]) == ({"accuracy": 1.0}, [])
    assert np.isnan(measured(["accuracy"], Y, Y, ["bce"])[0]["accuracy"]), "these may be pixels"


def test_what_has_no_value_is_said():
    scores, told = measured(["r2"], np.array([[1.0], [2.0]]), np.ones((2, 1)), ["mse"])
    assert np.isnan(scores["r2"])
    assert told == ["metric r2 has no value here (targets that are all alike have no spread)"]


def test_a_metric_that_fails_is_said_and_the_others_go_on():
    scores, told = measured(["precision", "accuracy"], Y, np.array([0, 2, 2, 7]), ["crossentropy"])
    assert np.isnan(scores["precision"])
    assert scores["accuracy"] == 0.5
    assert told[0].startswith("metric precision cannot be computed: ")


def test_an_output_taught_to_be_0_or_1_parts_at_a_half():
    y, target = np.array([[1.2], [0.3], [-0.1]]), np.array([[1], [0], [0]])
    assert measured(["accuracy"], y, target, ["mse"])[0]["accuracy"] == 1
    assert measured(["accuracy"], y, target, ["bce"])[0]["accuracy"] == pytest.approx(2 / 3)


def test_scores_beside_minus_one_and_one_part_at_0_even_if_none_is_negative():
    assert METRICS["accuracy"](np.array([[0.2], [0.9]]), np.array([[1], [-1]])) == 0.5


def test_an_only_target_belongs_to_the_output_it_fits():
    y = {"kind": Y, "size": np.zeros((4, 1))}
    assert measured(["accuracy"], y, IDS, ["crossentropy"])[0] == {"accuracy kind": 0.5}
    scores, told = measured(["accuracy"], {"a": Y, "b": Y}, IDS, ["crossentropy"])
    assert np.isnan(scores["accuracy"])
    assert "no output can be told to belong to the targets" in told[0]


def test_numbers_that_happen_to_be_0_and_1_are_measured_where_nothing_else_is():
    y = {"a": np.array([[0.5], [1.0]]), "b": np.array([[0.0], [1.0]])}
    target = {"a": np.array([[0], [1]]), "b": np.array([[0], [1]])}
    assert measured(["mae"], y, target, ["mse"])[0] == {"mae a": 0.25, "mae b": 0.0}
