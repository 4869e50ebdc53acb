"""Every fault is reported in one run: all faults planted in valid specs are found, and no others.

A spec is put together from parts, each of a few lines that are right or, in their place, lines
with one fault whose code is known. The parts of the long chain begin with whatever vector the
part before gives and end in one of a size of their own, so that no fault follows from another.
"""

from __future__ import annotations

import re
from random import Random

import pytest
from nnc.diagnostics.model import Severity
from nnc.driver import check
from nnc.layers import LAYERS
from nnc.source import Source

Part = tuple[str, str, str]
"""The lines as they should be, the same with a fault, and its code; `§` marks the faulty line."""

CHAIN: tuple[Part, ...] = (
    ("-> dense 9 relu", "§-> densee 9 relu", "NN101"),
    ("-> dense 9 relu", "§-> dense 9 relllu", "NN102"),
    ("-> dense 9 relu", "§-> dense 9 relu qqq#", "NN102"),
    ("-> dense 9 init=he", "§-> dense 9 inti=he", "NN106"),
    ("-> dense 9 bias=true", "§-> dense 9 bias=7", "NN110"),
    ("-> dense 9", "§-> dense 9.5", "NN112"),
    ("-> dense 9", "§-> dense 0", "NN111"),
    ("-> dense 9", "§-> dense", "NN107"),
    ("-> dense 9", "§-> dense 9 10", "NN108"),
    ("-> dense 9 init=he", "§-> dense 9 init=he init=he", "NN109"),
    ("-> dense 9 relu", "§-> dense 9 relu tanh", "NN127"),
    ("-> dense 9 as s#", "§-> dense 9 as relu", "NN116"),
    ("-> dense 9 as s#", "§-> dense 9 as class", "NN115"),
    ("-> dense 9", "§-> dense 9 tie=zzz_#", "NN102"),
    ("-> (dense 9 relu) * 2", "§-> dense(9) * 2", "NN124"),
    ("-> dense 9", "§=> dense 9", "NN014"),
    ("-> dense 9", "§-> dense 9 $", "NN001"),
    ("-> dense 9", "§-> dense 9..5", "NN005"),
    ("-> dense 9", "§-> dense (9", "NN003"),
    ("-> dense 9 -> relu", "§-> dense 9 -> -> relu", "NN007"),
    ("-> dropout 0.5", "§-> dropout 1.5", "NN111"),
    ("-> batchnorm", "§-> batchnorm epsilon_=1", "NN106"),
    ("-> dense 9 relu\n-> dense 8 in=9", "-> dense 9 relu\n§-> dense 8 in=7", "NN201"),
    (
        "-> dense 9\n-> [id, dense 9 relu] -> add",
        "-> dense 9\n§-> [id, dense 8 relu] -> add",
        "NN204",
    ),
    ("-> dense 9\n-> [id, id] -> mul", "-> dense 9\n§-> [id, id] -> tanh", "NN121"),
    ("-> dense 9\n-> [id, id] -> mul", "-> dense 9\n§-> mul", "NN122"),
    ("-> dense 9 relu\n-> shift 1", "-> dense 9 relu\n§-> lstm 4", "NN219"),
    (
        "-> dense 64\n-> reshape 4x4x4\n-> conv 8 3x3 relu\n-> flatten",
        "-> dense 64\n-> reshape 4x4x4\n§-> conv 8 5x5 relu\n-> flatten",
        "NN203",
    ),
    (
        "-> dense 64\n-> reshape 4x4x4\n-> conv 8 3x3 groups=2\n-> flatten",
        "-> dense 64\n-> reshape 4x4x4\n§-> conv 8 3x3 groups=3\n-> flatten",
        "NN218",
    ),
    (
        "-> dense 64\n-> reshape 4x4x4\n-> flatten\n-> dense 5",
        "-> dense 64\n-> reshape 4x4x4\n-> dropout 0.1\n§-> dense 5",
        "NN202",
    ),
    ("-> dense 64\n-> reshape 4x16", "-> dense 64\n§-> reshape 4x17", "NN208"),
    ("-> fine(4)", "§-> fine(4, 5)", "NN108"),
    ("-> fine(4)", "§-> fine(4, nnn=2)", "NN106"),
    ("-> fine(4)", "§-> fine", "NN107"),
    ("-> dense width", "§-> dense www_#", "NN102"),
)
"""Parts of one chain."""

