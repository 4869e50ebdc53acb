"""The help of every shape error, applied: the resulting spec lints clean and has the intended meaning.

The named cases say what each must become. The rest holds for all: what a help proposes as a change
to the text takes the error away, and going on like that ends without errors, or where only the
author knows the answer. Help without a change is listed with its reason.
"""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from random import Random

import pytest
from nnc.diagnostics.fixing import edited
from nnc.diagnostics.model import Diagnostic, Severity
from nnc.driver import check
from nnc.source import Source

UI = Path(__file__).parents[1] / "ui"


def findings(spec: str) -> list[Diagnostic]:
    return list(check(Source("a.nn", spec)).report)


def errors(spec: str) -> list[Diagnostic]:
    return [d for d in findings(spec) if d.severity is Severity.ERROR]


def repaired(spec: str, number: int = 0) -> str:
    """The spec with one fix of its first error made."""
    return edited(spec, errors(spec)[0].fixes[number].edits)


# --- what was meant -----------------------------------------------------------------------

HEAD = "dense 3 softmax; loss crossentropy"
NAMED = [
    # positions that a recurrent layer did not give on
    (
        f"input Tx20 -> lstm 100 -> lstm 50 -> {HEAD}",
        f"input Tx20 -> lstm 100 return=all -> lstm 50 -> {HEAD}",
    ),
    (
        f"input Tx20 -> gru 100 -> dropout 0.2 -> rnn 50 -> {HEAD}",
        f"input Tx20 -> gru 100 return=all -> dropout 0.2 -> rnn 50 -> {HEAD}",
    ),
    (
        f"input Tx20 -> rnn(100) -> dense 8 relu -> attention 2 -> mean axis=0 -> {HEAD}",
        f"input Tx20 -> rnn(100, return=all) -> dense 8 relu -> attention 2 -> mean axis=0 -> {HEAD}",
    ),
    (
        f"input Tx20 -> lstm 9 return=last -> conv 8 3 -> global_maxpool -> {HEAD}",
        f"input Tx20 -> lstm 9 return=all -> transpose -> conv 8 3 -> global_maxpool -> {HEAD}",
    ),
    (
        f"input Tx20 -> lstm 9 -> batchnorm -> lstm 5 -> {HEAD}",
        "input Tx20 -> lstm 9 return=all -> transpose -> batchnorm -> transpose -> "
        f"lstm 5 -> {HEAD}",
    ),
    (
        f"input Tx20 -> lstm 9 -> batchnorm relu -> global_avgpool -> {HEAD}",
        f"input Tx20 -> lstm 9 return=all -> transpose -> batchnorm relu -> global_avgpool -> {HEAD}",
    ),
    (
        f"input Tx20 -> [id, lstm 9] -> concat -> mean axis=0 -> {HEAD}",
        f"input Tx20 -> [id, lstm 9 return=all] -> concat axis=-1 -> mean axis=0 -> {HEAD}",
    ),
    # positions that were joined, or not declared
    (
        f"input Tx20 -> mean axis=0 -> lstm 9 -> {HEAD}",
        f"input Tx20 -> lstm 9 -> {HEAD}",
    ),
    (
        f"input 3x32x32 -> conv 8 3x3 relu -> flatten -> lstm 8 -> {HEAD}",
        f"input 3x32x32 -> conv 8 3x3 relu -> reshape 8x900 -> transpose -> lstm 8 -> {HEAD}",
    ),
    (
        f"input 64 -> dense 32 relu -> lstm 8 -> {HEAD}",
        f"input Tx64 -> dense 32 relu -> lstm 8 -> {HEAD}",
    ),
    (
        "input Tx3 as a -> lstm 4 as p\ninput 64 as b -> lstm 4 as q\n" f"[p, q] -> add -> {HEAD}",
        "input Tx3 as a -> lstm 4 as p\ninput Sx64 as b -> lstm 4 as q\n"
        f"[p, q] -> add -> {HEAD}",
    ),
    # images told otherwise
    (
        f"input 28x28x1 -> conv 16 3x3 relu -> flatten -> {HEAD}",
        f"input 1x28x28 -> conv 16 3x3 relu -> flatten -> {HEAD}",
    ),
    (
        f"input 28x28x1 -> maxpool 2 -> flatten -> {HEAD}",
        f"input 1x28x28 -> maxpool 2 -> flatten -> {HEAD}",
    ),
    (
        f"input HxWx3 -> conv 16 3 -> global_avgpool -> {HEAD}",
        f"input 3xHxW -> conv 16 3 -> global_avgpool -> {HEAD}",
    ),
    (
        f"input 32x32x3 -> normalize mean=[1, 2, 3] std=1 -> conv 4 3 -> flatten -> {HEAD}",
        f"input 3x32x32 -> normalize mean=[1, 2, 3] std=1 -> conv 4 3 -> flatten -> {HEAD}",
    ),
    (
        f"input 32x32x3 -> conv 16 3x3 in=3 -> flatten -> {HEAD}",
        f"input 3x32x32 -> conv 16 3x3 in=3 -> flatten -> {HEAD}",
    ),
    (
        f"input 28x28 -> conv 32 3x3 relu -> flatten -> {HEAD}",
        f"input 1x28x28 -> conv 32 3x3 relu -> flatten -> {HEAD}",
    ),
    (
        f"input 784 -> reshape 28x28 -> conv 32 3x3 relu -> flatten -> {HEAD}",
        f"input 784 -> reshape 1x28x28 -> conv 32 3x3 relu -> flatten -> {HEAD}",
    ),
    (
        f"input HxW -> conv 4 3 -> global_avgpool -> {HEAD}",
        f"input 1xHxW -> conv 4 3 -> global_avgpool -> {HEAD}",
    ),
    (
        f"input 3x8x8 -> conv 4 3 -> flatten -> conv 4 3 -> flatten -> {HEAD}",
        f"input 3x8x8 -> conv 4 3 -> conv 4 3 -> flatten -> {HEAD}",
    ),
    # images of open size
    (
        f"input 3xHxW -> conv 16 3x3 relu -> flatten -> {HEAD}",
        f"input 3xHxW -> conv 16 3x3 relu -> global_avgpool -> {HEAD}",
    ),
    (
        f"input 3xHxW -> conv 16 3x3 relu -> {HEAD}",
        f"input 3xHxW -> conv 16 3x3 relu -> global_avgpool -> {HEAD}",
    ),
    (
        f"input 3x8x8 -> conv 16 3x3 relu -> {HEAD}",
        f"input 3x8x8 -> conv 16 3x3 relu -> flatten -> {HEAD}",
    ),
    (
        f"input Tx20 -> flatten -> {HEAD}",
        f"input Tx20 -> {HEAD}",
    ),
    (
        f"input 8xT -> conv 4 3 -> flatten -> {HEAD}",
        f"input 8xT -> conv 4 3 -> global_avgpool -> {HEAD}",
    ),
    # shortcuts
    (
        "input 16x32x32 -> [id, conv 32 3x3 stride=2 pad=same relu -> conv 32 3x3 pad=same] "
        f"-> add relu -> global_avgpool -> {HEAD}",
        "input 16x32x32 -> [conv 32 1x1 stride=2, "
        "conv 32 3x3 stride=2 pad=same relu -> conv 32 3x3 pad=same] "
        f"-> add relu -> global_avgpool -> {HEAD}",
    ),
    (
        f"input 16x33x32 as x -> conv 32 3x3 pad=1 stride=3x2 as y\n"
        f"[x, y] -> add -> global_avgpool -> {HEAD}",
        f"input 16x33x32 as x -> conv 32 3x3 pad=1 stride=3x2 as y\n"
        f"[x -> conv 32 1x1 stride=3x2, y] -> add -> global_avgpool -> {HEAD}",
    ),
    (
        f"input 16xHxW -> [conv 32 3x3 stride=2 pad=1, id] -> add -> global_avgpool -> {HEAD}",
        "input 16xHxW -> [conv 32 3x3 stride=2 pad=1, conv 32 1x1 stride=2] -> add "
        f"-> global_avgpool -> {HEAD}",
    ),
    (
        f"input 16x100 -> [id, conv 32 3 stride=2 pad=1] -> add -> flatten -> {HEAD}",
        f"input 16x100 -> [conv 32 1 stride=2, conv 32 3 stride=2 pad=1] -> add -> flatten -> {HEAD}",
    ),
    (
        f"input 16x8x8 -> [conv 16 3x3 relu -> conv 16 3x3, id] -> add -> flatten -> {HEAD}",
        "input 16x8x8 -> [conv 16 3x3 pad=same relu -> conv 16 3x3 pad=same, id] -> add "
        f"-> flatten -> {HEAD}",
    ),
    (
        f"input 16x8x8 -> [conv 32 3x3 relu -> conv 32 3x3, conv 9 1x1] -> add -> flatten -> {HEAD}",
        "input 16x8x8 -> [conv 32 3x3 pad=same relu -> conv 32 3x3 pad=same, conv 32 1x1] -> add "
        f"-> flatten -> {HEAD}",
    ),
    (
        "input 4x8x8 -> [conv 8 3x3 pad=1 stride=2, conv 9 1x1 bias=false -> batchnorm] -> add "
        f"-> flatten -> {HEAD}",
        "input 4x8x8 -> [conv 8 3x3 pad=1 stride=2, conv 8 1x1 bias=false stride=2 -> batchnorm] "
        f"-> add -> flatten -> {HEAD}",
    ),
    (
        f"input 8 -> [id, dense 4 relu] -> add -> {HEAD}",
        f"input 8 -> [dense 4, dense 4 relu] -> add -> {HEAD}",
    ),
    (
        f"input 8 -> [dense 8 relu -> dense 6, dense 4 relu] -> add -> {HEAD}",
        f"input 8 -> [dense 8 relu -> dense 6, dense 6 relu] -> add -> {HEAD}",
    ),
    # branches that do not line up
    (
        "input 1x15x15 -> conv 8 3x3 pad=same relu as skip -> maxpool 2 -> conv 16 3x3 pad=same relu "
        f"-> upsample 2 as up\n[skip, up] -> concat axis=0 -> flatten -> {HEAD}",
        "input 1x15x15 -> conv 8 3x3 pad=same relu as skip -> maxpool 2 -> conv 16 3x3 pad=same relu "
        "-> upsample 2 as up\n"
        f"[skip -> crop 0:8 0:14 0:14, up] -> concat axis=0 -> flatten -> {HEAD}",
    ),
    (
        "input 1x20x21 -> conv 8 5x5 relu as skip -> maxpool 2 -> conv 8 3x3 relu "
        f"-> upsample 2 as up\n[skip, up] -> add -> flatten -> {HEAD}",
        "input 1x20x21 -> conv 8 5x5 relu as skip -> maxpool 2 -> conv 8 3x3 relu "
        f"-> upsample 2 as up\n[skip -> crop 0:8 2:14 2:14, up] -> add -> flatten -> {HEAD}",
    ),
    (
        "input 8x9x9 -> [conv 4 1x1, conv 4 3x3, conv 4 5x5, maxpool 3 stride=1] -> concat axis=0 "
        f"-> flatten -> {HEAD}",
        "input 8x9x9 -> [conv 4 1x1, conv 4 3x3 pad=same, conv 4 5x5 pad=same, "
        f"maxpool 3 stride=1 pad=1] -> concat axis=0 -> flatten -> {HEAD}",
    ),
    (
        f"input 8x9x9 -> [conv 4 1x1, conv 4 1x1 relu] -> concat -> flatten -> {HEAD}",
        f"input 8x9x9 -> [conv 4 1x1, conv 4 1x1 relu] -> concat axis=0 -> flatten -> {HEAD}",
    ),
    (
        f"input 9x8 -> [dense 4 relu, dense 4 tanh] -> concat -> flatten -> {HEAD}",
        f"input 9x8 -> [dense 4 relu, dense 4 tanh] -> concat axis=-1 -> flatten -> {HEAD}",
    ),
    (
        f"input 8x9x9 -> [id, global_avgpool -> dense 8 sigmoid] -> mul -> flatten -> {HEAD}",
        "input 8x9x9 -> [id, global_avgpool -> dense 8 sigmoid -> reshape 8x1x1 -> upsample 9x9] "
        f"-> mul -> flatten -> {HEAD}",
    ),
    (
        f"input 8x9x9 -> [id, conv 1 7x7 pad=same sigmoid] -> mul -> flatten -> {HEAD}",
        "input 8x9x9 -> [id, conv 1 7x7 pad=same sigmoid -> reshape 9x9 -> repeat 8] "
        f"-> mul -> flatten -> {HEAD}",
    ),
    (
        f"input 12 -> [reshape 3x4, reshape 4x3] -> add -> flatten -> {HEAD}",
        f"input 12 -> [reshape 3x4, reshape 4x3 -> transpose] -> add -> flatten -> {HEAD}",
    ),
    (f"input 8 -> [dense 4 relu] -> add -> {HEAD}", f"input 8 -> dense 4 relu -> {HEAD}"),
    # axes counted otherwise
    (
        f"input 28x28x3 -> permute 0 3 1 2 -> conv 4 3 -> flatten -> {HEAD}",
        f"input 28x28x3 -> permute 2 0 1 -> conv 4 3 -> flatten -> {HEAD}",
    ),
    (
        f"input 28x28x3 -> permute(3, 1, 2) -> conv 4 3 -> flatten -> {HEAD}",
        f"input 28x28x3 -> permute(2, 0, 1) -> conv 4 3 -> flatten -> {HEAD}",
    ),
    (
        f"input 3x4x8x8 -> conv 8 3x3x3 -> flatten -> {HEAD}",
        f"input 3x4x8x8 -> reshape 12x8x8 -> conv 8 3x3 -> flatten -> {HEAD}",
    ),
    (
        f"input 3xHxW -> conv 8 3 -> layernorm -> global_avgpool -> {HEAD}",
        "input 3xHxW -> conv 8 3 -> permute 1 2 0 -> layernorm -> permute 2 0 1 "
        f"-> global_avgpool -> {HEAD}",
    ),
    # shared weights, ids, losses
    (
        f"input 8 -> dense 4 relu as enc -> use enc -> {HEAD}",
        f"input 8 -> dense 4 relu as enc -> dense 8 -> use enc -> {HEAD}",
    ),
    (
        "input 8 -> dense 4 as enc -> relu -> dense 5 relu -> dense 8 tie=enc; loss mse",
        "input 8 -> dense 4 as enc -> relu -> dense 4 relu -> dense 8 tie=enc; loss mse",
    ),
    (
        f"input T -> embedding 50 8 -> lstm 9 -> {HEAD}",
        f"input T int -> embedding 50 8 -> lstm 9 -> {HEAD}",
    ),
    ("input 8 -> dense 1 softmax; loss crossentropy", "input 8 -> dense 1 sigmoid; loss bce"),
    (
        f"input Tx20 -> rnn 9 gelu -> {HEAD}",
        f"input Tx20 -> rnn 9 -> gelu -> {HEAD}",
    ),
]


