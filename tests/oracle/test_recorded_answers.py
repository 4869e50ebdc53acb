"""The recorded results that the plain tests use are PyTorch's."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

from nnc.layers import LAYERS
from nnc.losses import LOSSES

from ..recorded import ANSWERS
from .record_answers import records

ELSEWHERE = {"sample": "test_torch_sample.py", "matmul": "test_torch_other_sequence.py"}
"""Kinds that no recorded program has, as they draw in every step or merge two sequences, and their tests."""

WRITTEN = json.loads(ANSWERS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("written", WRITTEN[::4], ids=lambda r: str(r["seed"]))
def test_what_is_written_down_is_what_pytorch_says(written) -> None:
    (now,) = records([written["seed"]])
    for part in ("outputs", "grads", "dx", "after"):
        for name, (value, largest) in now.pop(part).items():
            assert written[part][name] == pytest.approx([value, largest], rel=1e-9, abs=1e-9)
    assert now.pop("loss") == pytest.approx(written["loss"], rel=1e-12)
    assert {name: written[name] for name in now} == now


def test_every_kind_and_loss_is_recorded() -> None:
    """A new kind is recorded too: python -m tests.oracle.record_answers."""
    text = "\n".join(record["spec"] for record in WRITTEN)
    words = {kind.word for kind in LAYERS.values()} | set(LOSSES)
    missing = [word for word in words if f" {word}" not in text and f"({word}" not in text]
    assert set(missing) <= {"input", *ELSEWHERE}
