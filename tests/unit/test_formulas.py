"""Formulas of comments as trees and as MathML."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from nnc.layers import LAYERS
from nnc.losses import LOSSES
from nnc.ops import OPS
from nnc.optimizers import OPTIMIZERS
from nnc.report.formula import (
    Applied,
    Fence,
    Fraction,
    Hat,
    Name,
    Number,
    Root,
    Row,
    Scripts,
    Sign,
    Slope,
    Words,
    read_formula,
)
from nnc.report.mathml import formula_html, mathml

x, y, z, a, W = map(Name, "xyzaW")

PROSE = {
    "the last axis runs fastest",
    "`a:b` keeps the entries a to b−1, counted from 0",
}
"""Formulas that are sentences."""


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x W", Row((x, W), product=True)),
        ("x · W", Row((x, Sign("·"), W))),
        ("x + W", Row((x, Sign("+"), W))),
        ("1/2", Fraction(Number("1"), Number("2"))),
        ("½", Fraction(Number("1"), Number("2"))),
        # a slash without spaces binds tighter than a product, one with spaces looser
        ("z/2 a", Row((Fraction(z, Number("2")), a), product=True)),
        ("z a / 2", Fraction(Row((z, a), product=True), Number("2"))),
        ("z · a / 2", Fraction(Row((z, Sign("·"), a)), Number("2"))),
        ("√x", Root(x)),
        ("√(x)", Root(Fence("(", x, ")"))),
        ("|x|", Fence("|", x, "|")),
        ("x̂", Hat(x)),
        ("xᵀ", Scripts(x, None, Name("T"))),
        ("x₁²", Scripts(x, Number("1"), Number("2"))),
        ("x[a]", Scripts(x, a, None)),
        ("x [a]", Row((x, Fence("[", a, "]")), product=True)),
        ("10^(a)", Scripts(Number("10"), None, a)),
        ("Wx", Scripts(W, Name("x"), None)),
        ("dz", Slope(z)),
        ("dz[a]", Slope(Scripts(z, a, None))),
        ("dx₁", Slope(Scripts(x, Number("1"), None))),
        ("log z", Applied(Name("log"), z)),
        ("max(z, 0)", Applied(Name("max"), Fence("(", Row((z, Sign(","), Number("0"))), ")"))),
        ("max(z)/2", Fraction(Applied(Name("max"), Fence("(", z, ")")), Number("2"))),
        ("Σ x a", Applied(Sign("∑"), Row((x, a), product=True), sum=True)),
        ("Σ x / a", Fraction(Applied(Sign("∑"), x, sum=True), a)),
        ("max over the rows", Words("max over the rows")),
        ("x over a row", Row((x, Words("over a row")))),
        ("z where z > 0", Row((z, Words("where"), z, Sign(">"), Number("0")))),
        ("x (", Words("x (")),
        ("", Row(())),
    ],
)
def test_trees(text, tree):
    assert read_formula(text) == tree


def formulas():
    kinds = (*LAYERS.values(), *LOSSES.values(), *OPTIMIZERS.values())
    yield from (kind.formula for kind in kinds)
    yield from (formula for op in OPS.values() for formula in op.formulas if formula)


@pytest.mark.parametrize("formula", sorted(set(formulas())))
def test_every_formula_is_understood(formula):
    assert isinstance(read_formula(formula), Words) == (formula in PROSE)
    ElementTree.fromstring(f"<p>{formula_html(formula)}</p>")


def elements(text):
    return ElementTree.fromstring(mathml(read_formula(text)))


def test_a_gradient_is_a_fraction():
    row = elements("dW = xᵀ dz")[0]
    assert [e.tag for e in row] == ["mfrac", "mo", "mrow"]
    assert "".join(row[0].itertext()) == "∂L∂W"
    assert "".join(row.itertext()) == "∂L∂W=xT\u2062∂L∂z"


def test_what_is_above_and_below_a_line_needs_no_brackets():
    fraction = elements("1 / (1 + z)")[0]
    assert [e.tag for e in fraction] == ["mn", "mrow"]
    assert "".join(fraction.itertext()) == "11+z"


def test_functions_are_upright_and_quantities_are_not():
    row = elements("tanh(z)")[0]
    assert row[0].attrib == {"mathvariant": "normal"}
    assert elements("z")[0].attrib == {}


def test_prose_is_text_between_the_formulas():
    assert formula_html("every row of x").startswith("every row of <math ")
    assert formula_html("dx = dy inside the bounds, else 0").count("<math ") == 3
    assert formula_html("the same") == "the same"


@pytest.mark.parametrize("text", ["<script>", "a < b & c", 'x "quoted" <b>', "dz<img src=x>"])
def test_nothing_in_a_formula_is_markup(text):
    root = ElementTree.fromstring(f"<p>{formula_html(text)}</p>")
    allowed = {"p", "math", "mrow", "mi", "mo", "mn", "mtext", "mfrac"}
    assert {e.tag for e in root.iter()} <= allowed
