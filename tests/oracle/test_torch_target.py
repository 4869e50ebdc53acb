"""Modules of the PyTorch target against NumPy modules of the same spec: values, loss, gradients.

Random programs over all layers; every example; every kind of layer and loss. NNC_TORCH_PROGRAMS=500
tries that many random programs of each family instead of 8, and prints what became of them.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import numpy as np
import torch
from nnc.diagnostics.model import SpecError
from nnc.layers import LAYERS
from nnc.losses import LOSSES
from nnc.source import Source

from .all_layers.comparison import Trial, compiled
from .all_layers.numbers import apart, fair
from .all_layers.whole import program as program_of_all_layers
from .random_programs import program as program_of_dense
from .torch_modules import answer, torch_module, twin_errors, twins

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").rglob("*.nn"))
EXACT = {"S17", "S17_raw"}
"""Examples whose optimizer solves exactly, which PyTorch modules refuse."""
COUNT = int(os.environ.get("NNC_TORCH_PROGRAMS", "8"))
TOLERANCE = 1e-10
counts: Counter[str] = Counter()
errors: dict[str, float] = {}


@pytest.fixture(scope="module", autouse=True)
def summary():
    torch.set_num_threads(1)
    yield
    if "NNC_TORCH_PROGRAMS" in os.environ:
        print("\n", *(f"{n:6} {name}" for name, n in sorted(counts.items())), sep="\n")
        worst = sorted(errors.items(), key=lambda one: -one[1])[:5]
        print("worst differences:", *(f"{e:.1e} {name}" for name, e in worst), sep="\n  ")


def judge(name: str, far: float, where: str) -> None:
    """Note a difference, which must be small."""
    errors[name] = max(far, errors.get(name, 0.0))
    assert far <= TOLERANCE, f"{where}: error {far:.1e}"


@pytest.mark.parametrize("seed", range(COUNT))
def test_random_program_of_all_layers(seed):
    made = program_of_all_layers(seed)
    if made.reason is not None:
        with pytest.raises(SpecError):
            torch_module(made.text())
        counts["all layers: refused by the compiler, with the program's own fault"] += 1
        return
    module, arrays = torch_module(made.text()), compiled(made, "float64", 0)
    assert dict(module.PARAM_SHAPES) == dict(made.params)
    for train in (False, True) if made.state and not made.noisy else (False,):
        one = fair(made, 10 * seed + train, "float64", train=train)
        if isinstance(one, int):
            counts["all layers: no fair numbers"] += 1
            continue
        trial = Trial(arrays, made, one[0], "float64")
        counts[f"all layers: compared, {'in training' if train else 'predicting'}"] += 1
        judge(f"all layers, seed {seed}", *apart(answer(module, trial, train), trial.answer(train)))


def same(text: str, name: str, loader=None) -> None:
    """Compare the two modules of a spec, in both modes where nothing is drawn at random."""
    both = twins(text, 0, loader) if loader else twins(text)
    drawn = hasattr(both.arrays, "check_random")
    for train in (False, True) if both.state and not drawn else (False,):
        found = twin_errors(both, train)
        where = max(found, key=lambda one: found[one])
        judge(name, found[where], where)


@pytest.mark.parametrize("seed", range(COUNT))
def test_random_program_of_dense_layers(seed):
    counts["dense layers: compared"] += 1
    same(program_of_dense(seed).text(), f"dense layers, seed {seed}")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_example(path):
    def beside(name: str, source: Source) -> Source:
        return Source(name, (path.parent / name).read_text(encoding="utf-8"))

    text = path.read_text(encoding="utf-8")
    if path.stem in EXACT:
        with pytest.raises(SpecError, match="NN407"):
            torch_module(text)
    else:
        same(text, path.stem, beside)


OTHERS = {
    "stop": "fn half(v) = v * stop(v)\ninput 4 -> dense 6 half -> dense 2; loss mse",
    "causal and padded": "input Tx8 ragged -> attention 2 causal=true -> mean axis=0 -> dense 2; loss mse",
    "padded in reverse": "input Tx3 ragged -> lstm 4 bidirectional=true layers=2 return=all -> gru 3"
    " reverse=true -> dense 2; loss mse",
    "other cells": "input Tx3 ragged -> rnn 4 softsign bidirectional=true -> dense 2; loss mse",
    "no biases": "input 5x3 -> gru 4 bias=false return=all -> lstm 3 bias=false return=all"
    " -> rnn 2 bias=false -> dense 2; loss mse",
    "cells that another begins with": "input Tx3 -> lstm 4 as memory\ninput Lx3 -> lstm 4 start=memory"
    " return=all -> dense 2; loss mse",
    "cells of padded rows in reverse": "input Tx3 ragged -> lstm 4 reverse=true as memory\n"
    "input Lx3 -> lstm 4 start=memory -> dense 2; loss mse",
    "row weights": "input Tx3 ragged -> gru 4 -> dense 3 softmax\nloss crossentropy\n"
    "train weights=rows",
}
"""What neither an example nor the example of a kind has."""


@pytest.mark.parametrize("name", OTHERS)
def test_other_networks(name):
    same(OTHERS[name], name)


@pytest.mark.parametrize(
    "kind", ["softplus", "mish", "gelu", "gelu(approx=tanh)", "sigmoid", "silu"]
)
def test_far_from_zero(kind):
    """Where PyTorch's functions take short cuts."""
    both = twins(f"input 4 -> {kind} -> dense 2; loss mse")
    for size in (4.0, 24.0, 60.0):
        both.x = size * np.linspace(-1, 1, 20).reshape(5, 4)
        found = twin_errors(both, False)
        assert max(found.values()) < 1e-13


@pytest.mark.parametrize("kind", [*LAYERS, *LOSSES])
def test_every_kind(kind):
    same((LAYERS.get(kind) or LOSSES[kind]).example, kind)
