"""Recovery after a syntax error: other errors of the statement are found, and none invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nnc.frontend.parser import MAX_AGAIN, MAX_FAULTS

from .resolving import findings


def found(text: str) -> list[str]:
    return [f"{d.code.id} {d.span.text}" for d in findings(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "input 3 -> dens 3 -> dense 4 @ relu -> dense 3y -> tanhh",
            ["NN101 dens", "NN001 @", "NN005 3y", "NN101 tanhh"],
        ),
        ("input 3 -> dens 4 ->\nloss mze", ["NN101 dens", "NN007 ->", "NN105 mze"]),
        ("input 3 -> -> dens 4 -> -> relu", ["NN007 ->", "NN101 dens", "NN007 ->"]),
        ("input 3 -> dense 3 as a relu -> dens 4", ["NN002 relu", "NN101 dens"]),
        ("input 3 x 8 -> flattn", ["NN010 3 x 8", "NN101 flattn"]),
        ("input 3 -> dense 3) -> dens 3", ["NN004 )", "NN101 dens"]),
        ("input 3 -> dens 3 -> (dense 3 -> dense 4", ["NN101 dens", "NN003 ("]),
        ("input 3 -> dens 3 -> (dense 3\nid -> dense 3y", ["NN101 dens", "NN003 (", "NN005 3y"]),
        (
            "input 3 -> [dens 3, id -> (rlu -> dense 4y -> relu) -> dense 3y] -> add",
            ["NN101 dens", "NN101 rlu", "NN005 4y", "NN005 3y"],
        ),
        (
            "input 3 -> [dense 3 ->, dens 4] -> [-> relu, dens 3] -> add",
            ["NN007 ->", "NN101 dens", "NN007 ->", "NN101 dens"],
        ),
        ("input 3 -> scale [1, 2y] -> dens 3", ["NN005 2y", "NN101 dens"]),
        ("input 3 → dense 4→ relu → dens 3", ["NN014 →"] * 3 + ["NN101 dens"]),
        (
            "block f(n) = dense n bais=true -> dense 3y -> dens n\ninput 3 -> f(4)",
            ["NN106 bais", "NN005 3y", "NN101 dens"],
        ),
    ],
)
def test_a_broken_stage_does_not_hide_the_others(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "input 3 -> dense 4y -> dense 3 in=9 as a\na -> [id, dense 5 in=3 as b] -> add",
        "input 3 -> dense 4 as a relu -> dense 5\na -> dense 5 as c\noutput c",
        "input 3 -> (dense 4 as q -> relu\nq -> dense 4",
        "input 3 -> dense 4y as a\ninput 3y as i\na -> dense 5 as b\n[b, i] -> add\noutput b\nloss mse on a",
        "let w = 3 +\nblock f( = dense 3\ninput w -> f(2) -> dense (2*w)",
        "block f(n) = dense 4y -> dense n\ninput 3 -> f(4) * 3 as t -> dense 4 in=7",
        "blok f(n) = dense n -> dense n\ninput 3 -> f(4)",
        "f(n) = dense n -> dense n\ninput 3 -> f(4)",
        "input 3 -> dense 4y\nloss mse\nlet unused = 1",
    ],
)
def test_what_follows_from_a_broken_stage_is_no_fault(text):
    assert {code[:3] for code in found(text)} == {"NN0"}, found(text)


def test_a_word_is_unknown_unless_unread_text_may_define_it():
    assert found("let a = )\ninput 3 -> mystery") == ["NN004 )", "NN101 mystery"]
    assert found("lett mystery = )\ninput 3 -> mystery") == ["NN004 )"]


def test_reading_again_is_bounded():
    stages = MAX_AGAIN // 3
    assert len(found("input 3" + " -> dense 3y" * stages)) == MAX_FAULTS + 1
    assert len(found("input 3" + " -> dense 3y" * 20)) == 20


@given(
    st.lists(
        st.sampled_from(
            [
                "input",
                "3",
                "->",
                "dense",
                "3y",
                "relu",
                "[",
                "]",
                "(",
                ")",
                ",",
                "as",
                "q",
                "block",
                "f(",
                "=",
                "→",
                "“",
                ";",
                "@",
                "*",
                "2",
                "let",
                "loss",
                "use",
            ]
        ),
        max_size=30,
    )
)
def test_any_order_of_words_gives_findings_within_the_text(words):
    text = " ".join(words)
    for finding in findings(text):
        assert 0 <= finding.span.start <= finding.span.stop <= len(text)
