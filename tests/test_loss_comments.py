"""The comments beside a loss and its gradient at -O0 are that loss's own formulas."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from nnc.driver import Options, compile_source
from nnc.losses import LOSSES
from nnc.source import Source
from nnc.targets.formatted import black_format

from .test_golden import function

GOLDEN = Path(__file__).parent / "golden" / "losses"

SLOPES = {
    "bce": "dz = (σ(z) − t)",
    "crossentropy": "dz = (softmax(z) − t)",
    "hinge": "dy = (m − t·Σ m for class ids, −t·m for −1, 1)",
    "huber": "dy = clip(y − t, −δ, δ)",
    "kl": "dy = −t",
    "mae": "dy = sign(y − t)",
    "mse": "dy = 2 (y − t)",
    "poisson": "dy = (exp(y) − t)",
    "quadratic": "dy = (y − t)",
}
"""The gradient of one entry, by hand."""

PER_BATCH = ("crossentropy", "hinge", "quadratic")
"""Losses whose rows of three outputs are averaged over the batch, not over all elements."""

ENDS = (
    "dense 3",
    "dense 3 -> id",
    "dense 3 sigmoid",
    "dense 3 -> scale 2",
    "dense 3 -> dropout 0.2",
)
REDUCTIONS = {"batchmean": " / B", "sum": ""}


def textbook(spec: str) -> str:
    return compile_source(Source("spec.nn", spec), Options(level=0, format=False)).code


def beside(code: str, part: str, value: str) -> str:
    """The formula beside the statement of a value in a function, or in the line above it."""
    lines = function(code, part)
    [first] = [i for i, line in enumerate(lines) if line.startswith(f"    {value} = ")]
    last = first
    while "".join(lines[first : last + 1]).count("(") > "".join(lines[first : last + 1]).count(")"):
        last += 1
    above = "" if ".nn:" in lines[first - 1] else lines[first - 1]
    comment = lines[last].partition("# ")[2] or above.partition("# ")[2]
    return re.sub(r"^\([BT0-9, ]*\)  ", "", comment)


@pytest.mark.parametrize("kind", LOSSES)
def test_every_loss_says_what_it_is_and_what_its_gradient_is(kind):
    code = textbook(f"input 4 -> dense 3; loss {kind}")
    assert beside(code, "loss", f"{kind}_loss") == LOSSES[kind].formula
    assert re.match(r"d[yz] = \S", beside(code, "backward", "d_y"))


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", SLOPES)
def test_the_gradient_of_a_mean_stands_beside_the_output(kind, end):
    code = textbook(f"input 4 -> {end}; loss {kind}")
    value = "d_dense1_z" if kind == "bce" and "sigmoid" in end else "d_y"
    factor = " / B" if kind in PER_BATCH else " / (3*B)"
    assert beside(code, "backward", value).startswith(SLOPES[kind] + factor)


def plain(formula: str) -> str:
    """Without brackets, which only a factor behind them needs."""
    return formula.replace("(", "").replace(")", "")


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("kind", SLOPES)
def test_the_gradient_shows_the_reduction(kind, reduction):
    code = textbook(f"input 4 -> dense 3; loss {kind} reduction={reduction}")
    shown = beside(code, "backward", "d_y").partition(";")[0]
    assert plain(shown) == plain(SLOPES[kind] + REDUCTIONS[reduction])


@pytest.mark.parametrize("kind", SLOPES)
def test_the_gradient_shows_the_weight(kind):
    code = textbook(f"input 4 -> dense 3; loss {kind} weight=0.25")
    factor = " · 0.25 / B" if kind in PER_BATCH else " · 0.25 / (3*B)"
    assert beside(code, "backward", "d_y").startswith(SLOPES[kind] + factor)


@pytest.mark.parametrize("kind", SLOPES)
def test_the_gradient_says_what_padding_has(kind):
    code = textbook(f"input Tx4 ragged -> dense 3; loss {kind}")
    divisor = {"crossentropy": "Σ lengths", "hinge": "Σ lengths", "quadratic": "B"}
    shown = beside(code, "backward", "d_y")
    assert shown.startswith(f"{SLOPES[kind]} / {divisor.get(kind, '(3 Σ lengths)')}")
    assert shown.endswith("; 0 in padding")


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        ("crossentropy weights=[1, 2, 3]", "dz = (softmax(z)·Σ w·t − w·t) / Σ w"),
        ("crossentropy weights=[1, 2, 3] reduction=sum", "dz = softmax(z)·Σ w·t − w·t"),
        ("crossentropy smoothing=0.1", "dz = (softmax(z) − s) / B; s = (1 − ε)·t + ε/C"),
        ("bce pos_weight=3", "dz = ((1 − t)·σ(z) − p·t·σ(−z)) / (3*B)"),
    ],
)
def test_the_gradient_of_a_variant(loss, formula):
    assert beside(textbook(f"input 4 -> dense 3; loss {loss}"), "backward", "d_y") == formula


def test_one_output_and_the_sigmoid_form_of_hinge():
    code = textbook("input 4 -> dense 1; loss hinge")
    assert beside(code, "backward", "d_y") == "dy = −t / B where t·y < 1, else 0"


def test_losses_that_meet_on_one_value_are_said_to_be_added():
    code = textbook("input 4 -> dense 3; loss mse; loss mae")
    assert beside(code, "backward", "d_y") == "gradients that meet are added"


def test_what_a_rule_passes_on_is_not_called_its_own():
    """The bias of a layer passes the gradient on as it is: that is not what the value follows."""
    code = textbook("input 4 -> dense 6 -> reshape 2x3 -> scale 2; loss mse")
    assert "dx = dz\n" not in code
    assert "db = Σ dz over the rows" in code
    assert "db = Σ dz" not in textbook("input 4 -> poly 2 -> dense 3 bias=false; loss hinge")


def test_the_formula_of_an_inner_op_does_not_stand_beside_more():
    """a = σ(2z) has the gradient 2·da·a (1 − a): what is said of da·a (1 − a) is not said of it."""
    code = textbook("input 4 -> dense 3 sigmoid(2) -> dense 1; loss mse")
    [line] = [line for line in code.splitlines() if "d_dense1_z = 2 * " in line]
    assert "dz =" not in line


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        ("mse", "L = (y − t)², mean over all elements"),
        ("mse reduction=sum", "L = (y − t)², summed over all rows"),
        ("mae reduction=batchmean", "L = |y − t|, summed over each row, mean over the batch"),
        ("mse weight=0.5", "0.5 L, L = (y − t)², mean over all elements"),
        ("quadratic reduction=sum", "L = ½ Σ (y − t)², summed over all rows"),
    ],
)
def test_the_loss_is_said_to_be_reduced_as_it_is(loss, formula):
    code = textbook(f"input 4 -> dense 3; loss {loss}")
    assert beside(code, "loss", f"{loss.split()[0]}_loss") == formula


@pytest.mark.parametrize("kind", SLOPES)
def test_loss_and_backward_as_a_person_has_read_them(kind, golden):
    """Both functions for the plain loss, for its sum over rows, padded rows, and a weight."""
    parts = []
    for spec in (
        f"input 4 -> dense 3; loss {kind}",
        f"input 4 -> dense 3 -> scale 2; loss {kind} reduction=sum",
        f"input Tx4 ragged -> dense 3; loss {kind} weight=0.5",
    ):
        code = textbook(spec)
        lines = ["# " + spec, *function(code, "loss"), "", "", *function(code, "backward")]
        parts.append("\n".join(lines))
    golden(GOLDEN / f"{kind}.O0.py", black_format("\n\n\n".join(parts) + "\n"))