@pytest.mark.parametrize(("spec", "meant"), NAMED, ids=[spec for spec, _ in NAMED])
def test_the_first_fix_is_what_was_meant(spec, meant):
    assert repaired(spec) == meant
    assert [d.message for d in findings(meant)] == []


SECOND = [
    (
        f"input 28x28x3 -> conv 4 3x4 -> flatten -> {HEAD}",
        f"input 28x28x3 -> permute 2 0 1 -> conv 4 3x4 -> flatten -> {HEAD}",
    ),
    (
        f"input 8x100 -> conv 4 3x3 -> flatten -> {HEAD}",
        f"input 8x100 -> conv 4 3 -> flatten -> {HEAD}",
    ),
    (
        f"input 8 -> [id, dense 4 relu] -> add -> {HEAD}",
        f"input 8 -> [id, dense 4 relu] -> concat axis=-1 -> {HEAD}",
    ),
    (
        f"input 64 -> lstm 8 -> {HEAD}",
        f"input 64 -> reshape 64x1 -> lstm 8 -> {HEAD}",
    ),
]


@pytest.mark.parametrize(("spec", "meant"), SECOND, ids=[spec for spec, _ in SECOND])
def test_the_second_fix_is_the_other_reading(spec, meant):
    assert repaired(spec, 1) == meant
    assert [d.message for d in findings(meant)] == []


