"""Comparison of generated modules with PyTorch's results for a program."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from types import ModuleType
from typing import Any

import numpy as np
import torch
from nnc.driver import Options, SpecError, compile_source
from nnc.source import Source

from ..draws import error
from ..generated import TOLERANCE, load
from .drawing import Arrays, Data
from .evaluation import Answer, Run, outputs_of
from .numbers import ROUGH, apart, gradient_error, largest_of
from .program import Program


def emits(program: Program) -> tuple[str, ...]:
    """What a module of it is asked for besides the usual functions."""
    real = any("int" not in words for words in program.words.values())
    return ("input-gradient", "vjp") if real else ("vjp",)


def compiled(program: Program, dtype: str, level: int, extra: str = "") -> ModuleType:
    """The module of a program; SpecError if it is refused."""
    source = Source("program.nn", program.text(dtype, extra))
    return load(
        compile_source(source, Options(level=level, format=False, emit=emits(program))).code
    )


def refusal(program: Program) -> str | None:
    """What the compiler has against a program, if anything."""
    try:
        compile_source(Source("program.nn", program.text()), Options(level=0, format=False))
    except SpecError as found:
        errors = [d for d in found.report.found if d.severity.name == "ERROR"]
        return f"{errors[0].code.id} {errors[0].message}"
    return None


def lone(arrays: Mapping[str, Any]) -> Any:
    """What a module takes or gives for a dict: the only entry, or all by name."""
    return next(iter(arrays.values())) if len(arrays) == 1 else dict(arrays)


def named(found: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """The other way round."""
    return found if isinstance(found, dict) else {next(iter(names)): found}


class Trial:
    """A module and the numbers it is tried on; padding holds junk."""

    def __init__(self, module: ModuleType, program: Program, data: Data, dtype: str) -> None:
        self.module, self.program, self.data, self.dtype = module, program, data, dtype
        self.params = {k: v.astype(dtype) for k, v in data.params.items()}
        self.x = lone({k: self.junk(k, v) for k, v in data.inputs.items()})
        self.target = lone(data.targets)

    def junk(self, name: str, x: np.ndarray) -> np.ndarray:
        """An input with NaN, or ids out of range, beyond the rows' lengths."""
        x = x.copy()
        if name in self.program.ragged and self.data.lengths is not None:
            for row, length in zip(x, self.data.lengths, strict=True):
                row[length:] = np.nan if x.dtype.kind == "f" else -7
        return x

    def state(self) -> Arrays:
        """Fresh running statistics."""
        return {k: v.astype(self.dtype) for k, v in self.data.state.items()}

    def words(self, train: bool | None = None) -> dict[str, Any]:
        """The keywords that every function takes; None is for functions that always train."""
        found: dict[str, Any] = {}
        if self.data.lengths is not None:
            ragged = dict.fromkeys(self.program.ragged, self.data.lengths)
            found["lengths"] = lone(ragged)
        if self.program.state:
            found["state"] = self.state()
        takes = signature(self.module.forward).parameters
        if train is not None and "train" in takes:
            found["train"] = train
        if train is not False and "rng" in takes:
            found["rng"] = np.random.default_rng(0)
        return found

    def predicting(self) -> dict[str, Any]:
        """The keywords of predict, which never trains."""
        return {k: v for k, v in self.words(False).items() if k != "train"}

    def answer(self, train: bool) -> Answer:
        """Outputs, loss, gradients, input gradients and statistics by the module."""
        words = self.words(train)
        y, cache = self.module.forward(self.params, self.x, **words)
        outputs = {k: np.array(v) for k, v in named(y, self.program.outputs).items()}
        loss = self.module.loss(self.params, cache, self.target)
        grads = {k: np.array(v) for k, v in self._grads(cache).items()}
        again = self._grads(cache)
        assert all(np.array_equal(grads[k], again[k], equal_nan=True) for k in grads), "again"
        dx = self._dx(train)
        return Answer(outputs, float(loss), grads, dx, words.get("state", {}))

    def _grads(self, cache: Any) -> Arrays:
        found: Arrays = self.module.backward(self.params, cache, self.target)
        return found

    def _dx(self, train: bool) -> Arrays:
        real = {k: v for k, v in self.data.inputs.items() if v.dtype.kind == "f"}
        if not real:
            return {}
        dx = self.module.input_gradient(self.params, self.x, self.target, **self.words(train))
        found = named(dx, self.data.inputs)
        return {k: found[k] for k in real}


def disagreements(trial: Trial, want: Answer, train: bool) -> list[str]:
    """Where a module differs from PyTorch, a line a difference."""
    tolerance = TOLERANCE[trial.dtype]
    got = trial.answer(train)
    found = []
    if (names := set(got.grads)) != set(want.grads):
        return [f"gradients of {names}"]
    far, where = apart(got, want)
    if not far <= tolerance:
        found.append(f"{where}: error {far:.1e}")
    if not train:
        y = named(trial.module.predict(trial.params, trial.x, **trial.predicting()), got.outputs)
        floor = 1e-4 * largest_of(want.grads.values())
        for name, value in want.outputs.items():
            if not (far := error(y[name], value, floor)) <= tolerance:
                found.append(f"predict {name}: error {far:.1e}")
    return found


def pulled(trial: Trial, seed: int) -> list[str]:
    """The same for `vjp` with random gradients from outside."""
    run = Run(trial.program, trial.data, torch.float64, train=False).forward()
    rng = np.random.default_rng([seed, 5])
    outside = {k: rng.normal(size=v.shape).astype(trial.dtype) for k, v in outputs_of(run).items()}
    want = pulled_by_torch(run, outside)
    if not want:
        return []
    largest = largest_of(want.values())
    if trial.dtype == "float32":
        rough = Run(trial.program, trial.data, torch.float32, train=False).forward()
        near = pulled_by_torch(rough, outside)
        if any(gradient_error(near[k], g, largest) > ROUGH["float32"] for k, g in want.items()):
            return []
    _, cache = trial.module.forward(trial.params, trial.x, **trial.words(False))
    grads, dx = trial.module.vjp(trial.params, cache, lone(outside))
    got = {**named(dx, trial.data.inputs), **grads}
    far, where = max((gradient_error(got[k], g, largest), k) for k, g in want.items())
    return [] if far <= TOLERANCE[trial.dtype] else [f"vjp {where}: error {far:.1e}"]


def pulled_by_torch(run: Run, outside: Arrays) -> Arrays:
    """The gradients of Σ y·dy by parameters and real inputs; none if nothing can move."""
    total = torch.zeros((), dtype=run.dtype)
    for name, i in run.program.outputs.items():
        value, g = run.values[i], torch.tensor(outside[name], dtype=run.dtype)
        if isinstance(value, list):
            for k, row in enumerate(value):
                part = g[(slice(k, k + 1), *(slice(n) for n in row.shape[1:]))]
                total = total + (row * part).sum()
        else:
            total = total + (value * g).sum()
    leaves = {**run.params, **{k: v for k, v in run.inputs.items() if v.requires_grad}}
    if not leaves or not total.requires_grad:
        return {}
    grads = torch.autograd.grad(total, list(leaves.values()), materialize_grads=True)
    return {k: g.double().numpy() for k, g in zip(leaves, grads, strict=True)}
