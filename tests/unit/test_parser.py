"""Specs as syntax trees: values, places, and syntax errors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from functools import singledispatch
from importlib.resources import files

import lark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark
from nnc.diagnostics.model import Diagnostic, Report
from nnc.frontend import ast
from nnc.frontend.lexical import MAX_NESTING
from nnc.frontend.parser import MAX_CHARACTERS, MAX_FAULTS, parse
from nnc.frontend.stages import value_as_chain
from nnc.frontend.terminals import Terminals
from nnc.source import Source


def read(text: str) -> tuple[ast.File, list[Diagnostic]]:
    report = Report()
    return parse(Source("spec.nn", text), report), list(report)


def statement(text: str) -> ast.Statement:
    """The only statement of a text without faults."""
    file, found = read(text)
    assert [d.message for d in found] == []
    (only,) = file.statements
    return only


def stage(text: str) -> ast.AnyStage:
    """The stage written after a source."""
    chain = statement(f"x -> {text}")
    assert isinstance(chain, ast.Chain)
    assert len(chain.stages) == 2
    return chain.stages[1]


def value(text: str) -> ast.Value:
    """What a let says."""
    let = statement(f"let a = {text}")
    assert isinstance(let, ast.Let)
    return let.value


def fault(text: str) -> tuple[str, str]:
    """Code and place of the only finding."""
    file, (found,) = read(text)
    assert file.broken
    return found.code.id, found.span.text


# --- a short notation for trees -------------------------------------------------------------


@singledispatch
def sketch(node: object) -> str:
    raise TypeError(node)


@sketch.register
def _(node: ast.Number) -> str:
    return repr(node.value)


@sketch.register(ast.Word)
@sketch.register(ast.DimName)
def _(node: ast.Word | ast.DimName) -> str:
    return node.id if isinstance(node, ast.Word) else f"<{node.id}>"


@sketch.register
def _(node: ast.Text) -> str:
    return repr(node.value)


@sketch.register
def _(node: ast.Size) -> str:
    return "{" + " x ".join(map(sketch, node.parts)) + "}"


@sketch.register
def _(node: ast.Range) -> str:
    return f"{sketch(node.start)}..{sketch(node.stop)}"


@sketch.register
def _(node: ast.Negate) -> str:
    return f"({node.sign} {sketch(node.operand)})"


@sketch.register
def _(node: ast.Binary) -> str:
    return f"({sketch(node.left)} {node.op} {sketch(node.right)})"


@sketch.register
def _(node: ast.ListValue) -> str:
    return "[" + ", ".join(map(sketch, node.items)) + "]"


@sketch.register
def _(node: ast.CallValue) -> str:
    return f"{node.name.id}(" + ", ".join(map(sketch, node.args)) + ")"


@sketch.register
def _(node: ast.StagesValue) -> str:
    return f"«{sketch(node.chain)}»"


@sketch.register
def _(node: ast.Arg) -> str:
    return (f"{node.key.id}=" if node.key else "") + sketch(node.value)


def decorated(text: str, node: ast.AnyStage) -> str:
    text += f" * {sketch(node.repeat)}" if node.repeat else ""
    return text + (f" as {node.name.id}" if node.name else "")


@sketch.register
def _(node: ast.Stage) -> str:
    inside = ", ".join(map(sketch, node.args[: node.inside]))
    kind = f"{node.kind.id}({inside})" if node.called else node.kind.id
    assert node.called or not node.inside
    return decorated(" ".join([kind, *map(sketch, node.args[node.inside :])]), node)


@sketch.register
def _(node: ast.Group) -> str:
    return decorated(" ".join([f"({sketch(node.chain)})", *map(sketch, node.args)]), node)


@sketch.register
def _(node: ast.Fork) -> str:
    branches = ", ".join(map(sketch, node.branches))
    return decorated(" ".join([f"[{branches}]", *map(sketch, node.args)]), node)


@sketch.register
def _(node: ast.Chain) -> str:
    return " -> ".join(map(sketch, node.stages))


@sketch.register
def _(node: ast.Let) -> str:
    return f"let {node.name.id} = {sketch(node.value)}"


@sketch.register
def _(node: ast.BlockParam) -> str:
    return node.name.id + (f"={sketch(node.default)}" if node.default else "")


@sketch.register
def _(node: ast.Block) -> str:
    params = ", ".join(map(sketch, node.params))
    return f"block {node.name.id}({params}) = {sketch(node.body)}"


@sketch.register
def _(node: ast.Directive) -> str:
    return " ".join([f"!{node.word.id}", *map(sketch, node.args)])


def nodes(node: object) -> Iterator[tuple[object, object]]:
    """Every node below one, with its parent."""
    for field in fields(node):  # type: ignore[arg-type]
        below = getattr(node, field.name)
        for child in below if isinstance(below, tuple) else (below,):
            if is_dataclass(child) and field.name != "span":
                yield node, child
                yield from nodes(child)


# --- programs of the language description ---------------------------------------------------

PROGRAMS = {
    "digits": """
