"""Attention, and recurrent cores, which are computed step by step.

A tape has the values of each step that the backward pass needs, here in an order private to this
file; other ops only read the last two blocks, the states before and after the step.
"""

# NumPy has Any for what arithmetic on arrays of any kind gives.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .nonlinear import elu, leaky_relu, relu, sigmoid, softplus, softsign
from .registry import Array, value

# --- attention ----------------------------------------------------------------------------


@value
def batch_matmul(a: Array, b: Array) -> Array:
    """The product of the matrices in the last two axes."""
    return np.einsum("...ij,...jk->...ik", a, b, optimize=True)


@value
def split_heads(x: Array, *, rows: tuple[int, int], heads: int) -> Array:
    """Reshape (B·T, D) to (B, heads, T, D/heads)."""
    return np.stack(np.split(x.reshape(*rows, -1), heads, axis=-1), axis=1)


@value
def merge_heads(x: Array, *, rows: tuple[int, int]) -> Array:
    """Reshape (B, heads, T, D/heads) to (B·T, D), with the heads side by side."""
    return np.concatenate(list(x.swapaxes(0, 1)), axis=-1).reshape(rows[0] * rows[1], -1)


@value
def positions(x: Array) -> Array:
    """sin(t / 10000^(2i/D)) in column 2i, the cosine in column 2i + 1."""
    length, size = x.shape[-2:]
    table = np.empty((length, size))
    for column in range(size):
        wave = (np.sin, np.cos)[column % 2]
        table[:, column] = wave(np.arange(length) / 10000 ** ((column - column % 2) / size))
    return table


# --- recurrent cores ----------------------------------------------------------------------


def _steps(count: int, reverse: bool) -> Iterator[int]:
    yield from range(count - 1, -1, -1) if reverse else range(count)


def _alive(lengths: Array | None, t: int, like: Array) -> Array:
    """1 in rows with a step t, 0 in others."""
    return np.ones((len(like), 1)) if lengths is None else (t < lengths)[:, None] * 1.0


def _begins(more: tuple[Array, ...], started: bool, x: Array, reverse: bool) -> Begin:
    """What stands behind a core's operands: lengths, and the state that it begins with."""
    start = more[-1] if started else None
    lengths = next(iter(more[: len(more) - started]), None)
    ends = np.full(len(x), x.shape[1]) if lengths is None else lengths
    return Begin(lengths, start, ends - 1 if reverse else np.zeros(len(x), int))


@dataclass(frozen=True, slots=True)
class Begin:
    """The rows' lengths, the state that they begin with, and the step in which each begins."""

    lengths: Array | None
    start: Array | None
    first: Array

    def put(self, t: int, *states: Array) -> list[Array]:
        """The states before step t: the first ones in rows that begin there."""
        if self.start is None:
            return list(states)
        given = np.hsplit(self.start, len(states))
        here = (self.first == t)[:, None]
        return [np.where(here, new, old) for new, old in zip(given, states, strict=True)]


SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

CELLS: dict[str, Callable[[Array, float], Array]] = {
    "tanh": lambda z, _: np.tanh(z),
    "relu": lambda z, _: relu(z),
    "leaky_relu": lambda z, a: leaky_relu(z, slope=a),
    "elu": lambda z, a: elu(z, alpha=a),
    "selu": lambda z, _: SELU_SCALE * elu(z, alpha=SELU_ALPHA),
    "softplus": lambda z, _: softplus(z),
    "softsign": lambda z, _: softsign(z),
    "sigmoid": lambda z, beta: sigmoid(beta * z),
    "hard_sigmoid": lambda z, _: np.clip(z / 6 + 0.5, 0, 1),
    "hard_tanh": lambda z, _: np.clip(z, -1, 1),
    "id": lambda z, _: z,
}
"""The activations of a simple cell."""

