"""A program run by PyTorch: values, loss and gradients.

A ragged value is a list of rows, each computed by itself at its own length, so that there is no
padding anywhere; a value that is not ragged is one tensor for the whole batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..numpy_reference import logits_of
from ..programs import LossTerm
from ..torch_reference import one_loss
from ..tree import Step
from .drawing import Arrays, Data, shapes
from .program import Program
from .reading import apply

Value = Tensor | list[Tensor]


@dataclass
class Answer:
    """What PyTorch says; `grads` are of the parameters, `dx` of the inputs that are real."""

    outputs: Arrays
    loss: float
    grads: Arrays
    dx: Arrays
    state: Arrays


class Run:
    """One forward pass of a program by PyTorch."""

    def __init__(
        self, program: Program, data: Data, dtype: torch.dtype, *, train: bool, leaves: bool = True
    ) -> None:
        self.program, self.data, self.dtype, self.train = program, data, dtype, train
        self.params = {k: self.leaf(v, leaves) for k, v in data.params.items()}
        self.inputs = {k: self.leaf(v, leaves) for k, v in data.inputs.items()}
        self.state = {k: torch.tensor(v, dtype=dtype) for k, v in data.state.items()}
        self.values: list[Value] = []

    def leaf(self, array: np.ndarray, wanted: bool = True) -> Tensor:
        """An array whose gradient is asked for, or ids."""
        if array.dtype.kind in "iu":
            return torch.tensor(array)
        return torch.tensor(array, dtype=self.dtype, requires_grad=wanted)

    def forward(self) -> Run:
        """Compute every step's value."""
        needed = self.program.needed
        for i, (step, t) in enumerate(zip(self.program.steps, self.program.types, strict=True)):
            if i not in needed:  # a value that nobody reads moves no running statistics
                self.values.append([])
            elif step.op == "input":
                x = self.inputs[str(step.attrs["name"])]
                self.values.append(self.rows(x) if t.ragged is not None else x)
            else:
                self.values.append(self.value(step, t.ragged))
        return self

    def rows(self, x: Tensor) -> list[Tensor]:
        """The rows of a ragged input, each (1, its length, …)."""
        assert self.data.lengths is not None
        return [x[i : i + 1, :n] for i, n in enumerate(self.data.lengths)]

    def value(self, step: Step, ragged: int | None) -> Value:
        """A step's value from those before."""
        xs = [self.values[i] for i in step.inputs]
        types = [self.program.types[i] for i in step.inputs]
        if not any(isinstance(x, list) for x in xs):
            return apply(step, xs, self.params, self.state, self.train)  # type: ignore[arg-type]
        axis = next(t.ragged for t in types if t.ragged is not None) + 1
        count = next(len(x) for x in xs if isinstance(x, list))
        found = []
        for i in range(count):
            rows = [x[i] if isinstance(x, list) else x[i : i + 1] for x in xs]
            least = min(row.shape[axis] for row in rows)
            rows = [row.narrow(axis, 0, least) for row in rows] if len(rows) > 1 else rows
            found.append(apply(step, rows, self.params, self.state, self.train))
        return found if ragged is not None else torch.cat(found)

    # losses

    def loss(self) -> Tensor:
        """The total with its penalties."""
        total = torch.zeros((), dtype=self.dtype)
        for term in self.program.losses:
            total = total + term.weight * self.one_loss(term)
        for name in self.program.weights:
            w = self.params[name]
            total = total + self.program.l1 * w.abs().sum() + self.program.l2 / 2 * (w * w).sum()
        return total

    def one_loss(self, term: LossTerm) -> Tensor:
        """One loss on the true positions, in PyTorch's reduction."""
        start, factor = logits_of(self.program, term)  # type: ignore[arg-type]
        z, target = self.values[start], self.data.targets[term.on]
        if not isinstance(z, list):
            return one_loss(term, z * factor, target)
        axis = self.program.types[start].ragged
        assert axis is not None
        goals = [
            target[i : i + 1].take(range(v.shape[axis + 1]), axis + 1) for i, v in enumerate(z)
        ]
        if term.ids or term.kind == "crossentropy":
            flat = torch.cat([v.flatten(0, -2) for v in z])
            shape = (-1,) if term.ids else (-1, flat.shape[-1])
            goal = np.concatenate([g.reshape(shape) for g in goals])
        elif "pos_weight" in term.args:
            flat = torch.cat([v.reshape(-1, v.shape[-1]) for v in z])
            goal = np.concatenate([g.reshape(-1, g.shape[-1]) for g in goals])
        else:
            flat = torch.cat([v.flatten() for v in z])[:, None]
            goal = np.concatenate([g.reshape(-1) for g in goals])[:, None]
        if term.reduction == "batchmean" or term.kind == "quadratic":
            value = one_loss(replace(term, reduction="sum"), flat * factor, goal)
            return value if term.reduction == "sum" else value / len(z)
        return one_loss(term, flat * factor, goal)

    def padded(self, step: int, shape: Sequence[int]) -> np.ndarray:
        """A step's value as an array of that shape, zeros where rows have ended."""
        value = self.values[step]
        if not isinstance(value, list):
            return value.detach().double().numpy()
        found = np.zeros(tuple(shape))
        for i, row in enumerate(value):
            found[(i, *(slice(n) for n in row.shape[1:]))] = row[0].detach().double().numpy()
        return found


def answer(
    program: Program, data: Data, dtype: torch.dtype = torch.float64, *, train: bool = False
) -> Answer:
    """Outputs, loss and all gradients; what the loss does not reach has gradient 0."""
    run = Run(program, data, dtype, train=train).forward()
    total = run.loss()
    real = {k: v for k, v in run.inputs.items() if v.requires_grad}
    leaves = [*run.params.values(), *real.values()]
    grads = torch.autograd.grad(total, leaves, materialize_grads=True) if leaves else ()
    arrays = [g.double().numpy() for g in grads]
    kept = dict(zip(run.params, arrays, strict=False))
    return Answer(
        outputs_of(run),
        total.item(),
        kept,
        dict(zip(real, arrays[len(kept) :], strict=True)),
        {k: v.double().numpy() for k, v in run.state.items()},
    )


def outputs_of(run: Run) -> Arrays:
    """Every output by name."""
    ends = list(run.program.outputs.values())
    made = zip(run.program.outputs, ends, shapes(run.program, run.data, ends), strict=True)
    return {name: run.padded(i, shape) for name, i, shape in made}