# digits.nn
input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy
""",
    "resnet": """
# resnet.nn
let width = 16

block residual(ch, k=3) =
    [id, conv ch (k)x(k) pad=same -> batchnorm relu -> conv ch (k)x(k) pad=same -> batchnorm]
    -> add relu

input 3x32x32
  -> conv width 3x3 pad=same relu
  -> residual(width) * 3
  -> global_avgpool
  -> dense 10 softmax

loss crossentropy smoothing=0.1
optimizer sgd lr=0.1 momentum=0.9 nesterov=true weight_decay=5e-4
schedule cosine steps=10000 warmup=500
train batch=128 epochs=20
""",
    "siamese": """
# siamese.nn: one encoder applied to two inputs
input 128 as left  -> (dense 64 relu -> dense 16) as enc
input 128 as right -> use enc as other
[enc, other] -> dot -> sigmoid
loss bce
""",
    "two heads": """
# two_heads.nn
input 20 as features -> dense 32 relu as trunk -> dense 3 softmax as kind
trunk -> dense 1 as size
output kind, size
loss crossentropy on kind weight=0.3
loss mse on size
optimizer adam lr=1e-3
""",
    "lexing": """
input 3x28x28 -> conv(16, 3x3, pad=SAME,) relu
input Tx768 -> conv 8 (k)x(2*k) -> crop 1:3 0:5
let k = 2*3 + 1
let s = 3x3
let list = [1, 2*k, -1,]
include "blocks.nn"
model "LeNet"
model LeNet
""",
    "statements": """
regularize l1=1e-5 l2=1e-4
clip norm=1
train batch=32 epochs=3 seed=1 shuffle=false drop_last=true
metric accuracy, f1
metric top_k(k=5)
dtype float64
schedule step every=10 gamma=0.5 warmup=5
[a, input 4 as b] -> add
block plain = dense 3 -> relu
block empty() = relu
block b(p, q=3, r=[1, 2], s=dense 4 relu, t=3x3, u=2*q) = dense p
""",
    "stages": """
input T int ragged as x
x -> dense 30 leaky_relu(0.2) -> dense 10 in=500 softmax -> rnn 5 relu layers=2
x -> conv 16 3x3 same -> conv filters=16 kernel=3x3 -> conv(16, 3x3, pad=same) relu
x -> (dense 4) * 3 as t -> residual(16) * n -> (dense 4 -> relu) * (n+1)
x -> dense 784 tie=enc -> normalize mean=[0.1, 0.2] std=0.3 -> shift -1 -> permute 2 0 1
x -> twice(dense 4 relu) -> [id, dense 4, other -> relu,] -> concat axis=-1
x -> dense 3 init=normal(0.01) bias_init=constant(-1)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_languages_programs_are_read_without_findings(name):
    file, found = read(PROGRAMS[name])
    assert [d.message for d in found] == []
    assert not file.broken
    assert file.span.text == PROGRAMS[name]


def test_statements_keep_their_order():
    file, _ = read(PROGRAMS["two heads"])
    assert [sketch(s) for s in file.statements] == [
        "input 20 as features -> dense 32 relu as trunk -> dense 3 softmax as kind",
        "trunk -> dense 1 as size",
        "!output kind size",
        "!loss crossentropy on kind weight=0.3",
        "!loss mse on size",
        "!optimizer adam lr=0.001",
    ]


def test_block_of_the_first_look():
    file, _ = read(PROGRAMS["resnet"])
    assert sketch(file.statements[1]) == (
        "block residual(ch, k=3) = [id, conv ch {k x k} pad=same -> batchnorm relu"
        " -> conv ch {k x k} pad=same -> batchnorm] -> add relu"
    )


