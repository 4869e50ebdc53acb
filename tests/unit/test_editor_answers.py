"""What the editor is told of a spec: hover, signature, outline, folding, formatting, repairs, lenses."""

from __future__ import annotations

import re

import pytest
from nnc.diagnostics.model import Report
from nnc.driver import Options, compile_source
from nnc.editor.actions import actions, all_safe
from nnc.editor.edits import applied
from nnc.editor.formatting import formatted, formatted_range
from nnc.editor.generated import generate
from nnc.editor.hover import hover
from nnc.editor.lenses import lenses
from nnc.editor.outline import folds, outline
from nnc.editor.signature import signature
from nnc.format import format_source
from nnc.source import Source

from ..generated import ROOT
from .editing import BROKEN, EXAMPLES, example, marked, seen

BY_PATH = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


def told(text: str, **others: str) -> str:
    study, offset = marked(text, **others)
    found = hover(study, offset)
    return found.text if found else ""


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "input 784 -> den|se 30 relu -> dense 10 softmax; loss crossentropy",
            ["784 → 30", "23,550 parameters", "`dense1.W` 784x30", "z = x W + b", "`units`"],
        ),
        ("input 4 -> dense 3 re|lu", ["max(z, 0)"]),
        ("input 3x8x8 -> conv 4 3x3 pa|d=same", ["`pad=`", "of `conv`"]),
        ("input 3x8x8 -> conv 4 3x3 pad=sa|me", ["`same`"]),
        ("let a| = 2\nlet b = a + 1\ninput 4 -> dense b", ["let a = 2"]),
        (
            "let a = 2\n# the width\nlet b = a + 1\ninput 4 -> dense b|",
            ["let b = a + 1", "= 3", "the width"],
        ),
        (
            "block b(n, m=2) = dense n\ninput 4 -> b|(3)",
            ["block b(n, m=2)", "4 → 3", "15 parameters"],
        ),
        ("block b(n|) = dense n\ninput 4 -> b(3)", ["parameter"]),
        ("block b(n) = den|se n\ninput 4 -> b(3) -> b(5)", ["2 copies", "4 → 3"]),
        ("input 4 -> dense 3 as h\nh| -> dense 2", ["4 → 3"]),
        ("input T|x4 -> lstm 3", ["run time"]),
        ("loss m|se", ["mean"]),
        ("opti|mizer sgd", ["gradient"]),
        ("optimizer s|gd lr=1", ["`lr`"]),
        ("fn f(z, q=1) = z * q\ninput 4 -> dense 3 f|", ["fn f(z, q=1) = z * q"]),
        ('include "li|b.nn"\ninput 4 -> b', ["block b"]),
        ("input 9 -> densee 5 -> den|se 3", ["fully connected", "→ …x3"]),
        ("input 9 -> den|se 5 -> densee 3", ["9 → 5", "50 parameters"]),
        ("input 9 -> dense 5 -> den|see 3", []),
        ("# com|ment", []),
        ("|", []),
    ],
)
def test_hover(text, parts):
    found = told(text, lib="block b = dense 3\n")
    assert all(part in found for part in parts), found
    assert parts or not found


def test_hover_shows_the_lines_of_this_very_stage():
    """Two stages of one line with the same text have lines of their own."""
    text = "input 4 -> dense 4 relu -> dense 4 relu -> dense 2\nloss mse\noptimizer sgd lr=1"
    study = seen(text)
    first, second = (hover(study, m.start()).text for m in re.finditer("dense 4", text))
    assert "h" in first
    assert 'x @ params["dense1.W"]' in first
    assert "d_dense1_W = x.T @ d_dense1_z" in first
    assert 'params["dense2.W"]' in second.partition("backward")[0]
    assert "d_dense2_W = dense1.T @ d_dense2_z" in second
    assert "dense2" not in first.partition("backward")[0]