TOP: tuple[Part, ...] = (
    ("let a# = 3", "§let a# = (3 +)", "NN009"),
    ("let a# = 3", "§let a# = 1/0", "NN113"),
    ("let a# = 3", "§let selu = 3", "NN116"),
    ("let a# = 3", "§let a# = zz#", "NN102"),
    ("block b#(n) = dense n", "§block b#(n) = densee n", "NN101"),
    ("block b#(n) = dense n", "§block b#(n, n) = dense n", "NN114"),
    (
        "block b#(n) = dense n -> dense 4\n -> dense 3 in=4",
        "block b#(n) = dense n -> dense 4\n§ -> dense 3 in=5",
        "NN201",
    ),
    ("block b# = dense 4\nblock c# = b#", "block b# = dense 4\n§block c# = b#(7)", "NN108"),
    ("input 4 as i#", "§input 4 5 as i#", "NN108"),
    ("input 4 as i#", "§input 0 as i#", "NN111"),
    ("input 4 as i# -> dense 2 as j#", "§input 4 as i# -> use nobody# as j#", "NN102"),
    ("metric r2", "§metric accurate", "NN105"),
    ("metric mae, rmse", "§metric mae, rmsee, r2", "NN105"),
)
"""Statements of which there may be several."""

ONCE: tuple[Part, ...] = (
    ("optimizer sgd lr=0.1", "§optimizer sgdd lr=0.1", "NN105"),
    ("optimizer sgd lr=0.1", "§optimizer sgd lr=-1", "NN111"),
    ("schedule cosine steps=100", "§schedule cosine", "NN107"),
    ("train batch=3 epochs=4", "§train batch=3 epoch_number=4", "NN106"),
    ("train batch=3 epochs=4", "§train epochs= batch=3", "NN009"),
    ("clip norm=1", "§clip norm=1 value=2", "NN108"),
    ("dtype float32", "§dtype float16", "NN105"),
    ("regularize l2=0.1", "§regularize", "NN009"),
    ("loss mse on end", "§loss mse on nowhere_at_all", "NN102"),
    ("loss mse on end weight=1", "§loss mse on end weight=-1", "NN111"),
    ("output end", "§output end, nothing_here", "NN102"),
)
"""Statements that may appear once, at most one of each word."""


DEFINED = "let width = 6\nblock fine(n) = dense n relu"


def spec(random: Random, faults: int) -> tuple[str, set[tuple[int, str]]]:
    """A spec with so many faults, and the line and code of each."""
    chain = random.choices(CHAIN, k=faults)
    top = random.choices(TOP, k=faults)
    once = list({part[0].split()[0]: part for part in random.sample(ONCE, len(ONCE))}.values())
    parts = [*top, *once, *chain]
    wrong = set(random.sample(range(len(parts)), faults))
    lines = DEFINED.split("\n")
    planted: set[tuple[int, str]] = set()

    def write(i: int, part: Part) -> None:
        text = part[1] if i in wrong else part[0]
        for line in text.replace("#", str(i)).split("\n"):
            lines.append(line.replace("§", ""))
            if "§" in line:
                planted.add((len(lines), part[2]))

    for i, part in enumerate(parts):
        if i == len(parts) - len(chain):
            lines.append("input 12 as start")
        write(i, part)
        if i >= len(parts) - len(chain):
            lines.append(f"-> flatten -> dense 10 relu as e{i}")
    lines.append("-> dense 3 as end")
    return "\n".join(lines) + "\n", planted


def errors(text: str) -> list[tuple[int, str]]:
    report = check(Source("planted.nn", text)).report
    return [(d.span.line, d.code.id) for d in report if d.severity is Severity.ERROR]


@pytest.mark.parametrize("kind", LAYERS.values(), ids=LAYERS)
def test_no_kind_is_at_fault_where_nobody_knows_what_comes_in(kind):
    hidden = re.sub(r"(input [^>;\n]*?)( *->|;)", r"\1 -> zz\2", kind.example)
    assert {code for _, code in errors(hidden)} == {"NN101"}, hidden


@pytest.mark.parametrize("seed", range(40))
def test_every_planted_fault_is_reported_and_nothing_else(seed):
    random = Random(seed)
    for faults in (1, 2, 5, 12):
        text, planted = spec(random, faults)
        assert sorted(errors(text)) == sorted(planted), text