# --- trees ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30", "30"),
        ("007", "7"),
        ("0.5", "0.5"),
        (".5", "0.5"),
        ("3.", "3.0"),
        ("1e-3", "0.001"),
        ("2E+2", "200.0"),
        ("3x3", "{3 x 3}"),
        ("TxD", "{<T> x <D>}"),
        ("Tx(k)x3", "{<T> x k x 3}"),
        ("(k)x(2*k)", "{k x (2 * k)}"),
        ("3x(k)", "{3 x k}"),
        ("N1", "<N1>"),
        ("ReLU", "ReLU"),
        ("RxNorm", "RxNorm"),
        ("1:3", "1..3"),
        ("-3:n+1", "(- 3)..(n + 1)"),
        ("1 + 2*3", "(1 + (2 * 3))"),
        ("(1 + 2)*3", "((1 + 2) * 3)"),
        ("8-4-2", "((8 - 4) - 2)"),
        ("8//4/2%3", "(((8 // 4) / 2) % 3)"),
        ("-2**-2", "(- (2 ** (- 2)))"),
        ("2**3**2", "(2 ** (3 ** 2))"),
        ("k -1", "(k - 1)"),
        ("k-1", "(k - 1)"),
        ("--1", "(- (- 1))"),
        ("+1", "(+ 1)"),
        ("[1, 2*k, -1]", "[1, (2 * k), (- 1)]"),
        ("[]", "[]"),
        ("[[1], 2]", "[[1], 2]"),
        ("normal(0.01)", "normal(0.01)"),
        ("f(a=1, 2,)", "f(a=1, 2)"),
        ("[id, dense 4]", "[id, «dense 4»]"),
        ("dense 4 relu", "«dense 4 relu»"),
        ("dense 4 axis=-1 -1", "«dense 4 axis=(- 1) (- 1)»"),
        ("(dense 4 -> relu)", "«dense 4 -> relu»"),
        ("((dense 4 -> relu))", "«dense 4 -> relu»"),
        ("(dense 4 -> relu) * 3", "«(dense 4 -> relu) * 3»"),
        ("(dense 4) * 3 -> relu", "«(dense 4) * 3 -> relu»"),
        ("(dense 4 -> relu) -> relu", "«(dense 4 -> relu) -> relu»"),
        ("(dense) -> relu", "«(dense) -> relu»"),
        ("(dense 4 -> dense 4) relu", "«(dense 4 -> dense 4) relu»"),
        ("[a, dense 3] -> add", "«[a, dense 3] -> add»"),
        ("[f(2) * 3, id] -> add", "«[f(2) * 3, id] -> add»"),
        ("f(2) as t", "«f(2) as t»"),
        ("f(2) relu * 3 as t", "«f(2) relu * 3 as t»"),
        ("shift -1 -> relu", "«shift (- 1) -> relu»"),
        ("crop 1:3 -> relu", "«crop 1..3 -> relu»"),
        ("LSTM 100", "«LSTM 100»"),
    ],
)
def test_values(text, expected):
    assert sketch(value(text)) == expected
    call = stage(f"f({text})")
    assert isinstance(call, ast.Stage)
    assert sketch(call.args[0].value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dense 30", "dense 30"),
        ("DENSE 30 RELU", "DENSE 30 <RELU>"),
        ("conv ch (k)x(k)", "conv ch {k x k}"),
        ("conv(ch, (k)x(k), pad=same) relu", "conv(ch, {k x k}, pad=same) relu"),
        ("conv(16) relu bias=false", "conv(16) relu bias=false"),
        ("f()", "f()"),
        ("dense (2*n)", "dense (2 * n)"),
        ("dense (30)", "dense 30"),
        ("dense 3 axis=-1 shift -1", "dense 3 axis=(- 1) shift (- 1)"),
        ("shift -(n)", "shift (- n)"),
        ("crop 1:3 (a):-1", "crop 1..3 a..(- 1)"),
        ("dense 30 leaky_relu(0.2)", "dense 30 leaky_relu(0.2)"),
        ("f(2) * n as t", "f(2) * n as t"),
        ("f * 3", "f * 3"),
        ("(dense 4 -> relu) tanh * (n+1) as t", "(dense 4 -> relu) tanh * (n + 1) as t"),
        ("((a))", "((a))"),
        ("[a -> b, id,] relu", "[a -> b, id] relu"),
        ("[[a, b] -> add, (c) * 2]", "[[a, b] -> add, (c) * 2]"),
        ("twice [id, dense 4]", "twice [id, «dense 4»]"),
        ("f(n=[id, dense 4], dense 3)", "f(n=[id, «dense 4»], «dense 3»)"),
        ("input 3 as on", "input 3 as on"),
    ],
)
def test_stages(text, expected):
    assert sketch(stage(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input 784 as x", "input 784 as x"),
        ("input T int ragged", "input <T> int ragged"),
        ("[a, b]", "[a, b]"),
        ("a as b", "a as b"),
        ("optimiser adam lr=0.1", "!optimiser adam lr=0.1"),
        ("LOSS mse", "!LOSS mse"),
        ("enc", "!enc"),
        ("output a, b,", "!output a b"),
        ("optimizer sgd 0.1 momentum=-1", "!optimizer sgd 0.1 momentum=(- 1)"),
        ("loss crossentropy weights=[1, 2*k]", "!loss crossentropy weights=[1, (2 * k)]"),
        ('include "a b#.nn"', "!include 'a b#.nn'"),
        ("model CNN", "!model <CNN>"),
        ("block f = a -> b", "block f() = a -> b"),
        ("block f(a, b=[id, dense 3],) = a", "block f(a, b=[id, «dense 3»]) = a"),
        ("block f(a=dense 3 -> relu) = a", "block f(a=«dense 3 -> relu») = a"),
    ],
)
def test_statements(text, expected):
    assert sketch(statement(text)) == expected