SLOPES: dict[str, Callable[[Array, float], Array]] = {
    "tanh": lambda h, _: 1 - h**2,
    "relu": lambda h, _: np.where(h > 0, 1.0, 0.0),
    "leaky_relu": lambda h, a: np.where(h > 0, 1.0, a),
    "elu": lambda h, a: np.where(h > 0, 1.0, h + a),
    "selu": lambda h, _: np.where(h > 0, SELU_SCALE, h + SELU_SCALE * SELU_ALPHA),
    "softplus": lambda h, _: 1 - np.exp(-h),
    "softsign": lambda h, _: (1 - np.abs(h)) ** 2,
    "sigmoid": lambda h, beta: beta * h * (1 - h),
    "hard_sigmoid": lambda h, _: np.where((h > 0) & (h < 1), 1 / 6, 0.0),
    "hard_tanh": lambda h, _: np.where(np.abs(h) < 1, 1.0, 0.0),
    "id": lambda h, _: np.ones_like(h),
}
"""The derivatives as functions of the value."""


Step = tuple[Array, Array, Array]
"""The gradients from one step: of its z, of the previous state, of the previous cell."""

StepBack = Callable[[Array, Array, Array], Step]
"""One backward step, from the tape, the gradient of the state, and that of the cell."""


def steps_back(
    step: StepBack,
    tape: Array,
    dh: Array,
    more: tuple[Array, ...],
    reverse: bool,
    started: bool = False,
    size: int = 0,
) -> Array:
    """The gradients of z at every step, from the last step to the first; zero in padding.

    Behind the operands stand `more`: lengths, and with `started` a first state, whose gradient is
    one more step of the result. `dh` has the gradients of states of `size`, and of cells if wider.
    """
    begin = _begins(more, started, dh, reverse)
    size = size or dh.shape[2]
    carried = cell = np.zeros((len(dh), size))
    first = np.zeros((len(dh), 2 * size))
    found: dict[int, Array] = {}
    for t in _steps(dh.shape[1], not reverse):
        alive = _alive(begin.lengths, t, dh)
        if dh.shape[2] > size:
            cell = cell + dh[:, t, size:] * alive
        dz, carried, cell = step(tape[:, t], (dh[:, t, :size] + carried) * alive, cell)
        found[t] = dz * alive
        carried, cell = carried * alive, cell * alive
        first = np.where((begin.first == t)[:, None], np.hstack([carried, cell]), first)
    steps = [found[t] for t in sorted(found)]
    if begin.start is None:
        return np.stack(steps, axis=1)
    last = np.zeros_like(steps[0])
    last[:, : begin.start.shape[1]] = first[:, : begin.start.shape[1]]
    return np.stack([*steps, last], axis=1)


@value
def rnn_tape(
    x: Array, wh: Array, *more: Array, act: str, number: float, reverse: bool, started: bool = False
) -> Array:
    """h = act(x_t + h Wh); the states before and after every step."""
    h, tape = np.zeros((len(x), len(wh))), np.zeros((*x.shape[:2], 2 * len(wh)))
    begin = _begins(more, started, x, reverse)
    for t in _steps(x.shape[1], reverse):
        [before] = begin.put(t, h)
        h = CELLS[act](x[:, t] + before @ wh, number) * _alive(begin.lengths, t, x)
        tape[:, t] = np.hstack([before, h])
    return tape


@value
def rnn_back(
    tape: Array,
    wh: Array,
    dh: Array,
    *more: Array,
    act: str,
    number: float,
    reverse: bool,
    started: bool = False,
) -> Array:
    """dz = dh · act′, from the last step back; dz Whᵀ is added to dh of the previous step."""

    def step(kept: Array, dht: Array, _: Array) -> Step:
        dx = dht * SLOPES[act](kept[:, len(wh) :], number)
        return dx, dx @ wh.T, _

    return steps_back(step, tape, dh, more, reverse, started)


