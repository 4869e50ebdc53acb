"""Random programs against PyTorch: outputs, loss and every gradient entry, at both levels.

NNC_ORACLE_PROGRAMS=500 tries that many programs instead of 60 and prints what they covered.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from . import numpy_reference
from .draws import Draw, error
from .generated import TOLERANCE, disagreements, module
from .programs import Program
from .random_programs import program
from .torch_reference import answer, fair_draw

COUNT = int(os.environ.get("NNC_ORACLE_PROGRAMS", "60"))
covered: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def summary():
    torch.set_num_threads(1)
    yield
    if "NNC_ORACLE_PROGRAMS" in os.environ:
        lines = [f"{name:32}{count:6}" for name, count in sorted(covered.items())]
        print(f"\n{COUNT} random programs, how many used what:", *lines, sep="\n  ")


def given(made: Program, seed: int, dtype: str) -> Draw:
    """Numbers for a program, or a visible skip."""
    draw = fair_draw(made, seed, dtype)
    if draw is None:
        pytest.skip("no numbers found on which this program is well conditioned")
    return draw


@pytest.mark.parametrize("seed", range(COUNT))
def test_random_program_agrees_with_torch(seed):
    made = program(seed)
    covered.update({name: 1 for name, count in made.met.items() if count})
    for dtype in ("float64", "float32"):
        draw = given(made, seed, dtype)
        want = answer(made, draw.params, draw.inputs, draw.targets)
        for level in (0, 1):
            text = made.text(dtype)
            generated = module(text, level)
            assert dict(generated.PARAM_SHAPES) == dict(made.params), text
            found = disagreements(
                generated, made, draw, want.outputs, want.loss, want.grads, TOLERANCE[dtype]
            )
            assert not found, f"-O{level} {dtype}: {'; '.join(found)}\n{text}"


@pytest.mark.parametrize("seed", range(0, COUNT, 4))
def test_the_two_references_agree(seed):
    made = program(seed)
    draw = given(made, seed, "float64")
    want = answer(made, draw.params, draw.inputs, draw.targets)
    loss, run = numpy_reference.total_loss(made, draw.params, draw.inputs, draw.targets)
    assert loss == pytest.approx(want.loss, rel=1e-11)
    for name, i in made.outputs.items():
        assert error(run.values[i], want.outputs[name], 1e-6) < 1e-11