def test_inside_a_block_the_way_is_told_and_nothing_changed():
    spec = f"block two(n) = lstm n -> lstm n\ninput Tx20 -> two(9) -> {HEAD}"
    [error] = errors(spec)
    assert "`return=all` in `lstm n`" in error.help
    assert not error.fixes


def test_the_pooling_that_left_a_row_out_is_named():
    spec = "input 1x15x16 as x -> maxpool 2 -> upsample 2 as y\n[x, y] -> add; loss mse"
    [error] = errors(spec)
    assert "`maxpool 2` makes 7x8 of 15x16, which 2 does not divide" in error.help


# --- every fix, on many shapes ------------------------------------------------------------

AUTHOR_KNOWS = (
    r"write (a number|numbers) (for|in place of) .*",
    r"write numbers in the input's shape: reshape cannot keep an open size",
    r"choose one of .*",
    r".*`embedding .*",
    r"give every position features of its own, as in `input Tx8 ragged`",
    r"upsample rows of one length",
    r"crop after reducing the positions",
    r"declare the ids as whole numbers, as in `input T int`",
    r"leave `int` out of the input, so that it holds real numbers.*",
    r"declare positions in the input's shape, as in `input Tx8`",
    r"declare the channels too, as in `input 1x.*`",
    r"make it one channel first: `reshape 1x.*`",
    r"give an input CxL or CxHxW",
    r"give one number for all, or a list of \d+",
    r"give a single number",
    r"give a list of \d+",
    r"normalize counts channels, .*",
    r"leave 2 branches in the fork before it",
    r"make branch \d+ (end in|like the first,) .*",
    r"put the positions before the last axis again, .*",
    r"go on with a stage: .*",
    r"put `softmax` behind `dot` and join .*",
    r"join it with the second sequence by `matmul`, .*",
    r"declare a vector of features at every position, as in .*",
    r"write `ignore=-?\d+` there, too, or let it judge another value",
    r"end the first branch in as many features as .*",
    r"put `transpose` behind the second branch",
    r"write an id below \d+, or count the padding too: .*",
    r"bring the positions of all branches to one axis, .*",
)
"""Help that changes no text: a number, a word or a choice that the author alone can know."""


