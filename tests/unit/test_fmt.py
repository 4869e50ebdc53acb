"""The formatter: its guarantees for every spec, and its output."""

from __future__ import annotations

import os
import re

import pytest
from nnc.diagnostics.model import Report
from nnc.format import format_source
from nnc.frontend import ast
from nnc.frontend.parser import parse
from nnc.source import Source

from ..generated import ROOT
from .formatting import random_spec

PROGRAMS = int(os.environ.get("NNC_FMT_PROGRAMS", "300"))
CHUNKS = 10
FENCE = re.compile(r"^```nn[^\n]*\n(.*?)^```$", re.M | re.S)
PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
QUOTED = [text for page in PAGES for text in FENCE.findall((ROOT / page).read_text("utf-8"))]
EXAMPLES = sorted((ROOT / "examples").rglob("*.nn"))
OTHER_NAMES = """
swish silu  identity id  lrelu leaky_relu  fc dense  linear dense  conv2d conv
layer_norm layernorm  glorot xavier  kaiming he  l2_loss mse  cross_entropy crossentropy
"""
SPELLINGS = dict(zip(OTHER_NAMES.split()[::2], OTHER_NAMES.split()[1::2], strict=True))
CASELESS = {"same", "true", "false", "float64"}
COMMENT = re.compile(r'"[^"\n]*"|(#[^\n]*)')


def fmt(text):
    report = Report()
    formatted = format_source(Source("spec.nn", text), report)
    assert formatted is not None, [d.message for d in report] + [text]
    return formatted


def meaning(text):
    """The tree without places; words in their canonical spelling, whoever wrote them."""
    report = Report()
    file = parse(Source("spec.nn", text), report)
    assert not file.broken, [d.message for d in report] + [text]
    return plain(file.statements)


def plain(node):
    if isinstance(node, ast.Word | ast.DimName):
        word = node.id.lower() if node.id.lower() in CASELESS else node.id
        return SPELLINGS.get(word, word)
    if isinstance(node, tuple):
        return [plain(item) for item in node]
    if hasattr(node, "span"):
        names = [n for n in type(node).__slots__ if n != "span"]
        return [type(node).__name__, *(plain(getattr(node, n)) for n in names)]
    return node


def comments(text):
    found = [match[1] for match in COMMENT.finditer(text.replace("\r\n", "\n")) if match[1]]
    return [comment.rstrip() for comment in found]


def keeps_its_promises(text):
    once = fmt(text)
    assert fmt(once) == once, f"{text}\n--- once\n{once}\n--- twice\n{fmt(once)}"
    assert meaning(once) == meaning(text), f"{text}\n---\n{once}"
    assert comments(once) == comments(text), f"{text}\n---\n{once}"
    assert all(line == line.rstrip() for line in once.split("\n")), once
    assert not re.search(r"\n\n\n|\r|\A\n", once), once
    assert once == "" or (once.endswith("\n") and not once.endswith("\n\n")), once


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_specs_keep_meaning_and_comments_and_settle_at_once(chunk):
    for seed in range(chunk, PROGRAMS, CHUNKS):
        keeps_its_promises(random_spec(seed))


@pytest.mark.parametrize("text", QUOTED)
def test_specs_of_the_documentation_keep_the_promises(text):
    keeps_its_promises(text)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_keep_the_promises(path):
    keeps_its_promises(path.read_text("utf-8"))


LONG = "input 784 -> " + " -> ".join(["dense 30 relu"] * 6)


