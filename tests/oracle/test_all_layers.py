"""Random programs over all kinds of layers against PyTorch, at both levels.

Outputs, loss, every gradient, input gradients, predict, vjp, running statistics, some steps of
training; what is refused has a reason. NNC_ORACLE_PROGRAMS=2000 tries that many programs instead
of 40 and prints what they covered.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from nnc.layers import LAYERS

from .all_layers.drawers import DRAWERS
from .all_layers.rules import MERGES
from .all_layers.trying import attempt, met
from .all_layers.whole import program

COUNT = int(os.environ.get("NNC_ORACLE_PROGRAMS", "40"))
FULL = "NNC_ORACLE_PROGRAMS" in os.environ
counts: Counter[str] = Counter()
kinds: Counter[str] = Counter()
arguments: Counter[str] = Counter()
pairs: Counter[tuple[str, str]] = Counter()

ELSEWHERE = {
    "attention fork": "test_torch_cross_attention.py",
    "matmul": "test_torch_other_sequence.py",
}
"""Kinds of which random programs have none, and the file that draws them."""


@pytest.fixture(scope="module", autouse=True)
def summary(pytestconfig):
    torch.set_num_threads(1)
    yield
    if FULL:
        print(f"\n{COUNT} random programs: {dict(counts)}")
        for title, table in (("kind", kinds), ("argument", arguments)):
            print(f"\nprograms with each {title}:")
            print("\n".join(f"{n:6} {name}" for name, n in sorted(table.items())))
        names = sorted({name for pair in pairs for name in pair})
        print(f"\n{len(pairs)} pairs of adjacent kinds; not met behind each kind:")
        for name in names:
            missing = [other for other in names if (name, other) not in pairs]
            print(f"  {name}: {' '.join(missing) or '-'}")


@pytest.mark.parametrize("seed", range(COUNT))
def test_random_program_agrees_with_torch(seed):
    found = attempt(seed)
    counts.update(found.counts)
    for table, names in zip((kinds, arguments, pairs), met(found.program), strict=True):
        table.update(names)
    assert not found.faults, "\n".join([found.program.text(), *found.faults])


def test_every_kind_has_a_generator():
    """A new kind of layer is not forgotten."""
    assert set(LAYERS) - {"input", *ELSEWHERE} == {*DRAWERS, *MERGES}


def test_programs_reach_every_kind():
    """Coverage, from the readings alone: nothing is compiled."""
    seen: Counter[str] = Counter()
    refused = 0
    for seed in range(600):
        made = program(seed)
        refused += made.reason is not None
        seen.update(met(made)[0])
    assert not [kind for kind in {*DRAWERS, *MERGES} if seen[kind] < 3], seen
    assert 20 < refused < 120
