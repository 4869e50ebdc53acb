"""Suggestions for misspelt names."""

from __future__ import annotations

import pytest
from nnc.diagnostics.suggest import closest, distance, listing, replacement
from nnc.source import Source


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("dense", "dense", 0),
        ("dence", "dense", 1),
        ("desne", "dense", 1),
        ("dens", "dense", 1),
        ("ca", "abc", 3),
        ("kitten", "sitting", 3),
    ],
)
def test_distance(a, b, expected):
    assert distance(a, b) == distance(b, a) == expected


@pytest.mark.parametrize(
    ("word", "candidates", "expected"),
    [
        ("dence", ["dense", "dot"], "dense"),
        ("ReLU", ["elu", "relu", "prelu"], "relu"),
        ("DENSE", ["sense", "dense"], "dense"),
        ("softmx", ["softplus", "softmax", "log_softmax"], "softmax"),
        ("flaten", ["flatten"], "flatten"),
        ("crossentrpy", ["crossentropy", "mse"], "crossentropy"),
        ("xyz", ["dense", "relu"], None),
        ("a", ["b"], None),
        ("ab", ["cd"], None),
        ("anything", [], None),
    ],
)
def test_closest(word, candidates, expected):
    assert closest(word, candidates) == expected


def test_of_equally_near_candidates_the_first_is_taken():
    assert closest("ratio", ["patio", "radio"]) == "patio"


def test_a_fix_is_safe_only_where_case_alone_changes():
    span = Source("a.nn", "ReLU").span(0, 4)
    assert replacement(span, "relu")[0].safe
    assert not replacement(span, "elu")[0].safe
    assert replacement(span, None) == ()


def test_listing():
    assert listing([]) == ""
    assert listing(["a"]) == "`a`"
    assert listing(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert listing("abcdef", most=3) == "`a`, `b`, `c` and 3 more"