def test_inside_counts_the_arguments_in_the_parentheses():
    called = stage("conv(16, 3x3, pad=same) relu bias=false")
    assert isinstance(called, ast.Stage)
    assert (called.called, called.inside, len(called.args)) == (True, 3, 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id", "id"),
        ("dense(4)", "dense(4)"),
        ("dense 4", "dense 4"),
        ("a -> b", "a -> b"),
        ("[id, dense 4]", "[id, dense 4]"),
        ("f(4) * 3", "f(4) * 3"),
        ("shift -1", "shift (- 1)"),
        ("3", None),
        ("[id, 3]", None),
        ("[]", None),
        ("2 * f", None),
        ("a / b", None),
    ],
)
def test_values_may_spell_stages(text, expected):
    chain = value_as_chain(value(text))
    assert (chain and sketch(chain)) == expected


# --- places ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROGRAMS)
def test_words_and_numbers_stand_where_they_are_written(name):
    file, _ = read("\ufeff" + PROGRAMS[name].replace("\n", "\r\n"))
    seen = 0
    for parent, node in nodes(file):
        seen += 1
        match node:
            case ast.Word(id) | ast.DimName(id):
                assert node.span.text == id
            case ast.Number(number):
                assert float(node.span.text) == number
            case ast.Text(text):
                assert node.span.text == f'"{text}"'
        named = isinstance(parent, ast.Stage | ast.Group | ast.Fork) and node in (
            parent.repeat,
            parent.name,
        )
        if not named:
            assert parent.span.start <= node.span.start <= node.span.stop <= parent.span.stop
    assert seen > 5


@pytest.mark.parametrize(
    "text",
    [
        "conv (2)x(2) relu",
        "conv(2, (n)) relu",
        "f()",
        "(dense 4 -> relu)",
        "(dense 4) tanh",
        "[a, (b)]",
        "[a,] relu",
        "dense (2*n)",
        "crop 1:(n)",
        "shift -(n)",
    ],
)
def test_a_stage_spans_its_kind_and_arguments(text):
    chain = statement(f" x -> {text} as c -> ({text}) * (n+1) as d # e")
    assert isinstance(chain, ast.Chain)
    assert chain.span.text == f"x -> {text} as c -> ({text}) * (n+1) as d"
    assert [stage.span.text for stage in chain.stages] == ["x", text, f"({text})"]


def test_parentheses_belong_to_the_argument_and_not_to_its_value():
    only = stage("dense (2*n) in=(3)")
    assert isinstance(only, ast.Stage)
    assert [arg.span.text for arg in only.args] == ["(2*n)", "in=(3)"]
    assert [arg.value.span.text for arg in only.args] == ["2*n", "3"]


