"""relu with a bound, under each of its names."""

import numpy as np
import pytest
from nnc.diagnostics.model import Report
from nnc.driver import check
from nnc.format.formatter import format_source
from nnc.source import Source

from ..generated import build
from .following import errors

WIDE = np.linspace(-9, 9, 19).reshape(1, 19)


def answer(stage: str) -> np.ndarray:
    """What a stage makes of numbers on both sides of the bound."""
    made = build(f"input 19 -> {stage}; dtype float64", 0)
    return made.predict({}, WIDE)


@pytest.mark.parametrize("stage", ["relu6", "relu(max=6)", "relu max=6", "relu6()"])
def test_every_name_of_relu6_is_the_same(stage):
    np.testing.assert_array_equal(answer(stage), np.clip(WIDE, 0, 6))


def test_relu6_may_trail_and_take_another_bound():
    one = "input 1 -> dense 1 {}; loss mse"
    layers = check(Source("spec.nn", one.format("relu6"))).graph.graph.layers
    assert layers[-1].activation.args == {"max": 6.0}
    np.testing.assert_array_equal(answer("relu6(max=2)"), np.clip(WIDE, 0, 2))
    np.testing.assert_array_equal(answer("relu"), np.maximum(WIDE, 0))


@pytest.mark.parametrize("bound", ["0", "-1"])
def test_a_bound_is_positive(bound):
    (found,) = errors(f"input 4 -> relu max={bound} -> dense 1; loss mse")
    assert found.code.id == "NN111"
    assert "greater than 0" in found.message


def test_the_formatter_leaves_relu6():
    text = "input 4 -> dense 3 relu6 -> dense 1\n"
    assert format_source(Source("spec.nn", text), Report()) == text
