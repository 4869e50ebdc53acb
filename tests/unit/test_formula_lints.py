"""Lints of formulas: when they warn, and when they must not."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from nnc.diagnostics.fixing import fixed
from nnc.driver import check
from nnc.kinds.formula import ranges
from nnc.kinds.formula.ranges import Range
from nnc.source import Source

from .test_fn_slopes import computed, drawn

ACTIVATION = "fn f(z) = {}\ninput 4 -> dense 4 f -> dense 1\nloss mse\n"
LOSS = "fn f(y, t) = {}\ninput 4 -> dense 4 {}\nloss f\n"


def codes(spec: str) -> list[str]:
    return [d.code.id for d in check(Source("lints.nn", spec)).report.found]


@pytest.mark.parametrize(
    "formula",
    [
        *("log(1 + exp(z))", "log(max(z, 1e-3))", "log(abs(z) + 1)", "log(1 - sigmoid(z))"),
        *("log(sum(exp(z)))", "log(exp(z) / sum(exp(z)))", "log(where(z > 0, z, 1))"),
        *("log(1 - tanh(z)**2)", "log(cos(z) + 2)", "log(softplus(z))", "log(sigmoid(z))"),
        *("z / (1 + abs(z))", "1 / softplus(z)", "1 / (1 + z**2)", "z / (1 + exp(-abs(z)))"),
        *("z / 3", "1 / (2 + sin(z))", "z / max(sum(z**2), 1e-6)", "z**-2 * 0 + 1 / (z * z + 1)"),
        *("sqrt(z * z + 1e-6)", "relu(z)**1.5", "sqrt(1 - tanh(z)**2)", "abs(z)**3"),
        *("sqrt(where(z > 0.1, z, 0.1))", "sqrt(where(0.1 < z, z, 0.1))", "sqrt(exp(-z**2))"),
        *("exp(-z**2)", "exp(-abs(z))", "exp(min(z, 3))", "exp(sigmoid(z))", "exp(z - max(z))"),
        *(
            "exp(z) / sum(exp(z))",
            "z * tanh(log(1 + exp(z)))",
            "(1 + z**2) ** z",
            "exp(-softplus(z))",
        ),
        "(z - mean(z)) / sqrt(mean((z - mean(z))**2) + 1e-5)",
    ],
)
def test_what_is_right_is_not_warned_of(formula):
    allowed = ["NN351"] if formula.startswith("z**-2") else []
    assert codes(ACTIVATION.format(formula)) == allowed


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("log(z)", "NN350"),
        ("log(relu(z))", "NN350"),
        ("abs(z)**z", "NN350"),
        ("where(z > 0, log(z), 0)", "NN350"),
        ("log(where(z > 0, 1, z))", "NN350"),
        ("1 / z", "NN351"),
        ("z**-1", "NN351"),
        ("z / max(abs(z))", "NN351"),
        ("z / (1 - tanh(z)**2 - 0.5)", "NN351"),
        ("sqrt(z)", "NN352"),
        ("z**0.5", "NN352"),
        ("sqrt(z**2)", "NN352"),
        ("z / sqrt(sum(z**2))", "NN352"),
        ("exp(z)", "NN353"),
        ("1 / exp(z)", "NN353"),
        ("exp(max(z, 3))", "NN353"),
        ("1 / (1 + exp(-z))", "NN354"),
        ("exp(z) / (1 + exp(z))", "NN354"),
        ("2 / (1 + exp(-2 * z)) - 1", "NN354"),
        ("(exp(z) - exp(-z)) / (exp(z) + exp(-z))", "NN354"),
        ("log(softmax(z))", "NN354"),
        ("z / 0", "NN113"),
    ],
)
def test_what_is_warned_of_once(formula, found):
    assert codes(ACTIVATION.format(formula)) == [found]


@pytest.mark.parametrize(
    ("formula", "behind", "found"),
    [
        ("-t * log(y)", "sigmoid", []),
        ("-t * log(y)", "softmax", []),
        ("-t * log(y)", "tanh", ["NN350"]),
        ("t * log(t / y)", "softplus", []),
        ("abs(y - t) / abs(t)", "", []),
        ("exp(y) - t * y", "", []),
        ("t / exp(y)", "", ["NN353"]),
        ("sqrt(sum((y - t)**2))", "", ["NN352"]),
    ],
)
def test_of_a_loss_it_depends_on_what_it_judges(formula, behind, found):
    assert codes(LOSS.format(formula, behind)) == found


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("dense 4 sigmoid", []),
        ("dense 4 softplus -> reshape 2x2 -> flatten", []),
        ("dense 4 relu", ["NN350"]),
        ("dense 4", ["NN350"]),
        ("dense 4 above", []),
        ("dense 4 -> dropout 0.5", ["NN350"]),
    ],
)
def test_what_comes_in_counts(before, found):
    spec = (
        f"fn f(z) = log(z)\nfn above(z) = 1 + z**2\ninput 4 -> {before} -> f -> dense 1\nloss mse\n"
    )
    assert [c for c in codes(spec) if c != "NN140"] == found


def test_the_fix_of_what_is_written_out_is_applied():
    source = Source("fix.nn", ACTIVATION.format("0.5 * z / (1 + exp(-1.7 * z))"))
    text = fixed(source, check_report).source.text
    assert "fn f(z) = (0.5 * z * sigmoid(1.7 * z))" in text
    assert codes(text) == []


def check_report(source):
    return check(source).report


# --- ranges -------------------------------------------------------------------------------


def test_ranges_contain_what_comes_out():
    """Of random formulas, whatever is drawn of their values."""
    from nnc.kinds.formula.hazards import hazards

    from .test_fn_slopes import formula_of

    bounded = 0
    for seed in range(200):
        rng, data = random.Random(seed), np.random.default_rng(seed)
        text = drawn(rng, ("a", "b"), rng.randrange(1, 4))
        given = [Range(-1.0, 2.0), Range(0.0, 3.0, low_open=True)]
        _, found = hazards(formula_of(text, ("a", "b")), given, {"q": 0.7}, loss=False)
        a, b = data.uniform(-1, 2, (200, 3)), data.uniform(1e-9, 3, (200, 3))
        values = np.asarray(computed(text, a=a, b=b, q=np.asarray(0.7)))
        slack = 1e-9 * max(1.0, float(np.abs(values).max()))
        assert found.low - slack <= values.min(), (text, found, values.min())
        assert values.max() <= found.high + slack, (text, found, values.max())
        bounded += not (math.isinf(found.low) and math.isinf(found.high))
    assert bounded > 100


@pytest.mark.parametrize(
    ("found", "positive", "zero"),
    [
        (ranges.multiplied(ranges.SHARE, ranges.SHARE), True, False),
        (ranges.multiplied(ranges.NOT_NEGATIVE, ranges.POSITIVE), False, True),
        (ranges.multiplied(Range(-1, 2), Range(-3, 1)), False, True),
        (ranges.raised(ranges.INSIDE, 2.0), False, True),
        (ranges.divided(ranges.only(1.0), Range(2.0)), True, False),
        (ranges.divided(ranges.only(1.0), Range(-1.0, 1.0)), False, True),
        (ranges.added(ranges.only(1.0), -ranges.SHARE), True, False),
        (ranges.summed(ranges.POSITIVE), True, False),
        (ranges.least(ranges.ANY, ranges.only(-1.0)), False, False),
        (ranges.union((ranges.only(1.0), ranges.POSITIVE)), True, False),
        (ranges.union((ranges.NOT_NEGATIVE, ranges.POSITIVE)), False, True),
    ],
)
def test_open_and_closed_ends(found, positive, zero):
    assert (found.positive, found.has_zero) == (positive, zero)
