"""Ties for the maximum: which entry gets the gradient, computed by hand, at both levels.

Merges and reductions share it equally; pooling gives it to the first in reading order.
"""

from __future__ import annotations

import numpy as np
import pytest

from ..generated import build

LEVELS = (0, 1)


def pulled(text: str, level: int, x, dy, **keywords):
    """The gradient by x, for a gradient dy from behind."""
    module = build(text + "\ndtype float64\n", level, ("vjp",))
    params = module.init_params()
    _, cache = module.forward(params, x, **keywords)
    return module.vjp(params, cache, np.array(dy, float))[1]


@pytest.mark.parametrize("level", LEVELS)
def test_branches_that_tie_share(level):
    spec = "input 4 as a; input 4 as b; input 4 as c; [a, b, c] -> max as y"
    x = {"a": [[1, 5, 2, 0.0]], "b": [[1, 5, 7, 0.0]], "c": [[0, 5, 7, -1.0]]}
    got = pulled(spec, level, x, [[6, 6, 6, 6]])
    want = {"a": [[3, 2, 0, 3]], "b": [[3, 2, 3, 3]], "c": [[0, 2, 3, 0]]}
    for name, expected in want.items():
        np.testing.assert_array_equal(got[name], expected)


@pytest.mark.parametrize("level", LEVELS)
def test_branches_that_tie_share_in_training(level):
    """Two equal dense layers each have half of the gradient."""
    module = build("input 2 -> [dense 2, dense 2] -> max; loss mae\ndtype float64\n", level)
    params = module.init_params()
    params["dense2.W"][...] = params["dense1.W"]
    _, cache = module.forward(params, [[1.0, 2.0]])
    grads = module.backward(params, cache, np.full((1, 2), -100.0))
    for name in ("dense1", "dense2"):
        np.testing.assert_array_equal(grads[f"{name}.b"], [0.25, 0.25])
        np.testing.assert_array_equal(grads[f"{name}.W"], [[0.25, 0.25], [0.5, 0.5]])


@pytest.mark.parametrize("level", LEVELS)
def test_entries_that_tie_share_in_a_reduction(level):
    x = [[[1.0, 4], [3, 4], [3, 4], [0, 4]]]
    got = pulled("input 4x2 -> max axis=0", level, x, [[6, 8]])
    np.testing.assert_array_equal(got, [[[0, 2], [3, 2], [3, 2], [0, 2]]])
    got = pulled(
        "input 4x2 -> max axis=1", level, [[[1.0, 1], [2, 0], [0, 2], [3, 3]]], [[6, 7, 8, 9]]
    )
    np.testing.assert_array_equal(got, [[[3, 3], [7, 0], [0, 8], [4.5, 4.5]]])


FLAT = np.ones((1, 1, 4, 4))
MIXED = np.array([[[[0.0, 2, 2, 1], [2, 0, 1, 2], [3, 3, 0, 0], [3, 3, 0, 0]]]])
POOLS = {
    "apart": ("maxpool 2", FLAT, [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]]),
    "apart, mixed": ("maxpool 2", MIXED, [[0, 1, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]]),
    "gaps": (
        "maxpool 1x2 stride=3x2",
        FLAT,
        [[1, 0, 2, 0], [0, 0, 0, 0], [0, 0, 0, 0], [3, 0, 4, 0]],
    ),
    "tall": ("maxpool 4x1", FLAT, [[1, 2, 3, 4], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]),
    "overlapping": (
        "maxpool 3 stride=1",
        MIXED,
        # windows: rows 0-2 and 1-3, columns 0-2 and 1-3; their first largest cells
        [[0, 0, 0, 0], [0, 0, 0, 0], [1 + 3, 2 + 4, 0, 0], [0, 0, 0, 0]],
    ),
    "overlapping, flat": (
        "maxpool 3 stride=1",
        FLAT,
        [[1, 2, 0, 0], [3, 4, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
    ),
    "padded": (
        "maxpool 3 stride=2 pad=1",
        -FLAT,  # padding is below all, not 0
        [[1, 2, 0, 0], [3, 4, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
    ),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("case", sorted(POOLS))
def test_pooling_gives_it_to_the_first(case, level):
    stage, x, want = POOLS[case]
    module = build(f"input 1x4x4 -> {stage}\ndtype float64\n", level, ("vjp",))
    y, cache = module.forward(module.init_params(), x)
    dy = np.arange(1.0, y.size + 1).reshape(y.shape)
    _, dx = module.vjp(module.init_params(), cache, dy)
    np.testing.assert_array_equal(dx[0, 0], want)


@pytest.mark.parametrize("level", LEVELS)
def test_pooling_a_signal_gives_it_to_the_first(level):
    x = [[[1.0, 1, 0, 5, 5, 5]]]
    got = pulled("input 1x6 -> maxpool 3 stride=1", level, x, [[[1, 2, 3, 4]]])
    np.testing.assert_array_equal(got, [[[1, 0, 0, 9, 0, 0]]])


@pytest.mark.parametrize("level", LEVELS)
def test_global_pooling_gives_it_to_the_first(level):
    x = [[[[1.0, 7], [7, 7]], [[2, 2], [2, 2]]]]
    got = pulled("input 2x2x2 -> global_maxpool", level, x, [[5, 6]])
    np.testing.assert_array_equal(got, [[[[0, 5], [0, 0]], [[6, 0], [0, 0]]]])
