"""Predictions as tables and archives: names, classes, probabilities, exact numbers."""

import csv
import io

import numpy as np
import pytest
from nnc.runtime.dataset import DataError
from nnc.runtime.files.npz import npz_bytes
from nnc.runtime.predictions import Answers, arrays_of, columns_of, csv_text
from nnc.runtime.probabilities import Meaning

SHARES = np.array([[0.2, 0.7, 0.1], [0.5, 0.3, 0.2]], np.float32)
NAMES = ("setosa", "versicolor", "virginica")


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_classes_by_name_with_their_probabilities():
    rows = read(
        csv_text(columns_of([Answers("species", SHARES, Meaning.PROBABILITIES, NAMES)], "d"))
    )
    assert [r["species"] for r in rows] == ["versicolor", "setosa"]
    assert list(rows[0]) == ["species", "p_setosa", "p_versicolor", "p_virginica"]
    assert float(rows[0]["p_versicolor"]) == pytest.approx(0.7, abs=1e-7)


def test_classes_without_names_are_their_numbers():
    columns = columns_of([Answers("kind", SHARES, Meaning.PROBABILITIES)], "d")
    assert columns["kind"].tolist() == ["1", "0"]
    assert list(columns) == ["kind", "p_0", "p_1", "p_2"]


def test_one_probability_is_two_classes():
    answer = Answers("ill", np.array([[0.25], [0.75]]), Meaning.SHARES, ("no", "yes"))
    columns = columns_of([answer], "d")
    assert columns["ill"].tolist() == ["no", "yes"]
    assert columns["p_no"].tolist() == [0.75, 0.25]


def test_scores_have_a_class_and_no_probability():
    columns = columns_of([Answers("kind", SHARES, Meaning.SCORES, NAMES)], "d")
    assert list(columns) == ["kind"]


def test_numbers_are_called_as_their_targets():
    y = np.array([[1.5, -2.0]], np.float32)
    named = columns_of([Answers("y", y, Meaning.NUMBERS, numbers=("price", "rent"))], "d")
    assert list(named) == ["price", "rent"]
    assert list(columns_of([Answers("y", y, Meaning.NUMBERS)], "d")) == ["y_1", "y_2"]
    assert list(columns_of([Answers("y", y[:, :1], Meaning.NUMBERS)], "d")) == ["y"]


def test_several_outputs_do_not_share_columns():
    answers = [
        Answers("kind", SHARES, Meaning.PROBABILITIES, NAMES),
        Answers("other", SHARES, Meaning.PROBABILITIES, NAMES),
        Answers("kind", SHARES[:, :1], Meaning.NUMBERS),
    ]
    columns = columns_of(answers, "d")
    assert list(columns)[:2] == ["kind", "p_kind_setosa"]
    assert "p_other_setosa" in columns
    assert "kind_2" in columns


def test_numbers_survive_a_table():
    y = np.random.default_rng(0).standard_normal((50, 1)).astype(np.float32)
    rows = read(csv_text(columns_of([Answers("y", y, Meaning.NUMBERS)], "d")))
    assert np.array_equal(np.array([r["y"] for r in rows], np.float32), y[:, 0])


def test_awkward_names_are_quoted():
    text = csv_text({'a,"b"': np.array(['x,"y"\nz'])})
    assert read(text) == [{'a,"b"': 'x,"y"\nz'}]


def test_sequences_want_an_archive():
    answer = Answers("y", np.ones((2, 3, 4)), Meaning.NUMBERS)
    with pytest.raises(DataError, match=r"data\.csv: each row of `y` is an array of 3x4.*\.npz"):
        columns_of([answer], "data.csv")


def test_an_archive_holds_outputs_classes_and_probabilities():
    logits = np.log(SHARES)
    arrays = arrays_of([Answers("kind", logits, Meaning.CLASS_LOGITS, NAMES)])
    read_back = np.load(io.BytesIO(npz_bytes(arrays)), allow_pickle=False)
    assert np.array_equal(read_back["y"], logits)
    assert read_back["class"].tolist() == [1, 0]
    assert read_back["classes"].tolist() == list(NAMES)
    np.testing.assert_allclose(read_back["probabilities"], SHARES, rtol=1e-6)