def honest(error: Diagnostic) -> bool:
    """Whether an error without a fix asks for what only the author knows."""
    return any(re.fullmatch(pattern, error.help) for pattern in AUTHOR_KNOWS)


def settled(spec: str) -> list[Diagnostic]:
    """What is left after following the first fixes to their end; a circle fails."""
    seen = {spec}
    while found := [d for d in errors(spec) if d.fixes]:
        spec = edited(spec, found[0].fixes[0].edits)
        assert spec not in seen, f"going round: {spec}"
        assert len(seen) < 9, f"going on and on: {spec}"
        seen.add(spec)
    return errors(spec)


STAGES = """
dense 4|poly 2|flatten|reshape 4x3|transpose|permute 1 0|pad 1|crop 0:2 0:2|repeat 2|upsample 2
upsample 2x2|batchnorm|layernorm|groupnorm 2|conv 4 3|conv 4 3x3|depthwise 3|conv_transpose 4 3
maxpool 2|avgpool 2x2|weightedpool 2|local 2 2|global_avgpool|embedding 10 4|rnn 4|gru 4 return=all
attention 2|positional learned=true|dense 4 prelu|mean axis=0|max axis=1
""".strip().replace("\n", "|").split("|")
INPUTS = [
    *("8", "4x6", "20x3", "12x12", "T", "Tx8", "8xT", "TxS", "1x6x6", "8x8x3", "3xHxW", "HxWx3"),
    *("Tx4x4", "2x3x4x4", "T ragged", "Tx8 ragged", "9x4 ragged", "5 int"),
]
BEFORE = ["dense 4 relu -> ", "lstm 4 -> ", "conv 4 3 relu -> ", "flatten -> "]
SAMPLED = 12
"""So many of the chains of two are tried for each shape, drawn by the shape's own seed."""