def test_compound_values_span_all_their_parts():
    product = value("(a+1) * -(b)")
    assert isinstance(product, ast.Binary)
    assert product.span.text == "(a+1) * -(b)"
    assert [product.left.span.text, product.right.span.text] == ["a+1", "-(b)"]
    assert value("((a))x(b)").span.text == "((a))x(b)"
    assert value("(a):(b)").span.text == "(a):(b)"
    assert value("[ (a), ]").span.text == "[ (a), ]"
    assert value("f (a) -> (b)").span.text == "f (a) -> (b)"


def test_stages_among_values_span_what_is_written():
    stages = value("(a -> b) * (n) -> (c) as d")
    assert isinstance(stages, ast.StagesValue)
    assert stages.chain.span.text == "(a -> b) * (n) -> (c) as d"
    assert [stage.span.text for stage in stages.chain.stages] == ["(a -> b)", "(c)"]


# --- faults ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a -> dense 3 § relu", "NN001", "§"),
        ("a -> größe", "NN001", "ö"),
        ("a -> b.c", "NN001", "."),
        ("a -> dense 3, relu", "NN002", ","),
        ("a -> 30", "NN002", "30"),
        ("a -> dense 3 in==3", "NN002", "=="),
        ("a -> f(3 4)", "NN002", "4"),
        ("a -> f(3 -> b)", "NN002", "3"),
        ("a -> f(2*(b -> c))", "NN002", "(b -> c)"),
        ("a -> f(-(b -> c))", "NN002", "(b -> c)"),
        ("a -> f((b -> c):2)", "NN002", "(b -> c)"),
        ("a -> as b", "NN002", "as"),
        ("let as = 3", "NN002", "as"),
        ("loss(mse)", "NN002", "("),
        ("loss mse -> b", "NN002", "->"),
        ("let a = 1, b = 2", "NN002", ","),
        ("blok f(n) = a -> b", "NN002", "blok"),
        (", a", "NN002", ","),
        ("a -> (b", "NN003", "("),
        ("let a = [(1]", "NN004", "]"),
        ("a -> b)", "NN004", ")"),
        ("a -> 3dense", "NN005", "3dense"),
        ("a -> dense 30relu", "NN005", "30relu"),
        ("a -> reshape 3X3", "NN005", "3X3"),
        ("let a = 1.2.3", "NN005", "1.2.3"),
        ("let a = 1e999", "NN005", "1e999"),
        ("let a = " + "9" * 5000, "NN005", "9" * 5000),
        ('include "a.nn', "NN006", '"a.nn'),
        ("a ->", "NN007", "->"),
        ("-> a", "NN007", "->"),
        ("a -> [b ->, c]", "NN007", "->"),
        ("a -> (-> c)", "NN007", "->"),
        ("a -> [b, , c]", "NN008", ", ,"),
        ("a -> ()", "NN008", "()"),
        ("let a = [1,,2]", "NN008", ",,"),
        ("output a,,b", "NN008", ",,"),
        ("a -> dense in=", "NN009", "="),
        ("a as", "NN009", "as"),
        ("a -> crop 1:", "NN009", ":"),
        ("let a", "NN009", "a"),
        ("loss", "NN009", "loss"),
        ("a -> reshape 3 x 8", "NN010", "3 x 8"),
        ("a -> reshape(3 x 8)", "NN010", "3 x 8"),
        ("a -> reshape 3x 8", "NN010", "3x 8"),
        ("a -> reshape 3x (k)", "NN010", "3x (k)"),
        ("a -> f((k) x 8)", "NN010", "(k) x 8"),
        ("train size=1 2 x 3", "NN010", "2 x 3"),
        ("a -> (b)x3", "NN011", "x3"),
        ("a -> [b, c]x3", "NN011", "x3"),
        ("a -> f(2)x3", "NN011", "x3"),
        ("a -> f((dense 2)x3)", "NN011", "x3"),
        ("a -> conv (16, 3x3)", "NN012", " ("),
        ("a -> conv (pad=same)", "NN012", " ("),
        ("block f (n) = a", "NN012", " ("),
        ("a -> dense 3 [id, dense 4]", "NN013", "[id, dense 4]"),
        ("a -> dense(3) [b, c]", "NN013", "[b, c]"),
        ("a -> (b) (dense 3)", "NN013", "(dense 3)"),
        ("a → dense 3", "NN014", "→"),
        ("a –> dense 3", "NN014", "–>"),
        ("include “a.nn”", "NN014", "“"),
        ("width = 16", "NN015", "width"),
        ("twice(n) = dense n", "NN015", "twice"),
        ("twice = dense 3 -> relu", "NN015", "twice"),
        ("a -> dense 2*n", "NN016", "*n"),
        ("a -> dense n+1", "NN016", "+"),
        ("a -> dense n - 1", "NN016", "-"),
        ("a -> dense n/2", "NN016", "/"),
        ("a -> dense (n)-1", "NN016", "-"),
        ("train batch=2*64", "NN016", "*"),
        ("let W = 3", "NN017", "W"),
        ("a as hiddenLayer", "NN017", "hiddenLayer"),
        ("block f(N) = a", "NN017", "N"),
    ],
)
def test_faults(text, code, place):
    assert fault(text) == (code, place)


