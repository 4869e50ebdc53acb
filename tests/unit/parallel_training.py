"""Trainings on several ranks, as threads of this process, to compare with those of one process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.runtime.dataset import Dataset
from nnc.runtime.module import import_module
from nnc.runtime.parallel.threads import thread_communicators
from nnc.runtime.training import Ending, TrainResult, train
from nnc.source import Source

from ..oracle.generated import load


@cache
def code(text: str, level: int = 1, target: str = "numpy", emit: tuple[str, ...] = ()) -> str:
    """The text of a module."""
    options = Options(level=level, target=target, emit=emit, format=False)
    return compile_source(Source("spec.nn", text), options).code


def modules(text: str, count: int, **options: Any) -> list[ModuleType]:
    """The same module several times, as every process has its own."""
    source = code(text, emit=("shares",), **options)
    with TemporaryDirectory() as folder:  # a file, so that kernels are compiled once
        path = Path(folder) / "model.py"
        path.write_text(source, encoding="utf-8")
        return [import_module(path) for _ in range(count)]


def on_ranks(size: int, run: Callable[[Any], Any]) -> list[Any]:
    """What a function returns or raises on every rank, given the rank's communicator."""
    found: list[Any] = [None] * size

    def one(communicator: Any) -> None:
        try:
            found[communicator.rank] = run(communicator)
        except BaseException as error:
            found[communicator.rank] = error

    threads = [threading.Thread(target=one, args=(c,)) for c in thread_communicators(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "a rank waits for others"
    return found


def alone(text: str, data: Dataset, **words: Any) -> TrainResult:
    """The result of one process with the module as it is without shares."""
    return train(load(code(text)), data, **words)


def trained(
    text: str, data: Dataset, size: int, level: int = 1, target: str = "numpy", **words: Any
) -> list[TrainResult]:
    """The results on every rank."""
    made = modules(text, size, level=level, target=target)
    found = on_ranks(size, lambda c: train(made[c.rank], data, communicator=c, **words))
    for result in found:
        if isinstance(result, BaseException):
            raise result
    return found


def farthest(found: TrainResult, expected: TrainResult) -> float:
    """The largest difference of a parameter or running statistic, over the largest of its array."""
    pairs = [(found.params[name], array) for name, array in expected.params.items()]
    pairs += [(found.state[name], array) for name, array in expected.state.items()]
    return max(float(np.max(np.abs(a - b)) / max(np.max(np.abs(b)), 1e-4)) for a, b in pairs)


def drawn(rows: int, sizes: tuple[int, ...], classes: int = 3, seed: int = 0) -> Dataset:
    """Rows of normal numbers with class ids that they decide, and a weight for each."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, *sizes))
    flat = x.reshape(rows, -1)
    target = np.argmax(flat @ rng.normal(size=(flat.shape[1], classes)), axis=1)
    return Dataset(x, target, "drawn", weights=rng.uniform(0.1, 3, rows))


STEPS = "train batch=10 epochs=50\ndtype float64\n"
"""With 37 rows: 200 steps, of which every fourth has 7 rows, so that three ranks have 2, 2 and 3."""

NET = "input 4 -> dense 6 tanh -> dense 3 softmax\nloss crossentropy\n"
DATA = drawn(37, (4,))
CLOSE = 1e-10
BATCHNORM = "input 4 -> dense 6 -> batchnorm relu -> dense 5 -> batchnorm -> dense 3 softmax\n"


def spec(rest: str, net: str = NET) -> str:
    """A spec whose settings of training may add to those of STEPS."""
    if "train weights=rows" not in rest:
        return net + rest + STEPS
    return (
        net
        + rest.replace("train weights=rows\n", "")
        + STEPS.replace("train ", "train weights=rows ")
    )


def close(text: str, data: Dataset = DATA, size: int = 3, **words: object) -> None:
    """Compare all ranks with one process."""
    expected = alone(text, data)
    assert expected.history[-1].step == 200
    for found in trained(text, data, size, **words):
        assert found.ending is Ending.DONE, found.message
        assert farthest(found, expected) < CLOSE
        assert found.curve() == pytest.approx(expected.curve(), rel=1e-9)
        assert found.history[-1].loss == pytest.approx(expected.history[-1].loss, rel=1e-9)