def on_lines(*lines):
    return "".join(line + "\n" for line in lines)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("", ""),
        ("\ufeffinput 3->dense 2\r\n\r\n\r\n\r\nloss mse", "input 3 -> dense 2\n\nloss mse\n"),
        ("input 3->dense 2;loss mse", "input 3 -> dense 2; loss mse\n"),
        (f"{LONG};loss mse", LONG.replace(" -> ", "\n  -> ") + "\nloss mse\n"),
        ("input 3 -> dense 2; loss mse\ndtype float64", None),
        ("let a=2*-k**-2//(1-3)", "let a = 2 * -k**-2 // (1 - 3)\n"),
        ("input 3 -> shift  -1 -> scale (2*k)", "input 3 -> shift -1 -> scale (2 * k)\n"),
        ("a -> f([shift -1, n -1])", "a -> f([shift -1, n - 1])\n"),
        ("input 3 -> fc 010 swish init=glorot", "input 3 -> dense 010 silu init=xavier\n"),
        ("let fc = 3\ninput 3 -> dense fc", "let fc = 3\ninput 3 -> dense fc\n"),
        ("input 3 -> dense 2 as fc\nfc -> linear 1", "input 3 -> dense 2 as fc\nfc -> dense 1\n"),
        ('include "a.nn"\ninput 3 -> fc 2', 'include "a.nn"\ninput 3 -> fc 2\n'),
        ("loss l2_loss  on a", "loss mse on a\n"),
        (
            "input SAME -> conv 3 5 pad=SAME bias=TRUE",
            "input SAME -> conv 3 5 pad=same bias=true\n",
        ),
        ("conv ch (k)x(k)xT  Tx(k) 3x(k -1)", "conv ch (k)x(k)xT Tx(k) 3x(k - 1)\n"),
        ("output a b", "output a, b\n"),
        ("loss mse, weight=2", "loss mse weight=2\n"),
        ("a->f( g( 1,2, ) , [ 1:3 ] , )*3 as b", "a -> f(g(1, 2), [1:3]) * 3 as b\n"),
        ("metric f1 # two\n\n\n\n # three", "metric f1  # two\n\n# three\n"),
    ],
)
def test_canonical_form(written, canonical):
    assert fmt(written) == (written.replace("; ", "\n") + "\n" if canonical is None else canonical)
    keeps_its_promises(written)


def test_comments_break_chains_and_brackets_where_they_stand():
    written = "input 3 # in\n # first\n-> [a, # left\n b # right\n] -> # sum\nadd # out"
    assert fmt(written) == on_lines(
        "input 3  # in",
        "  # first",
        "  -> [",
        "    a,  # left",
        "    b,  # right",
        "  ]  # sum",
        "  -> add  # out",
    )


def test_a_comment_inside_arithmetic_moves_to_its_end():
    assert fmt("let a = (1 # one\n + 2)") == "let a = (1 + 2)  # one\n"


def test_blocks_stand_below_their_heads_when_too_long():
    body = " -> ".join(["dense (2 * n) relu"] * 5)
    assert fmt(f"block b(n)={body}") == on_lines(
        "block b(n) =", "  dense (2 * n) relu", *["  -> dense (2 * n) relu"] * 4
    )


def test_a_line_never_begins_with_a_directive():
    arguments = ", ".join(f"loss={i}" for i in range(20))
    text = f"input 3 -> block_a({arguments})\n"
    assert fmt(text) == on_lines("input 3", f"  -> block_a({arguments})")
    keeps_its_promises("a -> f(3 # c\n, loss=3) -> g # d")


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG}  # nnc: ignore[NN141]\nloss mse\n",
        f"# nnc: ignore[NN141]\n{LONG}\n",
        f"let a = 2; {LONG}  # nnc: ignore[NN141]\nloss mse\n",
        "input 3\n  -> dense 3 -> dense 4  # nnc: ignore[NN141]\n  -> dense 3  # c\n# d\n",
        "input 3\n  -> fc 3\n  # nnc: ignore[NN141]\n  -> dense 4 -> dense 3; loss mse\n",
    ],
)
def test_what_a_comment_silences_stays_on_its_line(text):
    assert fmt(text) == text
    keeps_its_promises(text.replace("dense", "  linear"))


def test_a_spec_that_cannot_be_parsed_is_refused():
    report = Report()
    assert format_source(Source("spec.nn", "input 3 ->\nloss mse"), report) is None
    assert report.has_errors


def test_a_spec_that_would_grow_too_long_is_left_as_it_is(monkeypatch):
    text = "input 3->dense 2;loss mse"
    monkeypatch.setattr("nnc.format.formatter.MAX_CHARACTERS", len(text) + 3)
    report = Report()
    assert format_source(Source("spec.nn", text), report) is None
    (found,) = report
    assert found.code.id == "NN512"
    assert found.message.startswith("formatted, the spec would have 29 characters, 28 are")