def helps(text: str) -> str:
    _, (found,) = read(text)
    return found.help


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a -> conv 3 x 8", "write `3x8`"),
        ("a -> (b)x3", "write `* 3`"),
        ("a -> dense n+1", "write `(n+1)`"),
        ("a -> dense (n) // (2*k)", "write `((n) // (2*k))`"),
        ("a -> shift - 1", "write the sign directly before its value: `shift -1`"),
        ("a -> dense 2*n", "write `(2*n)` for the product, `(dense 2) * n` to repeat the stage"),
        ("width = 16", "write `let width = …`"),
        ("twice(n) = dense n -> relu", "write `block twice(n) = …`"),
        ("a as hiddenLayer", "names are lower-case letters, digits and `_`: `hidden_layer`"),
        ("a -> f(dense 30relu)", "write `30 relu`"),
    ],
)
def test_help_is_computed(text, expected):
    assert helps(text) == expected


def repaired(text: str) -> str:
    """The text after the first fix of its only finding."""
    edits = [edit for found in read(text)[1] for edit in found.fixes[0].edits]
    for edit in sorted(edits, key=lambda edit: -edit.span.start):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.stop :]
    return text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a → b –> reshape 3×8", "a -> b -> reshape 3x8"),
        ("include “a.nn”", 'include "a.nn"'),
        ("a ->\u00a0b", "a -> b"),
        ("a -> reshape 3 x 8", "a -> reshape 3x8"),
        ("a -> (b)x3 -> c", "a -> (b) * 3 -> c"),
        ("a -> f((dense 2)x3)", "a -> f((dense 2) * 3)"),
        ("a -> conv (16, 3x3)", "a -> conv(16, 3x3)"),
        ("block f (n) = a", "block f(n) = a"),
        ("a -> dense 3 [id, dense 4]", "a -> dense 3 -> [id, dense 4]"),
        ("width = 16", "let width = 16"),
        ("f(n) = dense n", "block f(n) = dense n"),
        ("a -> 3dense", "a -> 3 dense"),
        ("let a = 1_000", "let a = 1000"),
        ("a -> dense 3 in==3", "a -> dense 3 in=3"),
    ],
)
def test_fixes_repair_what_was_found(text, expected):
    assert repaired(text) == expected
    codes = {d.code.id for d in read(text)[1]}
    assert codes.isdisjoint(d.code.id for d in read(expected)[1])


def test_every_broken_statement_is_reported_and_the_others_are_read():
    file, found = read(
        "input 3 -> dense 4 § relu\nlet a = 3\na b ->; let = 3\nx -> dense 3 relu\n"
        "f((a\nloss mse\ntrain batch=\n"
    )
    assert [(d.code.id, d.span.line) for d in found] == [
        ("NN001", 1), ("NN007", 3), ("NN002", 3), ("NN003", 5), ("NN003", 5), ("NN009", 7)
    ]  # fmt: skip
    assert [sketch(s) for s in file.statements] == [
        "input 3 -> _",
        "let a = 3",
        "a b -> _",
        "x -> dense 3 relu",
        "!loss mse",
        "!train _",
    ]
    assert file.broken


