"""What `--emit jacobian` returns: one array, or an array for each output and input, by name."""

from __future__ import annotations

import numpy as np
import pytest

from ..generated import build

ONE = "input 3 -> dense 2 tanh\nloss mse\ndtype float64\n"
TWO_OUT = "input 3 -> [dense 2 tanh as a, dense 4 as b]\noutput a, b\nloss mse on a\nloss mse on b\ndtype float64\n"
TWO_IN = "input 3 as u; input 2 as v\n[u, v] -> concat -> dense 2 tanh\nloss mse\ndtype float64\n"


def by_differences(module, params, x, name):
    """The Jacobian of all outputs by central differences of predict, for one input."""
    inputs = x if isinstance(x, dict) else {"x": x}
    step, found = 1e-6, {}
    for column in range(inputs[name].shape[1]):
        ends = []
        for sign in (1, -1):
            moved = {n: v.copy() for n, v in inputs.items()}
            moved[name][:, column] += sign * step
            y = module.predict(params, moved if isinstance(x, dict) else moved["x"])
            ends.append(y if isinstance(y, dict) else {"y": y})
        for output in ends[0]:
            slope = (ends[0][output] - ends[1][output]) / (2 * step)
            found.setdefault(output, []).append(slope)
    return {output: np.stack(slopes, axis=2) for output, slopes in found.items()}


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("text", [ONE, TWO_OUT, TWO_IN], ids=["one", "two outputs", "two inputs"])
def test_names_shapes_and_values(text, level):
    module = build(text, level, ("jacobian",))
    params, draw = module.init_params(0), np.random.default_rng(0)
    x = {name: draw.standard_normal((5, *spec[1:])) for name, spec in module.INPUTS.items()}
    x = x if len(x) > 1 else x["x"]
    found = module.jacobian(params, x)
    if text == ONE:
        assert isinstance(found, np.ndarray)
        found = {"y": {"x": found}}
    assert {output: set(d) for output, d in found.items()} == {
        output: set(module.INPUTS) for output in module.OUTPUTS
    }
    for name in module.INPUTS:
        for output, expected in by_differences(module, params, x, name).items():
            assert found[output][name].shape == expected.shape
            np.testing.assert_allclose(found[output][name], expected, atol=1e-8)