def chains(shape: str) -> list[str]:
    two = [before + stage for before, stage in product(BEFORE, STAGES)]
    two.remove("flatten -> flatten")
    return STAGES + Random(shape).sample(two, SAMPLED)


@pytest.mark.parametrize("shape", INPUTS)
def test_every_fix_takes_its_error_away_and_ends_somewhere(shape):
    for chain in chains(shape):
        spec = f"input {shape} -> {chain}\nloss mse\n"
        found = errors(spec)
        for error in found:
            assert error.fixes or honest(error), (spec, error.message, error.help)
        if len(found) != 1:
            continue
        for fix in found[0].fixes:
            changed = edited(spec, fix.edits)
            again = [(d.code, d.message) for d in errors(changed)]
            assert (found[0].code, found[0].message) not in again, (spec, fix.title)
            left = settled(changed)
            assert all(map(honest, left)), (spec, fix.title, [d.message for d in left])


MERGES = ["add", "mul", "dot", "concat", "concat axis=0", "concat axis=-1"]
BRANCHES = """
id|dense 4|dense 5 relu|conv 4 1|conv 4 3|conv 5 3 stride=2 relu|maxpool 2|flatten|global_avgpool
lstm 4|transpose|conv 4 3 pad=same -> conv 5 3
""".strip().replace("\n", "|").split("|")