def test_two_threads_do_not_mix_their_sources():
    texts = [f"input {n} -> dense {n} relu as a{n}\n" * 40 for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        for text, (file, found) in zip(texts, pool.map(read, texts), strict=True):
            assert not found
            assert "\n".join(s.span.text for s in file.statements) + "\n" == text


# --- limits ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "let a = " + "(" * 5000 + "1" + ")" * 5000,
        "let a = " + "[" * 5000 + "]" * 5000,
        "let a = 1" + "+1" * 5000,
        "let a = " + "-" * 5000 + "1",
        "let a = 1" + "**2" * 5000,
        "let a = " + "(" * 90 + "1" + "+1)+1" * 90,
        "a -> " + "(" * 5000 + "b" + ")" * 5000,
        "a -> " + "f(" * 5000 + "b" + ")" * 5000,
        "a -> " + "[" * 5000 + "b" + "]" * 5000,
    ],
)
def test_deep_nesting_is_a_finding(text):
    code, _ = fault(text)
    assert code == "NN401"


@pytest.mark.parametrize(
    "text",
    [
        "let a = " + "(" * (MAX_NESTING - 1) + "1" + ")" * (MAX_NESTING - 1),
        "let a = [" + "1+1, " * 5000 + "]",
        "a" + " -> (dense (2*n)) * 3" * 500,
    ],
)
def test_wide_texts_are_read(text):
    statement(text)


def test_a_huge_file_is_one_finding():
    file, (found,) = read("#" * (MAX_CHARACTERS + 1))
    assert found.code.name == "spec-too-large"
    assert file.broken
    assert read("#" * MAX_CHARACTERS)[1] == []


def test_reading_stops_after_many_broken_statements():
    file, found = read("a ->;" * 1000 + "loss mse")
    *faults, last = found
    assert len(faults) == MAX_FAULTS
    assert last.code.id == "NN406"
    assert {sketch(s) for s in file.statements} == {"a -> _"}


# --- the grammar ----------------------------------------------------------------------------


def conflicts(grammar: str, start: list[str], caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.DEBUG, lark.logger.name):
        Lark(grammar, parser="lalr", start=start, debug=True)
    return [message for message in caplog.messages if "onflict" in message]


def test_grammar_has_no_conflicts(caplog, monkeypatch):
    monkeypatch.setattr(lark.logger, "propagate", True)
    assert conflicts('start: start "a" start | "b"', ["start"], caplog)
    grammar = (files("nnc.grammar") / "nnc.lark").read_text("utf-8")
    assert conflicts(grammar, ["chain", "let", "block", "directive"], caplog) == []


# --- any text at all ------------------------------------------------------------------------

PIECES = """
    input dense relu let block loss output include metric optimiser as on x k T TxD ReLU -> ( )
    [ ] , = * + - / // % ** : ; 3 0.5 1e-3 3x3 3x x3 (k)x 30relu f( conv( ) ] § → × “ . ' ^ # "a" "b
"""
NEARLY_SPECS = st.lists(
    st.sampled_from([*PIECES.split(), "\n", "\r\n", "\t", " ", "\u00a0"]), max_size=24
)


@given(st.text() | NEARLY_SPECS.map(" ".join) | NEARLY_SPECS.map("".join))
def test_any_text_gives_a_tree_or_findings(text):
    file, found = read(text)
    assert file.broken == bool(found)
    for diagnostic in found:
        assert 0 <= diagnostic.span.start <= diagnostic.span.stop <= len(text)
        assert diagnostic.message
    for parent, node in nodes(file):
        assert 0 <= node.span.start < node.span.stop <= len(text)  # type: ignore[attr-defined]
        if isinstance(parent, ast.File):
            assert sketch(node)


@settings(deadline=None)
@given(NEARLY_SPECS.map(" ".join) | NEARLY_SPECS.map("".join))
def test_tokens_cut_in_advance_read_as_those_cut_on_demand(text):
    quick, found = read(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Terminals, "of", lambda self, statement: iter(()))
        assert str(read(text)) == str((quick, found))


def test_specs_are_read_with_tokens_cut_in_advance(monkeypatch):
    monkeypatch.setattr(Lark, "parse", None)
    file, found = read("input 3x28xT as a # b\n -> conv(16, (k)x(k)) * 2\nloss mse on a weight=.5")
    assert not found
    assert len(file.statements) == 2
