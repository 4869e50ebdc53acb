"""Colours of specs: the Pygments lexer and the TextMate grammar, from one table of rules."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from nnc.highlight.rules import rules
from nnc.highlight.textmate import grammar
from nnc.layers import LAYERS
from nnc.losses import LOSSES
from nnc.optimizers import OPTIMIZERS
from nnc.schedules import SCHEDULES

pygments = pytest.importorskip("pygments", reason="Pygments, which rich brings, is missing")

ROOT = Path(__file__).parents[2]
COPY = ROOT / "editors" / "vscode" / "syntaxes" / "nn.tmLanguage.json"
SPECS = [*(ROOT / "examples").glob("*.nn"), *(ROOT / "tests" / "corpus").glob("*/*.nn")]
TYPES = {style.scope: style.token for rule in rules() for style in rule.styles if style}


def lexed(text: str) -> list[tuple[str, str]]:
    """Token type and text by Pygments, blanks left out."""
    from pygments import lexers

    lexer = lexers.get_lexer_by_name("nn")
    assert type(lexer).__name__ == "SpecLexer"
    named = ((str(kind).removeprefix("Token."), value) for kind, value in lexer.get_tokens(text))
    found = [(kind.removeprefix("Literal."), value) for kind, value in named]
    return [
        (kind, value.strip())
        for kind, value in found
        if value.strip() and kind not in ("Text.Whitespace", "Text")
    ]


def by_grammar(text: str) -> list[tuple[str, str]]:
    """The same by the TextMate grammar, a line at a time as editors do, read with `re`."""
    patterns = [
        (re.compile(entry["match"]), {int(n): c["name"] for n, c in entry["captures"].items()})
        for entry in json.loads(COPY.read_text("utf-8"))["patterns"]
    ]
    found = []
    for line in text.splitlines():
        at = 0
        while at < len(line):
            matches = [(m, names) for p, names in patterns if (m := p.match(line, at)) and m[0]]
            if not matches:
                at += 1
                continue
            match, names = matches[0]
            found += [(TYPES[names[n]], match[n].strip()) for n in names if match[n].strip()]
            at = match.end()
    return found


def test_the_copy_in_the_extension_is_the_grammar(golden):
    golden(COPY, grammar())


def test_both_say_the_same_of_every_spec():
    for path in SPECS:
        text = path.read_text("utf-8")
        tokens = [(kind, value) for kind, value in lexed(text) if kind != "Error"]
        assert tokens == by_grammar(text), path.name
        kept = "".join(value for _, value in lexed(text))
        assert re.sub(r"\s", "", kept) == re.sub(r"\s", "", text), path.name


def test_nothing_in_a_good_spec_is_an_error():
    for path in (ROOT / "examples").glob("*.nn"):
        assert "Error" not in {kind for kind, _ in lexed(path.read_text("utf-8"))}, path.name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input 3x32x32 as x", "Keyword input, Number 3x32x32, Keyword.Pseudo as, Name.Variable x"),
        ("input Tx(k)x8", "Keyword input, Number Tx, Punctuation (, Name k, Punctuation ), Number x8"),
        ("x -> dense 30 relu", "Name x, Operator.Word ->, Name.Builtin dense, Number 30, Name.Builtin.Pseudo relu"),
        ("loss mse on y", "Keyword loss, Name.Class mse, Keyword.Pseudo on, Name y"),
        ("mse -> loss", "Name mse, Operator.Word ->, Name loss"),
        ("optimizer adam lr=1e-3", "Keyword optimizer, Name.Class adam, Name.Attribute lr, Operator =, Number 1e-3"),
        ("let n = 2 * 3", "Keyword let, Name.Variable n, Operator =, Number 2, Operator *, Number 3"),
        ("block b(n) = dense n", "Keyword block, Name.Function b, Punctuation (, Name n, Punctuation ), Operator =, Name.Builtin dense, Name n"),
        ("fn f(z) = erf(z)", "Keyword fn, Name.Function f, Punctuation (, Name z, Punctuation ), Operator =, Name.Function.Magic erf, Punctuation (, Name z, Punctuation )"),
        ("a; loss mse # m", "Name a, Punctuation ;, Keyword loss, Name.Class mse, Comment.Single # m"),
        ('include "a#b.nn"', 'Keyword include, String.Double "a#b.nn"'),
        ("# nnc: ignore[NN1]", "Comment.Special # nnc: ignore[NN1]"),
        ("input T int ragged", "Keyword input, Name.Constant T, Keyword.Constant int, Keyword.Constant ragged"),
        ("conv 8 3 pad=same", "Name.Builtin conv, Number 8, Number 3, Name.Attribute pad, Operator =, Keyword.Constant same"),
        ("use enc as again", "Keyword.Pseudo use, Name enc, Keyword.Pseudo as, Name.Variable again"),
    ],
)  # fmt: skip
def test_what_each_word_is(text, expected):
    assert ", ".join(f"{kind} {value}" for kind, value in lexed(text)) == expected


def test_every_kind_is_known():
    for word in sorted({w for k in LAYERS.values() for w in (k.word, *k.aliases)} - {"input"}):
        _, (kind, value) = lexed(f"x {word}")
        assert kind.startswith("Name.Builtin"), value


@pytest.mark.parametrize(
    ("statement", "registry"),
    [("loss", LOSSES), ("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)],
)
def test_every_choice_is_known(statement, registry):
    for name, entry in registry.items():
        for word in (name, *entry.aliases):
            assert lexed(f"{statement} {word}")[1] == ("Name.Class", word)


def test_groups_cover_what_a_pattern_matches():
    """Pygments loses what is in no group."""
    for rule in rules():
        assert re.compile(rule.pattern).groups == len(rule.styles)
