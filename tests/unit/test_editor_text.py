"""Columns, edits and the places where something may be written: what all editor answers stand on."""

from __future__ import annotations

from random import Random

import pytest
from nnc.editor.columns import Lines, Unit
from nnc.editor.context import Where, place_at
from nnc.editor.edits import applied, change_between, line_edits

PIECES = ["a", "é", "𝛼", "→", "\n", "\r\n", "\r", "x -> y", " ", "\f", "\u2028", "🧠"]


def random_text(random: Random) -> str:
    return "".join(random.choices(PIECES, k=random.randrange(12)))


@pytest.mark.parametrize("unit", Unit)
def test_every_offset_has_one_place_and_comes_back(unit):
    random = Random(1)
    for _ in range(300):
        text = random_text(random)
        lines = Lines(text, unit)
        for offset in range(len(text) + 1):
            inside = text[offset - 1 : offset + 1] == "\r\n"
            assert lines.offset(*lines.place(offset)) == offset - inside, (text, offset)


def test_columns_are_those_of_the_encoding():
    text = "é𝛼b"
    ends = {unit: Lines(text, unit).place(3)[1] for unit in Unit}
    assert ends == {Unit.UTF8: 7, Unit.UTF16: 4, Unit.UTF32: 3}


def test_a_column_in_the_middle_of_a_character_is_its_beginning():
    assert Lines("𝛼b", Unit.UTF16).offset(0, 1) == 0
    assert Lines("é", Unit.UTF8).offset(0, 1) == 0


def test_places_outside_of_the_text_are_moved_into_it():
    lines = Lines("ab\r\ncd")
    assert [lines.offset(*p) for p in ((0, 99), (1, 99), (7, 0), (-1, 3), (0, -2))] == [
        2,
        6,
        6,
        0,
        0,
    ]
    assert lines.place(99) == (1, 2)


def test_only_the_protocol_s_line_ends_end_lines():
    assert len(Lines("a\fb\u2028c\vd\x85e").starts) == 1
    assert Lines("a\rb\nc\r\nd").starts == (0, 2, 4, 7)


def test_a_change_is_what_differs():
    random = Random(2)
    for _ in range(500):
        old, new = random_text(random), random_text(random)
        change = change_between(old, new)
        assert old[: change.start] == new[: change.start]
        assert old[change.stop :] == new[change.start + change.new :]
        assert len(old) - change.stop + change.start + change.new == len(new)


def test_line_edits_give_the_new_text():
    random = Random(3)
    for _ in range(300):
        old, new = random_text(random), random_text(random)
        assert applied(old, line_edits(old, new)) == new


# --- what may be written where ------------------------------------------------------------

PLACES = [
    ("|", Where.STATEMENT, ""),
    ("input 3 -> dense 4\nlo|", Where.STATEMENT, ""),
    ("input 3 -> dense 4; |", Where.STATEMENT, ""),
    ("input 3 -> |", Where.STAGE, ""),
    ("input 3 ->\n  |", Where.STAGE, ""),
    ("input 3 -> (|", Where.STAGE, ""),
    ("input 3 -> [id, |", Where.STAGE, ""),
    ("input 3 -> [id, dense 3] -> |", Where.STAGE, ""),
    ("block b(n) = |", Where.STAGE, ""),
    ("input 3 -> dense |", Where.ARGUMENT, "dense"),
    ("input 3 -> dense 4 re|", Where.ARGUMENT, "dense"),
    ("input 3 -> dense(|", Where.ARGUMENT, "dense"),
    ("input 3 -> conv(8, 3x3, |", Where.ARGUMENT, "conv"),
    ("input 3 -> dense 4 leaky_relu(|", Where.ARGUMENT, "leaky_relu"),
    ("input 3 -> dense 4 init=|", Where.VALUE, "dense"),
    ("input 3 -> conv(8, pad=|", Where.VALUE, "conv"),
    ("input 3 -> dense 4 init=normal(|", Where.ARGUMENT, "normal"),
    ("optimizer |", Where.CHOICE, ""),
    ("optimizer adam |", Where.ARGUMENT, "adam"),
    ("optimizer adam lr=|", Where.VALUE, "adam"),
    ("loss mse |", Where.ARGUMENT, "mse"),
    ("loss mse on |", Where.STAGE_NAME, ""),
    ("loss mine on a, |", Where.STAGE_NAME, ""),
    ("metric |", Where.CHOICE, ""),
    ("metric f1, |", Where.CHOICE, ""),
    ("metric f1 on |", Where.STAGE_NAME, ""),
    ("output a, |", Where.STAGE_NAME, ""),
    ("train |", Where.ARGUMENT, "train"),
    ("dtype |", Where.WORD, "dtype"),
    ("input 3 as x -> use |", Where.STAGE_NAME, ""),
    ("input |", Where.SHAPE, ""),
    ("input T |", Where.SHAPE, ""),
    ("input 3 -> dense (2 * |", Where.EXPRESSION, ""),
    ("input 3 -> conv 4 (k)x(|", Where.EXPRESSION, ""),
    ("input 3 -> (dense 4) * |", Where.EXPRESSION, ""),
    ("let a = |", Where.EXPRESSION, ""),
    ("block b(n, m=|", Where.EXPRESSION, ""),
    ("fn f(a, q=1) = a * |", Where.FORMULA, ""),
    ("fn f(a) = exp(|", Where.FORMULA, ""),
    ("let |", Where.NOTHING, ""),
    ("block |", Where.NOTHING, ""),
    ("block b(|", Where.NOTHING, ""),
    ("input 3 as |", Where.NOTHING, ""),
    ("input 3 -> dense 4 as h|", Where.NOTHING, ""),
    ("input 3 -> dense 30|", Where.NOTHING, ""),
    ("# dense |", Where.NOTHING, ""),
    ("input 3 -> dense 4  # nnc: ignore[NN1|", Where.CODES, ""),
    ('include "li|', Where.FILE, ""),
    ('model "li|', Where.NOTHING, ""),
    ("input 3 -> dense $ 4 |", Where.ARGUMENT, "dense"),
    (") ] -> |", Where.STAGE, ""),
]


@pytest.mark.parametrize(("text", "where", "owner"), PLACES, ids=[p[0] for p in PLACES])
def test_what_may_be_written(text, where, owner):
    offset = text.index("|")
    place = place_at(text.replace("|", ""), offset)
    assert (place.where, place.owner) == (where, owner)
    assert text[place.start : offset] == place.prefix


def test_any_place_of_any_text_is_one():
    random = Random(4)
    words = ["input", "3", "->", "dense", "(", ")", "[", "]", "=", ",", "loss", "on", "block", "fn"]
    for _ in range(300):
        text = " ".join(random.choices([*words, '"', "#", "\n", "let", "𝛼"], k=9))
        offset = random.randrange(len(text) + 1)
        place = place_at(text, offset)
        assert 0 <= place.start <= offset
