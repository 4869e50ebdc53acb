"""Every kind of layer and loss, in its own example, on two ranks: the weights of one process.

The oracle is the module without shares, which other tests compare with PyTorch."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from nnc.layers import LAYERS
from nnc.losses import LOSSES
from nnc.runtime.dataset import Dataset
from nnc.runtime.training import Ending

from ..unit.parallel_training import alone, code, farthest, trained
from .generated import load

EXAMPLES = {f"layer {name}": kind.example for name, kind in LAYERS.items()}
EXAMPLES |= {f"loss {name}": kind.example for name, kind in LOSSES.items()}
SETTINGS = {
    "loss ": "loss mse",
    "optimizer ": "optimizer sgd lr=0.05",
    "train ": "train batch=5 epochs=4",
    "dtype ": "dtype float64",
}


def whole(example: str) -> str:
    """An example with all that a training needs."""
    lines = [example.rstrip()]
    lines += [text for word, text in SETTINGS.items() if word not in example]
    return "\n".join(lines) + "\n"


def rows_of(module) -> Dataset:
    """Rows as the module itself makes them for its check of gradients: five, an odd number."""
    rng = np.random.default_rng(0)
    x, target = module.sample_batch(rng)
    lengths = module.sample_lengths(rng) if hasattr(module, "sample_lengths") else None
    return Dataset(x, target, lengths=lengths)


@pytest.mark.parametrize("name", EXAMPLES)
def test_two_ranks_do_what_one_process_does(name):
    text = whole(EXAMPLES[name])
    module = load(code(text))
    data = rows_of(module)
    found = trained(text, data, 2)
    assert {result.ending for result in found} == {Ending.DONE}, found[0].message
    if "rng" in inspect.signature(module.train_step).parameters:
        assert farthest(*found) == 0  # other random numbers than alone, but the same on both
        return
    expected = alone(text, data)
    assert max(farthest(result, expected) for result in found) < 1e-10


FROZEN = """\
input 4 as left -> dense 5 tanh frozen=true as a
input 3 as right -> dense 5 tanh as b
[a, b] -> add as both -> dense 3 softmax as kind
both -> dense 2 as size
output kind, size
loss crossentropy on kind weight=0.3
loss mse on size reduction=sum
regularize l2=0.1
optimizer adam lr=0.01
"""
SOLVED = "input 4 -> dense 2\nloss mse\noptimizer lstsq\n"


@pytest.mark.parametrize("text", [FROZEN, SOLVED], ids=["frozen", "solved"])
@pytest.mark.parametrize("level", [0, 1])
def test_frozen_weights_several_arrays_and_exact_solutions(text, level):
    text = whole(text)
    data = rows_of(load(code(text)))
    expected = alone(text, data)
    for result in trained(text, data, 2, level=level):
        assert result.ending is Ending.DONE, result.message
        assert farthest(result, expected) < 1e-10