@pytest.mark.parametrize(
    ("name", "level"),
    [("digits", 0), ("gaussian", 0), ("resnet", 0), ("gaussian", 1), ("residual_mlp", 1)],
)
def test_the_map_of_a_module_is_right_and_the_module_the_same(name, level):
    path = ROOT / f"examples/{name}.nn"
    study = example(path)
    made = generate(study, level)
    code = compile_source(Source(path.as_posix(), study.source.text), Options(level=level)).code
    assert made.code == code
    lines = code.split("\n")
    stages = {fact.start: fact for fact in study.stages.own}
    assert made.regions
    for region in made.regions:
        above = next(li for li in reversed(lines[: region.first]) if f"# {path.name}:" in li)
        assert f"{path.name}:{region.line}  {region.label}" in above
        assert region.last > region.first
        assert study.source.position(region.start)[0] == region.line
    statements = {statement.span.start for statement in study.file.statements}
    assert {r.start for r in made.regions} <= {*stages, *statements}
    assert {r.start for r in made.regions if r.function.endswith("backward")} & stages.keys()


@pytest.mark.parametrize("name", ["vae", "seq2seq", "residual_mlp"])
def test_the_lines_of_one_stage_are_formatted_as_in_the_module(name):
    study = example(ROOT / f"examples/{name}.nn")
    whole, raw = generate(study), generate(study, pretty=False)
    lines = whole.code.split("\n")
    for region, own in zip(whole.regions, raw.regions, strict=True):
        written = "\n".join(line[4:] for line in lines[region.first : region.last])
        assert raw.text(own) == written
        assert (region.start, region.label) == (own.start, own.label)


def test_nothing_is_generated_of_a_wrong_spec():
    assert generate(seen(BROKEN)) is None


@pytest.mark.parametrize(
    ("text", "label", "active"),
    [
        ("input 3x8x8 -> conv |", "conv filters kernel stride=", "filters"),
        ("input 3x8x8 -> conv 8 |", "conv filters kernel", "kernel"),
        ("input 3x8x8 -> conv(8, |", "conv(filters, kernel", "kernel"),
        ("input 3x8x8 -> conv 8 3x3 pad=|", "conv filters", "pad="),
        ("input 3x8x8 -> conv kernel=3x3 |", "conv filters", "filters"),
        ("input 4 -> dense 3 |", "dense units", None),
        ("optimizer adam |", "adam lr", "lr"),
        ("optimizer adam beta1=|", "adam lr", "beta1="),
        ("train batch=|", "train batch=", "batch="),
        ("block b(n, m=2) = dense n\ninput 4 -> b(3, |", "b(n, m", "m"),
        ("input 4 -> dense 3 init=normal(|", "normal(std)", "std"),
        ("input 4 -> dense $ 3 -> conv 8 |", "conv filters", "kernel"),
    ],
)
def test_signature(text, label, active):
    found = signature(*marked(text))
    assert found.label.startswith(label)
    names = [found.label[a:b] for a, b in found.ranges]
    assert active == (None if found.active is None else names[found.active])
    assert len(found.texts) == len(names)


@pytest.mark.parametrize("text", ["|", "input 4 -> |", "let a = |", "densee |", "# dense |"])
def test_no_signature(text):
    assert signature(*marked(text)) is None


# --- structure ----------------------------------------------------------------------------


@BY_PATH
def test_the_outline_of_an_example_has_all_names_in_nested_ranges(path):
    study = example(path)
    names = set()

    def look(symbol, start, stop):
        assert start <= symbol.start <= symbol.name_start <= symbol.name_stop <= symbol.stop <= stop
        assert symbol.name
        names.add(symbol.name)
        for child in symbol.children:
            look(child, symbol.start, symbol.stop)

    for symbol in outline(study):
        look(symbol, 0, len(study.source.text))
    defined = {
        d.name for d in study.names.definitions if d.role.value in ("let", "block", "stage", "fn")
    }
    assert defined <= names


def test_the_outline_of_a_broken_spec():
    found = {symbol.name for symbol in outline(seen(BROKEN))}
    assert {"width", "input 784", "loss"} <= found


def test_folds():
    text = "# one\n# two\nlet a = 3\nblock b = [\n  id,\n  dense 3,\n] -> add\ninput 4\n  -> b\n"
    found = [(f.first, f.last, f.sort) for f in folds(seen(text))]
    assert found == [(0, 1, "comment"), (3, 6, "code"), (3, 5, "code"), (7, 8, "code")]
    assert folds(seen("input 4 -> (\n dense $ 3\n -> relu")) != ()


@BY_PATH
def test_folds_are_ranges_of_lines(path):
    study = example(path)
    lines = study.source.text.count("\n")
    assert all(0 <= f.first < f.last <= lines for f in folds(study))