@pytest.mark.parametrize("shape", ["8", "8x6", "Tx8", "8xT", "4x8x8", "3x9x7", "4xHxW"])
def test_every_fix_of_a_merge_makes_the_branches_agree(shape):
    forks = list(product(BRANCHES, BRANCHES, MERGES))
    for first, second, merge in Random(shape).sample(forks, len(forks) // 8):
        spec = f"input {shape} -> [{first}, {second}] -> {merge}\nloss mse\n"
        found = errors(spec)
        if len(found) != 1 or found[0].code.id not in ("NN204", "NN205", "NN206"):
            continue
        for fix in found[0].fixes:
            changed = edited(spec, fix.edits)
            assert not errors(changed), (spec, fix.title, changed)


def ui_specs() -> list[Path]:
    return sorted(UI.glob("NN2*.nn"))


@pytest.mark.parametrize("path", ui_specs(), ids=lambda path: path.stem)
def test_fixes_of_the_shown_errors_take_them_away(path):
    """Not those behind another fault, where nobody knows what comes in."""
    spec = path.read_text("utf-8")
    had = [(d.code, d.message) for d in errors(spec)]
    shapes = [d for d in errors(spec) if d.code.id.startswith("NN2") and "?" not in d.shapes]
    for error in shapes:
        outside = error.labels and any(label.text == "expanded from here" for label in error.labels)
        constant = error.span.text.isalpha()
        assert error.fixes or outside or constant or honest(error), (error.message, error.help)
        for fix in error.fixes:
            left = [(d.code, d.message) for d in errors(edited(spec, fix.edits))]
            assert left.count((error.code, error.message)) < had.count((error.code, error.message))
