"""At -O1 a value that the cache keeps as a view and the array under it need two names."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.runtime.module import import_module
from nnc.source import Source

SPECS = [
    "input 2 -> scale 0.5 -> poly 3 -> dense 1",
    "input 2 -> scale 0.5 -> poly 3 as p -> dense 4 relu as p_base -> dense 1",
    "input 2x3 -> tanh -> flatten -> dense 1",
    "input 2x3 -> tanh -> reshape 3x2 as a -> flatten -> dense 1",
]


@pytest.mark.parametrize("spec", SPECS)
def test_a_second_step_finds_its_arrays_as_the_first_did(spec, tmp_path):
    path = tmp_path / "model.py"
    weights = []
    for level in (0, 1):
        source = Source("spec.nn", f"{spec}; loss mse; dtype float64")
        path.write_text(
            compile_source(source, Options(level=level, format=False)).code, encoding="utf-8"
        )
        module = import_module(path)
        rng = np.random.default_rng(0)
        params = module.init_params()
        opt = module.init_optimizer(params)
        for rows in (4, 4, 3):
            x = rng.uniform(-1, 1, (rows, *module.INPUTS["x"][1:]))
            module.train_step(params, x, rng.uniform(-1, 1, (rows, 1)), opt, lr=0.1)
        weights.append(params)
    for name, value in weights[0].items():
        assert np.allclose(weights[1][name], value, rtol=1e-10, atol=1e-12)
