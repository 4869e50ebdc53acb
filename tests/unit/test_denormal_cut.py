"""-O1 flushes denormal numbers once, at the source of every delta that a product uses."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.source import Source

from ..generated import build

HEADS = "input 3 -> dense 4 tanh as h -> dense 2 as y; output y, h\nloss mse on y; loss mse on h\n"
APART = "input 3 as x; x -> dense 2 as a; x -> dense 2 as b; output a, b\nloss mse on a; loss mse on b\n"
CASES = {
    "one chain": ("input 3 -> dense 4 tanh -> dense 2 softmax; loss crossentropy", ["d_dense2_z"]),
    "deeper": ("input 3 -> dense 4 tanh -> dense 4 tanh -> dense 2; loss mse", ["d_y"]),
    "behind a nonlinearity": ("input 3 -> dense 4 tanh; loss mse", ["d_dense1_z"]),
    "a shortcut": (
        "input 3 -> dense 3 tanh -> [dense 3 tanh, id] -> add; loss mse",
        ["d_dense2_z"],
    ),
    # the inner loss meets what comes back from the outer one, which has been cut already
    "a loss inside": (HEADS, ["d_y"]),
    "two chains": (APART, ["d_a", "d_b"]),
    "no product": ("input 3 -> prelu; loss mse", []),
}


def cut(text: str) -> list[str]:
    """The names of the values that are cut, from the printed graph."""
    options = Options(dump_after="flush-denormals", format=False)
    dump = compile_source(Source("model.nn", text), options).dump
    return sorted(
        line.split(" as ")[-1] for line in dump.splitlines() if "flush_denormals(" in line
    )


@pytest.mark.parametrize("case", sorted(CASES))
def test_the_cut_is_made_once_and_in_front_of_the_first_product(case):
    text, expected = CASES[case]
    assert cut(text) == expected


@pytest.mark.parametrize("case", sorted(set(CASES) - {"no product"}))
def test_it_is_made_at_o1_only(case):
    text, _ = CASES[case]
    options = [Options(level=level, format=False) for level in (0, 1)]
    textbook, optimised = (compile_source(Source("m.nn", text), o).code for o in options)
    assert "TINY" not in textbook
    assert optimised.count("-= TINY") == len(cut(text))


@pytest.mark.parametrize(
    ("dtype", "small", "kept"), [("float32", 1e-36, 1e-20), ("float64", 1e-290, 1e-200)]
)
def test_what_is_denormal_or_nearly_becomes_zero_and_the_rest_stays(dtype, small, kept):
    module = build(f"input 1 -> dense 2; loss mae weight=1\ndtype {dtype}\n", 1)
    text = f"input 1 -> dense 2; loss quadratic\ndtype {dtype}\n"
    module = build(text, 1)
    params = module.init_params()
    params["dense1.W"][...] = 0
    _, cache = module.forward(params, [[1.0]])
    grads = module.backward(params, cache, np.array([[-small, -kept]]))
    assert grads["dense1.b"][0] == 0
    assert grads["dense1.b"][1] == pytest.approx(kept, rel=1e-3)
    textbook = build(text, 0)
    _, cache = textbook.forward(params, [[1.0]])
    grads = textbook.backward(params, cache, np.array([[-small, -kept]]))
    assert grads["dense1.b"] == pytest.approx([small, kept], rel=1e-5, abs=0)
