"""The comparison detects a wrong entry, a wrong loss, a NaN and a missing name."""

from __future__ import annotations

import numpy as np
import pytest

from .draws import smooth_draw
from .generated import TOLERANCE, disagreements, module
from .numpy_reference import total_loss
from .pieces import act, dense
from .programs import LossSpec, build
from .tree import Input

MADE = build([[Input((4,)), dense(3, act("tanh")), dense(2)]], [LossSpec("mse")], l2=0.1)


class Spoilt:
    """A module that is wrong in one place."""

    def __init__(self, generated, spoil):
        self.generated, self.spoil = generated, spoil

    def __getattr__(self, name):
        return getattr(self.generated, name)

    def backward(self, *args):
        grads = {name: value.copy() for name, value in self.generated.backward(*args).items()}
        self.spoil(grads)
        return grads

    def loss(self, *args):
        return self.generated.loss(*args) * (1 + 1e-9 * (self.spoil is nothing))


def nothing(grads):
    """The loss is wrong instead."""


def slightly(grads):
    grads["dense1.b"][1] += 1e-8 * np.abs(grads["dense1.b"]).max()


def nan(grads):
    grads["dense2.W"][0, 0] = np.nan


def transposed(grads):
    grads["dense1.W"] = grads["dense1.W"].T.copy()


@pytest.mark.parametrize("spoil", [nothing, slightly, nan, transposed])
def test_a_wrong_module_is_seen(spoil):
    drawn = smooth_draw(MADE, 0, 1e-9)
    generated = module(MADE.text("float64"))
    loss, run = total_loss(MADE, drawn.params, drawn.inputs, drawn.targets)
    outputs = {name: run.values[i] for name, i in MADE.outputs.items()}
    _, cache = generated.forward(drawn.params, drawn.x)
    grads = generated.backward(drawn.params, cache, drawn.target)
    answer = (MADE, drawn, outputs, loss, grads, TOLERANCE["float64"])
    assert not disagreements(generated, *answer)
    assert disagreements(Spoilt(generated, spoil), *answer)