@value
def lstm_tape(
    x: Array, wh: Array, *more: Array, reverse: bool, started: bool = False, cells: bool = False
) -> Array:
    """c = f c + i g, h = o tanh(c). On the tape: i, f, g, o, the previous cell, the states.

    The new cell is not stored: it follows from the gates and the previous cell.
    """
    size = len(wh)
    c = h = np.zeros((len(x), size))
    tape = np.zeros((*x.shape[:2], 7 * size))
    begin = _begins(more, started, x, reverse)
    for t in _steps(x.shape[1], reverse):
        before, cell = begin.put(t, h, c)
        zi, zf, zg, zo = np.hsplit(x[:, t] + before @ wh, 4)
        i, f, g, o = sigmoid(zi), sigmoid(zf), np.tanh(zg), sigmoid(zo)
        c = (f * cell + i * g) * _alive(begin.lengths, t, x)
        h = o * np.tanh(c)
        tape[:, t] = np.hstack([i, f, g, o, cell, before, h])
    return tape


def lstm_step(kept: Array, dht: Array, dc: Array) -> tuple[list[Array], Array]:
    """The gradients of the gates' z and of the previous cell, from those of state and cell."""
    i, f, g, o, cell, _, _ = np.hsplit(kept, 7)
    squeezed = np.tanh(f * cell + i * g)
    dc = dc + dht * o * (1 - squeezed**2)
    di, df, dg, do = dc * g, dc * cell, dc * i, dht * squeezed
    return [di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], dc * f


@value
def lstm_back(
    tape: Array,
    wh: Array,
    dh: Array,
    *more: Array,
    reverse: bool,
    started: bool = False,
    cells: bool = False,
) -> Array:
    """The chain rule, step by step from the last; dc and dh are carried to the previous step."""

    def step(kept: Array, dht: Array, dc: Array) -> Step:
        gates, before = lstm_step(kept, dht, dc)
        dx = np.hstack(gates)
        return dx, dx @ wh.T, before

    return steps_back(step, tape, dh, more, reverse, started, len(wh))


@value
def gru_tape(
    x: Array, wh: Array, bh: Array, *more: Array, reverse: bool, started: bool = False
) -> Array:
    """u = h Wh + bh; r, z = σ(x + u), n = tanh(x + r u), h = (1 − z) n + z h.

    On the tape: r, z, n, the third part of u, the states.
    """
    size = len(wh)
    h, tape = np.zeros((len(x), size)), np.zeros((*x.shape[:2], 6 * size))
    begin = _begins(more, started, x, reverse)
    for t in _steps(x.shape[1], reverse):
        [before] = begin.put(t, h)
        xr, xz, xn = np.hsplit(x[:, t], 3)
        ur, uz, un = np.hsplit(before @ wh + bh, 3)
        r, z = sigmoid(xr + ur), sigmoid(xz + uz)
        n = np.tanh(xn + r * un)
        h = ((1 - z) * n + z * before) * _alive(begin.lengths, t, x)
        tape[:, t] = np.hstack([r, z, n, un, before, h])
    return tape


@value
def gru_back(
    tape: Array, wh: Array, dh: Array, *more: Array, reverse: bool, started: bool = False
) -> Array:
    """The chain rule, step by step from the last."""

    def step(kept: Array, dht: Array, _: Array) -> Step:
        r, z, n, un, before, _h = np.hsplit(kept, 6)
        dn = dht * (1 - z) * (1 - n**2)
        dz = dht * (before - n) * z * (1 - z)
        dr = dn * un * r * (1 - r)
        return np.hstack([dr, dz, dn]), dht * z + np.hstack([dr, dz, dn * r]) @ wh.T, _

    return steps_back(step, tape, dh, more, reverse, started)


@value
def gru_hidden(dx: Array, tape: Array) -> Array:
    """The gradient of u from that of x: they differ by the factor r in the third part."""
    size = dx.shape[2] // 3
    r = tape[:, :, :size]
    return np.concatenate([dx[:, :, : 2 * size], dx[:, :, 2 * size :] * r], axis=2)
