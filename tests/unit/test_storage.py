"""The memory layout of a weight: which of its products would have to copy it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nnc.autodiff.reverse import differentiate
from nnc.costs.layout import stored_by_rows
from nnc.driver import Options, check, compile_source
from nnc.lower.graph import lower
from nnc.passes.pipeline import optimise
from nnc.source import Source


def by_rows(spec: str, batch: int = 32) -> set[str]:
    typed = check(Source("model.nn", spec)).graph
    assert typed is not None
    build = lower(typed)
    differentiate(build, build.outputs["total"], [p.name for p in typed.params], [])
    graph = optimise(replace(build.graph(), batch=batch))
    return {name for name in stored_by_rows(graph) if name.endswith(("W", "Wx", "Wh"))}


@pytest.mark.parametrize(
    ("layers", "rows"),
    [
        ("784 -> dense 100", {"dense1.W"}),  # nothing needs the gradient of the data
        ("784 -> dense 30", set()),  # z is small, and rows of 30 are short
        ("2 -> dense 5", {"dense1.W"}),
        ("8 -> dense 100 -> dense 200", {"dense1.W", "dense2.W"}),  # both ways one copy; z is wider
        ("8 -> dense 200 -> dense 100", {"dense1.W"}),
        ("8 -> dense 200 -> dense 10", {"dense1.W"}),  # z is small, the gradient of x is not
        ("T int -> embedding 9 4 -> mean axis=0 -> dense 3", {"embedding1.W"}),
        ("5x100 -> lstm 90", {"lstm1.Wx", "lstm1.Wh"}),
    ],
)
def test_a_weight_lies_the_way_that_saves_copies(layers, rows):
    assert by_rows(f"input {layers}; loss mse") == rows


def test_the_batch_counts():
    spec = "input 8 -> dense 200 -> dense 100; loss mse"
    assert "dense2.W" in by_rows("input 8 -> dense 100 -> dense 200; loss mse", 8)
    assert "dense2.W" not in by_rows(spec, 8)  # 8 rows of 100 are a small result
    narrow = "input 784 -> dense 30; loss mse"
    assert "dense1.W" not in by_rows(narrow, 32)
    assert "dense1.W" in by_rows(narrow, 64)


def test_a_weight_used_twice_is_weighed_by_all_its_products():
    once = "input 300 -> dense 300 tanh -> dense 200 -> dense 1; loss mse"
    twice = """
    input 300 -> dense 300 tanh -> (dense 200) as code
    input 300 as other -> use code as second
    [code, second] -> dot; loss mse
    """
    assert "dense2.W" not in by_rows(once)
    assert "code.dense1.W" in by_rows(twice)  # two products by it, one by its transpose


def test_values_do_not_depend_on_it():
    results = []
    for size in (32, 64):
        spec = f"input 784 -> dense 30 tanh -> dense 3; loss mse; train batch={size}"
        code = compile_source(Source("model.nn", spec), Options(format=False)).code
        made = {"__name__": "made"}
        exec(compile(code, "made", "exec"), made)
        results.append((made["init_params"](3), made["BY_COLUMNS"]))
    (first, one), (second, other) = results
    assert one != other
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name])
