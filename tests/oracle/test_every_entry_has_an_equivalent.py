"""Every loss, optimizer and schedule of the registries has its equivalent in PyTorch in this folder.

What is drawn from the tables below is compared with PyTorch; a new entry has to be added to them.
Layers: test_all_layers.py.
"""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

from nnc.losses import LOSSES
from nnc.optimizers import OPTIMIZERS
from nnc.schedules import SCHEDULES

from . import pieces, torch_training

SOLVED = {"lstsq"}
"""Optimizers that take no steps."""


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_has_an_equivalent(name):
    assert name in pieces.LOSSES, "give pieces.LOSSES and torch_reference.py the loss"


@pytest.mark.parametrize("name", sorted(OPTIMIZERS.keys() - SOLVED))
def test_an_optimizer_has_an_equivalent(name):
    assert name in torch_training.OPTIMIZERS, "give torch_training.OPTIMIZERS the update rule"


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_has_an_equivalent(name):
    assert name in torch_training.SCHEDULES, "give torch_training.SCHEDULES the formula"
