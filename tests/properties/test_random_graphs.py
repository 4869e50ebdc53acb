"""Random programs against a plain NumPy reference and central differences, without PyTorch.

Values and loss must agree to 1e-10 in float64 and 1e-4 in float32, the two levels likewise;
gradients agree with fourth-order central differences of the reference's loss as closely as
the method allows.
"""

from __future__ import annotations

import numpy as np
import pytest

from ..oracle.draws import Draw, error, smooth_draw, worst
from ..oracle.generated import TOLERANCE, module
from ..oracle.numpy_reference import total_loss
from ..oracle.programs import Program
from ..oracle.random_programs import program

SEEDS = range(5000, 5060)
ENTRIES = 30
STEP = 1e-3


def prepared(seed: int, dtype: str) -> tuple[Program, Draw]:
    """A program and numbers for it that keep clear of kinks."""
    made = program(seed)
    narrow = dtype == "float32"
    drawn = smooth_draw(made, seed, 1e-5 if narrow else 1e-11, narrow)
    if drawn is None:
        pytest.skip("no numbers found away from the kinks of this program")
    return made, drawn


def outputs(y: object, made: Program) -> dict[str, np.ndarray]:
    return y if isinstance(y, dict) else {next(iter(made.outputs)): y}  # type: ignore[dict-item]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("seed", SEEDS)
def test_values_and_levels_agree(seed, dtype):
    made, drawn = prepared(seed, dtype)
    loss, run = total_loss(made, drawn.params, drawn.inputs, drawn.targets)
    params = {name: value.astype(dtype) for name, value in drawn.params.items()}
    tolerance, all_grads = TOLERANCE[dtype], []
    for level in (0, 1):
        generated = module(made.text(dtype), level)
        assert dict(generated.PARAM_SHAPES) == dict(made.params), made.text()
        y, cache = generated.forward(params, drawn.x)
        for name, got in outputs(y, made).items():
            want = run.values[made.outputs[name]]
            assert error(got, want, 1e-2) < tolerance, f"-O{level} {name}\n{made.text(dtype)}"
        assert generated.loss(params, cache, drawn.target) == pytest.approx(loss, rel=tolerance)
        all_grads.append(generated.backward(params, cache, drawn.target))
    apart, where = worst(all_grads[1], {k: v.astype(float) for k, v in all_grads[0].items()})
    assert apart < tolerance, f"-O0 and -O1 differ in {where}: {apart:.1e}\n{made.text(dtype)}"


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_agree_with_central_differences(seed):
    made, drawn = prepared(seed, "float64")
    generated = module(made.text("float64"))
    _, cache = generated.forward(drawn.params, drawn.x)
    grads = generated.backward(drawn.params, cache, drawn.target)
    assert list(grads) == list(made.params)
    largest = max(float(np.abs(g).max()) for g in grads.values())
    tolerance = 2e-7 * max(largest, 1e-3)
    tried = 0
    for name, index in chosen_entries(made, seed):
        slope, smooth = central_difference(made, drawn, name, index)
        if smooth:
            tried += 1
            assert grads[name][index] == pytest.approx(
                slope, abs=tolerance
            ), f"d loss / d {name}{list(index)}\n{made.text('float64')}"
    if not tried:
        pytest.skip("every entry tried has a kink nearby")


def chosen_entries(made: Program, seed: int) -> list[tuple[str, tuple[int, ...]]]:
    """Some entries of every parameter."""
    rng = np.random.default_rng(seed)
    each = max(1, ENTRIES // len(made.params))
    chosen = []
    for name, shape in made.params.items():
        for flat in rng.permutation(int(np.prod(shape)))[:each]:
            chosen.append((name, tuple(int(i) for i in np.unravel_index(flat, shape))))
    return chosen


def central_difference(
    made: Program, drawn: Draw, name: str, index: tuple[int, ...]
) -> tuple[float, bool]:
    """The slope by two central differences with the leading error removed; is it free of kinks?"""
    params = dict(drawn.params)
    losses, runs = [], []
    for offset in (STEP, -STEP, 2 * STEP, -2 * STEP):
        params[name] = drawn.params[name].copy()
        params[name][index] += offset
        loss, run = total_loss(made, params, drawn.inputs, drawn.targets)
        losses.append(loss)
        runs.append(run)
    near = (losses[0] - losses[1]) / (2 * STEP)
    far = (losses[2] - losses[3]) / (4 * STEP)
    return (4 * near - far) / 3, all(runs[0].same_sides(run) for run in runs[1:])


def test_programs_are_the_same_everywhere():
    """Seeds mean something: the same text in every process."""
    assert program(7).text() == program(7).text()
    assert len({program(seed).text() for seed in range(40)}) == 40
