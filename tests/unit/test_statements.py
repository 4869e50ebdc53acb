"""Where statements begin and end, one test for each rule of the language."""

from __future__ import annotations

import pytest
from nnc.frontend.statements import DIRECTIVES, TWINS, split
from nnc.source import Source


def texts(text: str) -> list[str]:
    return [statement.text for statement in split(Source("spec.nn", text))]


@pytest.mark.parametrize("end", ["\n", "\r\n", ";", " ; ", "\n\n", ";;", ";\n", "\n# x -> \n"])
def test_newline_and_semicolon_end_a_statement(end):
    assert texts(f"input 3{end}let a = 1") == ["input 3", "let a = 1"]
    assert texts(f"input 3{end}enc -> relu") == ["input 3", "enc -> relu"]


@pytest.mark.parametrize("open", ["f(", "[", "(", "f([(a, b)", "[(a)"])
def test_newline_ends_nothing_in_brackets(open):
    assert len(texts(f"{open}\nb\ninput 3\n# c\n\nd")) == 1


def test_newline_ends_a_statement_after_closed_brackets():
    assert texts("f([(a)])\nb") == ["f([(a)])", "b"]


@pytest.mark.parametrize("last", ["->", "=", ",", "*", "+", "-", "/", "//", "%", "**", ":"])
def test_newline_ends_nothing_after(last):
    assert len(texts(f"a {last}\nb")) == 1
    assert len(texts(f"a {last} # c\n\n  # d\n b")) == 1


@pytest.mark.parametrize("first", ["->", "*", "**", "as", ")", "]", ","])
def test_newline_ends_nothing_before(first):
    assert len(texts(f"a\n{first} b")) == 1
    assert len(texts(f"a # c\n\n  # d\n {first} b")) == 1


@pytest.mark.parametrize("first", ["ascending", "a", "3", "(", "[", "+", '"s"', "x", "input"])
def test_other_lines_begin_a_statement(first):
    assert len(texts(f"a\n{first} b")) == 2


@pytest.mark.parametrize("first", ["->", "*", "as x"])
def test_semicolon_always_ends_a_statement(first):
    assert len(texts(f"a;\n{first}")) == 2
    assert len(texts("f(a; b")) == 2


@pytest.mark.parametrize("word", sorted(DIRECTIVES))
def test_a_directive_begins_a_statement_even_in_an_open_bracket(word):
    assert texts(f"f([a,\n{word} b") == ["f([a,", f"{word} b"]
    assert texts(f"a ->\n{word} b") == ["a ->", f"{word} b"]
    assert texts(f"f(a {word} b)") == [f"f(a {word} b)"]
    assert texts(f"f(\n{word}s)") == [f"f(\n{word}s)"]


def test_input_does_not_begin_a_statement_in_an_open_bracket():
    assert len(texts("[\ninput 3,\ninput 4] -> concat")) == 1


def test_brackets_are_counted_anew_in_each_statement():
    assert texts("f((a\nloss mse\nb\nc") == ["f((a", "loss mse", "b", "c"]
    assert texts("a))\nb\nc") == ["a))", "b", "c"]


def test_strings_hide_signs_and_end_with_their_line():
    assert texts('include "a;#(b.nn"; model "c') == ['include "a;#(b.nn"', 'model "c']
    assert texts('model "c\nb') == ['model "c', "b"]


def test_comments_and_blank_text_are_no_statements():
    assert texts("") == texts(" \n\t;;\r\n # loss mse\n") == texts("\ufeff") == []


def test_byte_order_mark_and_tabs_are_fine():
    assert texts("\ufeffinput\t3\n") == ["input\t3"]


def test_look_alikes_go_on_as_what_they_stand_for():
    assert len(texts("a\n→ b –>\nc，\nd")) == 1
    assert all(plain.isascii() for plain in TWINS.values())
    assert not any(twin.isascii() for twin in TWINS)


def test_spans_leave_out_what_surrounds_a_statement():
    (statement,) = split(Source("spec.nn", "  # a\n  input 3 -> # b\n relu  # c\n"))
    assert statement.text == "input 3 -> # b\n relu"
    assert statement.span.line == 2


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("let a = 1", "let"),
        ("block a = relu", "block"),
        ("loss mse", "directive"),
        ("loss mse -> relu", "directive"),
        ("optimiser adam lr=0.1", "directive"),
        ("optimiser adam (0.1)", "directive"),
        ("enc", "directive"),
        ("input 3", "chain"),
        ("enc -> relu", "chain"),
        ("enc as x", "chain"),
        ("f([a -> b])", "chain"),
        ("[a, b]", "chain"),
        ("(a)", "chain"),
        ("3", "chain"),
        ("enc [a -> b]", "directive"),
    ],
)
def test_first_word_and_arrow_choose_the_rule(text, rule):
    (statement,) = split(Source("spec.nn", text))
    assert statement.rule == rule
