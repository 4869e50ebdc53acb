"""Every workload of the benchmarks builds, on two rows, and all its implementations agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

SLOW_TO_COMPILE = ["torch.compile", "JAX jit", "nnc numba", "nnc numba train_epoch"]
NAMES = [*(f"W{number}" for number in range(1, 11)), "W11a", "W11b", "W12"]


@pytest.fixture(autouse=True)
def _benchmarks_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))


def contenders(name):
    """A workload's contenders on three batches of two rows, and the parameters they start from."""
    from benchmarks.frameworks.contenders import generated
    from benchmarks.frameworks.run import build
    from benchmarks.frameworks.workloads import chosen

    [workload] = chosen(name)
    rng = np.random.default_rng(0)
    data = [tuple(part[:2] for part in workload.draw(rng)) for _ in range(3)]
    start = generated.module(workload).init_params(0)
    made, _ = build(workload, start, data, without=SLOW_TO_COMPILE)
    return workload, start, made


@pytest.mark.parametrize("name", NAMES)
def test_contenders_agree(name):
    from benchmarks.frameworks.harness import disagreements

    workload, start, made = contenders(name)
    assert {one.split(", ")[0] for one in made} >= {"nnc", "PyTorch eager", "floor"}
    assert disagreements(made, None if workload.optimizer == "adam" else start) == []


def test_every_workload_is_tried():
    from benchmarks.frameworks.workloads import all_workloads

    assert [workload.name for workload in all_workloads()] == NAMES


def test_a_contender_that_computes_something_else_is_named():
    from benchmarks.frameworks.harness import Contender, disagreements, mean_loss

    _, start, made = contenders("W2")
    constant = Contender(lambda: 0.0, mean_loss(lambda: 0.0))
    still = Contender(lambda: 0.0, made["NumPy by hand"].first, lambda: start)
    found = disagreements({"nnc": made["nnc"], "constant": constant, "still": still}, start)
    assert found[0].startswith("constant: loss [0.]")
    assert len(found) == 1 + len(start)
    assert all(line.startswith("still: dense") for line in found[1:])


def test_report_names_what_is_missed_and_skipped():
    from benchmarks.frameworks.report import Results, notes, verdicts

    found = {
        "name": "W0",
        "seconds": {
            "nnc": [2.0, 2.0],
            "PyTorch eager, slow": [4.0, 4.0],
            "PyTorch eager, quick": [1.0, 1.0],
        },
        "skipped": {"JAX jit": "JAX is not installed"},
        "disagreements": [],
        "aims": [{"of": "nnc", "against": ["PyTorch eager"], "limit": 1.5}],
    }
    assert verdicts(Results(found)) == "nnc ≤ 1.5 × PyTorch eager: 2.00 **missed**"
    assert "skipped for W0: JAX jit: JAX is not installed" in notes([Results(found)])[0]