@pytest.mark.parametrize("part", [*CHAIN, *TOP, *ONCE], ids=lambda part: part[1].split("§")[1])
def test_every_part_is_right_without_its_fault(part):
    text = part[0].replace("#", "1")
    chain = f"{text}\n-> flatten " if part in CHAIN else "-> dense 4 relu"
    other = "" if part in CHAIN else text
    assert errors(f"{DEFINED}\n{other}\ninput 12 as start\n{chain}-> dense 3 as end\n") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("input 9 -> densee 5 -> relu -> dense 3 in=7 -> dense 4 in=9", ["NN101", "NN201"]),
        ("input 9 => dense 5 => relu => dense 3", ["NN014"] * 3),
        ("input 9 -> dense $ 5 -> dense & 3 ^", ["NN001"] * 3),
        ("input 9 -> dense 5 bia=1 int=he relo foo_", ["NN106", "NN106", "NN102", "NN102"]),
        ("optimizer sgd lr=$ momentm=1 nesterov=7", ["NN001", "NN106", "NN110"]),
        ("train batch= epochs=x.y seeed=1", ["NN009", "NN001", "NN106"]),
        ("loss mse weight=-1 on nowhere reductio=sum", ["NN111", "NN102", "NN106"]),
        (
            "block b(n) = dense 4 -> dense 3 in=5\ninput 4 -> b(1, 2, k=3)",
            ["NN201", "NN108", "NN106"],
        ),
        ("block b(relu, x, x) = densee 4", ["NN116", "NN114", "NN101"]),
        ("train batch=1\ntrain batchh=2", ["NN130", "NN106"]),
        ("let a = 1\nlet a = 1/0", ["NN114", "NN113"]),
        ("input 0 foo_ int int", ["NN111", "NN108", "NN109"]),
        ("input 3x8x8 -> dense 5 -> dense 4 in=3", ["NN202", "NN201"]),
        ("input 8 -> conv 4 3 -> flatten -> dense 3 -> dense 4 in=9", ["NN221", "NN201"]),
        ("input 3x8x8 -> lstm 5 -> dense 3 in=7", ["NN219", "NN201"]),
        ("input T int -> embeding 9 4 -> lstm 5 -> dense 2 in=4", ["NN101", "NN201"]),
        (
            "input 4 as i -> zz -> dense 3 as q\n[q, i] -> add -> dense 1",
            ["NN101", "NN204"],
        ),
        (
            "input 3 as a\n[a, a -> dense 4] -> add -> dense 3 as q\n[q, a -> dense 5] -> mul",
            ["NN204", "NN204"],
        ),
        ("block b(n) = dense 4 -> dense n in=5\ninput 4 -> b(n=2, m=3)", ["NN201", "NN106"]),
        ("input 4 -> zz -> dense 3 -> conv 8 3x3", ["NN101", "NN221"]),
        ("input 4 -> zz -> dense 1 softmax; loss crossentropy", ["NN101", "NN216"]),
        ("input 4 -> dense 5 as enc; input 4 -> zz -> dense 3 -> use enc", ["NN101", "NN212"]),
    ],
)
def test_faults_behind_and_beside_each_other(text, found):
    assert sorted(code for _, code in errors(text)) == sorted(found)


@pytest.mark.parametrize(
    "text",
    [
        "input 9 -> zz -> dense 3 in=7",
        "input 9 -> zz -> conv 3 3x3 -> flatten -> dense 4 in=9",
        "input 9 -> zz -> conv 4 3 groups=2 -> maxpool 2 -> batchnorm -> dense 4",
        "input 9 -> zz -> attention 4 -> layernorm in=7 -> mean axis=0",
        "input 9 -> [zz, dense 4] -> add -> dense 3 in=4",
        "input 9 -> [zz, dense 4] -> concat -> dense 3 in=7",
        "input 9 -> zz -> add -> dense 3",
        "input 9 -> zz -> permute 2 0 1 -> crop 1:3 0:5 1:2",
        "input 9 -> zz -> embedding 9 4 -> lstm 5 -> dense 3 in=5",
        "input 9 -> zz -> dense 4 as enc -> dense 9 tie=enc -> use enc",
        "input 9 -> zz -> reshape 3x4 -> dense 5 in=4",
        "input 9 -> zz -> local 4 3 -> transpose -> positional learned=true max=4",
        "input 9 -> zz -> normalize mean=[1, 2] std=[3, 4] -> poly 3 -> dense 2 in=8",
        "input 9 -> zz -> dense 3 -> lstm 4 -> dense 2 in=4",
        "input 9 -> zz as q\n[q, q] -> dot -> sigmoid; loss crossentropy on q",
        "zz -> upsample 2 -> conv_transpose 4 3 stride=2 -> groupnorm 2 -> global_avgpool",
    ],
)
def test_what_may_be_right_is_not_reported(text):
    """Behind the one stage of which nothing is known; each would be right with some shape."""
    assert [code for _, code in errors(text)] in (["NN101"], ["NN102"])