# --- changes ------------------------------------------------------------------------------

ROUGH = (
    "# rough\r\ninput   784->dense 30   relu   # wide\r\n\r\n\r\n"
    "let a=3 ; loss  mse\r\noptimizer   sgd lr=.1\r\n"
)


def test_formatting_is_that_of_nnc_fmt():
    source = Source("a.nn", ROUGH)
    text = applied(ROUGH, formatted(source))
    assert text == format_source(source, Report()).replace("\n", "\r\n")
    assert formatted(Source("a.nn", text)) == ()
    assert formatted(Source("a.nn", "input 4 -> $")) == ()


def test_a_range_is_formatted_in_whole_statements_only():
    at = ROUGH.index("sgd")
    text = applied(ROUGH, formatted_range(Source("a.nn", ROUGH), at, at))
    assert text == ROUGH.replace("optimizer   sgd", "optimizer sgd")
    at = ROUGH.index("784")
    text = applied(ROUGH, formatted_range(Source("a.nn", ROUGH), at, at))
    assert text == ROUGH.replace("input   784->dense 30   relu", "input 784 -> dense 30 relu")
    assert formatted_range(Source("a.nn", "input 4 -> $"), 0, 3) == ()
    assert formatted_range(Source("a.nn", "input 4\n\n\n# a\n"), 9, 9) == ()


def test_a_comment_that_moves_out_of_its_statement_is_kept():
    text = "let a = 3 +  # why\n  4\nloss   mse\n"
    done = applied(text, formatted_range(Source("a.nn", text), 0, 0))
    assert done == "let a = 3 + 4  # why\nloss   mse\n"


@pytest.mark.parametrize("path", EXAMPLES[::3], ids=lambda path: path.stem)
def test_every_range_formatted_one_after_the_other_is_the_whole(path):
    text = re.sub(r" *(->|,) *", r"\1", path.read_text("utf-8"))
    whole = format_source(Source("a.nn", text), Report())
    for _ in range(40):
        lines = [i for i in range(len(text)) if not i or text[i - 1] == "\n"]
        for start in lines:
            edits = formatted_range(Source("a.nn", text), start, start)
            if edits:
                text = applied(text, edits)
                break
        else:
            break
    assert format_source(Source("a.nn", text), Report()) == whole


@pytest.mark.parametrize(
    ("text", "title", "after"),
    [
        ("input 4 -> dens| 3", "write `dense`", "input 4 -> dense 3"),
        ("input 4 ⟶| dense 3", "write `->`", "input 4 -> dense 3"),
        (
            "let a| = 3\ninput 4 -> dense 3",
            "silence NN",
            "let a = 3  # nnc: ignore[NN140]\ninput 4 -> dense 3",
        ),
    ],
)
def test_quick_fixes(text, title, after):
    study, offset = marked(text)
    found = {a.title: a for a in actions(study, offset, offset)}
    action = next(a for t, a in found.items() if t.startswith(title))
    assert applied(study.source.text, action.edits["main.nn"]) == after


def test_no_action_where_there_is_no_finding():
    study, offset = marked("inp|ut 4 -> dense 3 -> dens 4")
    assert actions(study, offset, offset) == ()
    assert actions(study, 0, len(study.source.text)) != ()


def test_all_safe_repairs_are_those_of_lint_fix():
    study = seen("input 4 → dense 3 ⟶ dense 2 prelu(0.25)\nloss mse\n")
    assert applied(study.source.text, all_safe(study)) == (
        "input 4 -> dense 3 -> dense 2 prelu\nloss mse\n"
    )
    assert all_safe(seen("input 4 -> dens 3")) == ()


def test_lenses():
    text = "block b(n) = dense n\ninput 4 -> b(3) -> b(2)\nloss mse\n"
    found = [(lens.text, lens.generates) for lens in lenses(seen(text))]
    assert found == [
        ("23 parameters · 41 FLOPs a row · float32", False),
        ("show generated code", True),
        ("2 uses · 23 parameters in all", False),
    ]
    broken = [lens.text for lens in lenses(seen(text.replace("b(2)", "b(2) -> xx")))]
    assert broken[0] == "23 parameters · 41 FLOPs a row · without what is wrong"
    assert "show generated code" not in broken
    assert lenses(seen("")) == ()
