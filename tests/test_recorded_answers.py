"""Modules of random programs over all kinds of layers, against recorded results of PyTorch.

`tests/oracle/record_answers.py` wrote them; tests/oracle/test_recorded_answers.py holds them to PyTorch.
"""

from __future__ import annotations

import json
from inspect import signature
from typing import Any

import numpy as np
import pytest

from .generated import build
from .recorded import ANSWERS, projection

RECORDS = json.loads(ANSWERS.read_text(encoding="utf-8"))
TOLERANCE = 1e-10
"""Of what is compared, relative to its size; gradients have the largest one's at least 1e-4 times."""


def arrays(record: dict[str, Any], what: str) -> dict[str, np.ndarray]:
    return {name: np.array(value) for name, value in record[what].items()}


def lone(named: dict[str, Any]) -> Any:
    return next(iter(named.values())) if len(named) == 1 else named


def assert_near(found: Any, wanted: dict[str, list[float]], names: Any, top: float) -> None:
    """Each array's projection is the recorded one, up to rounding in sums of its size.

    `top` is the largest gradient of the model, or 0. A gradient that is zero in mathematics is
    rounding of numbers of that size.
    """
    got = found if isinstance(found, dict) else {next(iter(names)): found}
    for name, (value, largest) in wanted.items():
        floor = top if largest < 1e-9 * top else 1e-4 * top
        size = max(largest, floor) * max(got[name].size, 1) ** 0.5
        error = abs(projection(name, np.asarray(got[name])) - value)
        assert error <= TOLERANCE * max(size, 1e-30), f"{name}: {error:.1e} of {size:.1e}"


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("record", RECORDS, ids=lambda r: str(r["seed"]))
def test_a_module_gives_what_pytorch_gave(record, level) -> None:
    inputs = arrays(record, "inputs")
    real = {name for name, value in inputs.items() if value.dtype.kind == "f"}
    module = build(record["spec"], level, ("input-gradient",) if real else ())
    lengths = None if record["lengths"] is None else np.array(record["lengths"])
    for name in record["ragged"]:
        for row, length in zip(inputs[name], lengths, strict=True):
            row[length:] = np.nan if row.dtype.kind == "f" else -7
    params, target = arrays(record, "params"), lone(arrays(record, "targets"))
    takes = signature(module.forward).parameters
    words: dict[str, Any] = {}
    if record["ragged"]:
        words["lengths"] = lone(dict.fromkeys(record["ragged"], lengths))
    if record["state"]:
        words["state"] = arrays(record, "state")
    training: dict[str, Any] = {"train": record["train"]} if "train" in takes else {}
    if record["train"] and "rng" in takes:  # of a dropout 0
        training["rng"] = np.random.default_rng(0)
    x = lone(inputs)
    y, cache = module.forward(params, x, **words, **training)
    assert_near(y, record["outputs"], module.OUTPUTS, 0)
    loss = module.loss(params, cache, target)
    assert loss == pytest.approx(record["loss"], rel=TOLERANCE, abs=TOLERANCE)
    every = [largest for _, largest in (record["grads"] | record["dx"]).values()]
    top = max(every, default=0) or 1.0
    assert_near(module.backward(params, cache, target), record["grads"], (), top)
    assert_near(words.get("state", {}), record["after"], (), 0)
    if real:
        state = {"state": arrays(record, "state")} if record["state"] else {}
        dx = module.input_gradient(params, x, target, **{**words, **state, **training})
        assert_near(dx, {n: record["dx"][n] for n in real}, inputs, top)
    if not record["train"]:
        assert_near(module.predict(params, x, **words), record["outputs"], module.OUTPUTS, 0)


def test_there_are_many_records() -> None:
    assert len(RECORDS) > 80
