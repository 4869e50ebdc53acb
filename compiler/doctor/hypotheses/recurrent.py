"""Mistakes in backpropagation through time: gate order, lost terms, truncation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import numpy as np

from ...ir.op_graph import Node
from ..anatomy import Anatomy
from ..interpreter import VALUES, Array, mistake
from ..interpreter.sequences import Step, steps_back
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, hypothesis
from .scale import data_nodes, gradients, places

GATES = {"lstm_back": ("i", "f", "g", "o"), "gru_back": ("r", "z", "n")}
"""The gates of a layer in the order of their blocks."""

NEAR = (1, 2, 3, 4, 5, 10)
"""Numbers of steps after which a gradient may have been truncated."""


# --- the ops of mutants -------------------------------------------------------------------


@mistake
def lstm_back_with_slip(
    tape: Array, wh: Array, dh: Array, lengths: Array | None = None, *, reverse: bool, slip: str
) -> Array:
    """The backward pass of an LSTM with one wrong line in the step."""

    def step(kept: Array, dht: Array, dc: Array) -> Step:
        return _lstm_step(kept, dht, dc, wh, slip)

    return steps_back(step, tape, dh, () if lengths is None else (lengths,), reverse)


def _lstm_step(kept: Array, dht: Array, dc: Array, wh: Array, slip: str) -> Step:
    i, f, g, o, before, _, _ = np.hsplit(kept, 7)
    cell = f * before + i * g
    squeezed = np.tanh(cell)
    if slip == "cell not carried":
        dc = np.zeros_like(dc)
    slopes = {"no slope of tanh(c)": np.ones_like(cell), "slope at c": 1 - cell**2}
    dc = dc + dht * o * slopes.get(slip, 1 - squeezed**2)
    pasts = {"f from c": cell, "no f": np.zeros_like(cell)}
    by_gate = [dc * g, dc * pasts.get(slip, before), dc * i]
    by_gate.append(dht * (cell if slip == "o from c" else squeezed))
    inner = {k: v * (1 - v) for k, v in {"i": i, "f": f, "o": o}.items()} | {"g": 1 - g**2}
    inner |= {"g": g * (1 - g)} if slip == "sigmoid's slope of g" else {}
    inner |= {k: np.ones_like(v) for k, v in inner.items() if slip == f"no slope of {k}"}
    dx = np.hstack([d * inner[gate] for gate, d in zip("ifgo", by_gate, strict=True)])
    if slip.startswith("order "):
        dx = in_order(dx, order=slip.removeprefix("order "))
    on = {"cell past f": dc, "cell by i": dc * i}.get(slip, dc * f)
    return dx, (0.0 if slip == "state not carried" else 1.0) * (dx @ wh.T), on


@mistake
def in_order(x: Array, *, order: str) -> Array:
    """Reorder the blocks of the last axis; `order` has a digit for each."""
    blocks = np.split(x, len(order), axis=-1)
    return np.concatenate([blocks[int(k)] for k in order], axis=-1)


@mistake
def cut_off(
    tape: Array,
    wh: Array,
    dh: Array,
    lengths: Array | None = None,
    *,
    core: str,
    near: int,
    chunks: bool,
    **attrs: Any,
) -> Array:
    """A truncated backward pass: gradients reach only near steps, or those of the same chunk."""
    steps = np.arange(dh.shape[1])
    chunk = (len(steps) - 1 - steps) // near  # counted from the end
    total = np.zeros_like(VALUES[core](tape, wh, dh, lengths, **attrs))
    for k in steps:
        own = chunk == k if chunks else steps == k
        reached = own if chunks else np.abs(steps - k) < near
        alone = dh * own[:, None]
        if alone.any():
            total = total + VALUES[core](tape, wh, alone, lengths, **attrs) * reached[:, None]
    return np.asarray(total)


@mistake
def one_step(x: Array, *, rows: int, step: int) -> Array:
    """x with zeros outside of one step (−1 is the last); the steps of a row are consecutive."""
    by_row = x.reshape(rows, -1, x.shape[-1])
    kept = np.zeros_like(by_row)
    kept[:, step] = by_row[:, step]
    return kept.reshape(x.shape)


# --- sites --------------------------------------------------------------------------------


def _cores(anatomy: Anatomy, *ops: str) -> list[Node]:
    """The ways back through time, but for those from or to a named first state."""
    nodes = (node for node in anatomy.graph if node.op in ops)
    return [n for n in nodes if not {"started", "cells"}.intersection(dict(n.attrs))]


def _lstm(
    anatomy: Anatomy, slip: str, what: str, formulas: tuple[str, str], rank: int = 0
) -> Iterator[Site]:
    """Yield a site in every LSTM at which one line of the step is wrong."""
    for node in _cores(anatomy, "lstm_back"):

        def change(edit: Edit, id: int = node.id) -> None:
            edit.computed_by(id, "lstm_back_with_slip", slip=slip)

        yield Site(
            node.origin.layer, (node.id,), f"{what} in {node.origin.layer}", *formulas, change,
            rank=rank,
        )  # fmt: skip


def _slips(*slips: tuple[str, str, tuple[str, str], int]) -> Callable[[Anatomy], Iterator[Site]]:
    def sites(anatomy: Anatomy) -> Iterator[Site]:
        for slip, what, formulas, rank in slips:
            yield from _lstm(anatomy, slip, what, formulas, rank)

    return sites


def _orders(anatomy: Anatomy) -> Iterator[Site]:
    for node in _cores(anatomy, *GATES):
        gates = GATES[node.op]
        stem = anatomy.name_of(node.inputs[1])[:-2]
        params = [n for n in anatomy.params if n.startswith(stem)]
        for order in permutations(range(len(gates))):
            word, moved = "".join(map(str, order)), sum(k != i for i, k in enumerate(order))
            if not moved:
                continue
            names = ", ".join(gates[k] for k in order)
            right = f"[{', '.join(gates)}]"
            if node.op == "lstm_back":
                what = f"the gates' gradients stand in the order {names}"
                yield from _lstm(anatomy, f"order {word}", what, (f"[{names}]", right), moved // 3)
            for group in ([p] for p in params):
                yield _ordered(anatomy, node, group, word, (f"[{names}]", right))
            yield _ordered(anatomy, node, params, word, (f"[{names}]", right))


def _ordered(
    anatomy: Anatomy, node: Node, params: list[str], word: str, formulas: tuple[str, str]
) -> Site:
    """Return a site with reordered blocks of some parameters' gradients."""
    nodes = data_nodes(anatomy, params)

    def change(edit: Edit) -> None:
        for id in nodes:
            edit.pass_through(id, "in_order", order=word)

    what = f"the gates' blocks in {gradients(params)} stand in the order {formulas[0][1:-1]}"
    what += f", those of the parameters in the order {formulas[1][1:-1]}"
    return Site(node.origin.layer, tuple(nodes), what, *formulas, change)


def _steps(anatomy: Anatomy, node: Node) -> int:
    return anatomy.values.number(node.type.shape[1])


def _cut(node: Node, near: int, chunks: bool) -> Change:
    def change(edit: Edit) -> None:
        edit.computed_by(node.id, "cut_off", core=node.op, near=near, chunks=chunks)

    return change


def _truncated(anatomy: Anatomy) -> Iterator[Site]:
    for node in _cores(anatomy, "lstm_back", "gru_back", "rnn_back"):
        layer = node.origin.layer
        for near in (n for n in NEAR if 1 < n < _steps(anatomy, node)):
            for chunks in (False, True):
                held = f"the last {near} steps" if not chunks else f"pieces of {near} steps"
                what = f"the gradient of {layer} goes back over {held} only"
                wrong = f"for t in reversed(range(T)[-{near}:])"
                right = "for t in reversed(range(T))"
                change = _cut(node, near, chunks)
                yield Site(layer, (node.id,), what, wrong, right, change, rank=int(chunks))


def _not_carried(anatomy: Anatomy) -> Iterator[Site]:
    for node in _cores(anatomy, "lstm_back", "gru_back", "rnn_back"):
        layer = node.origin.layer
        what = f"no gradient is carried from a step of {layer} to the one before it"
        formulas = ("dh = dh[t]", "dh = dh[t] + dh_next")
        yield Site(layer, (node.id,), what, *formulas, _cut(node, 1, False))
    yield from _slips(
        (
            "cell not carried",
            "the cell's gradient is not carried from step to step",
            ("dc = dh · o (1 − tanh²(c))", "dc = dc_next + dh · o (1 − tanh²(c))"),
            0,
        ),
        (
            "state not carried",
            "the state's gradient is not carried from step to step",
            ("dh = dh[t]", "dh = dh[t] + dz_next Whᵀ"),
            0,
        ),
    )(anatomy)


def _one_step_only(anatomy: Anatomy) -> Iterator[Site]:
    """Yield sums over steps reduced to the first or the last step."""
    summed = {name: found for name in anatomy.params if (found := _over_steps(anatomy, name))}
    for layer, names, rank in places(anatomy, list(summed)):
        uses = [use for name in names for use in summed[name]]
        for text, step in (("first", 0), ("last", -1)):

            def change(edit: Edit, uses: list[tuple[int, int]] = uses, step: int = step) -> None:
                for node, dz in uses:
                    one = edit.apply(dz, "one_step", dz, rows=anatomy.rows, step=step)
                    edit.reroute(node, dz, one)

            what = f"{gradients(names)} has the {text} step's part only, not the sum over the steps"
            nodes = tuple(node for node, _ in uses)
            formulas = ("dW = x_tᵀ dz_t", "dW = Σ x_tᵀ dz_t over t")
            yield Site(layer, nodes, what, *formulas, change, rank=rank)


def _over_steps(anatomy: Anatomy, param: str) -> list[tuple[int, int]]:
    """Return the nodes that sum a parameter's gradient over rows and steps, with their operands."""
    found = []
    for id in anatomy.of_data(param):
        node = anatomy.unscaled(id)
        while node.op in ("reshape", "transpose") and node.inputs:
            node = anatomy.graph[node.inputs[0]]
        if node.op not in ("matmul", "sum"):
            continue
        dz = anatomy.graph[node.inputs[-1]]
        sizes = [anatomy.values.number(n) for n in dz.type.shape]
        rows = sizes[0] * sizes[1] if len(sizes) == 3 else sizes[0]
        if len(sizes) in (2, 3) and rows > anatomy.rows and rows % anatomy.rows == 0:
            found.append((node.id, dz.id))
    return found


hypothesis(
    Hypothesis(
        slug="lstm-gate-order",
        title="the gates' gradients stand in another order than the gates",
        page="An LSTM computes its gates in one product and cuts it into blocks: input, forget, "
        "candidate, output (other books and libraries have another order). On the way back the "
        "blocks must be put together in the order in which they were cut.",
        wrong="dz = np.hstack([di, df, do, dg])   # cut as i, f, g, o",
        right="dz = np.hstack([di, df, dg, do])",
        sites=_orders,
        rank=3,
    )
)
hypothesis(
    Hypothesis(
        slug="lstm-forget",
        title="the forget gate's part of the chain rule is wrong",
        page="In c = f·c_before + i·g the forget gate multiplies the cell of the step before. So df "
        "is dc times that cell, not the new one, and what goes on to the step before is dc · f.",
        wrong="df = dc * c[t];  dc_next = dc",
        right="df = dc * c[t - 1];  dc_next = dc * f",
        sites=_slips(
            (
                "cell past f",
                "the cell's gradient goes to the step before without the forget gate",
                ("dc_before = dc", "dc_before = dc · f"),
                0,
            ),
            (
                "f from c",
                "the forget gate's gradient is taken from the cell behind the step",
                ("df = dc · c", "df = dc · c_before"),
                0,
            ),
            ("no f", "the forget gate has no gradient", ("df = 0", "df = dc · c_before"), 0),
            (
                "cell by i",
                "the cell's gradient goes to the step before by the input gate",
                ("dc_before = dc · i", "dc_before = dc · f"),
                0,
            ),
        ),
        rank=3,
    )
)
hypothesis(
    Hypothesis(
        slug="lstm-carry",
        title="a gradient is not carried from step to step",
        page="A state acts on the output of its own step and on all later steps. Going back, the "
        "gradient of a step is that of its own output plus what comes from the step behind it: "
        "dh_next for the state and, in an LSTM, dc_next for the cell.",
        wrong="dc = dh * o * (1 - np.tanh(c) ** 2)",
        right="dc = dc_next + dh * o * (1 - np.tanh(c) ** 2)",
        sites=_not_carried,
        rank=3,
    )
)
_GATE_SLOPES = tuple(
    (
        f"no slope of {gate}",
        f"the derivative of gate {gate} is missing",
        (
            f"dz = d{gate}",
            f"dz = d{gate} · {'(1 − g²)' if gate == 'g' else f'{gate} (1 − {gate})'}",
        ),
        0,
    )
    for gate in "ifgo"
)
hypothesis(
    Hypothesis(
        slug="lstm-derivative",
        title="a derivative inside an LSTM's step is missing or taken at the wrong value",
        page="A step has five activations: sigmoids at the gates i, f and o, a tanh at the candidate "
        "g, and a tanh of the cell before it is handed on. Each has its slope in the way back, "
        "taken at its own value: the last one is 1 − tanh²(c), not 1 − c².",
        wrong="dc = dh * o * (1 - c**2)",
        right="dc = dh * o * (1 - np.tanh(c) ** 2)",
        sites=_slips(
            (
                "no slope of tanh(c)",
                "the derivative of tanh(c) is missing",
                ("dc = dc_next + dh · o", "dc = dc_next + dh · o (1 − tanh²(c))"),
                0,
            ),
            (
                "slope at c",
                "the derivative of tanh(c) is taken from c where its formula wants tanh(c)",
                ("dc = dc_next + dh · o (1 − c²)", "dc = dc_next + dh · o (1 − tanh²(c))"),
                0,
            ),
            (
                "o from c",
                "the output gate's gradient is taken from c, not from tanh(c)",
                ("do = dh · c", "do = dh · tanh(c)"),
                0,
            ),
            (
                "sigmoid's slope of g",
                "the candidate g is a tanh, but has a sigmoid's derivative",
                ("dz = dg · g (1 − g)", "dz = dg · (1 − g²)"),
                0,
            ),
            *_GATE_SLOPES,
        ),
        rank=3,
    )
)
hypothesis(
    Hypothesis(
        slug="lstm-truncated",
        title="the gradient goes back over some steps only",
        page="Backpropagation through time goes through all steps. Cut off after a few, it is "
        "cheaper and still often learns, but it is another gradient: what an early step does to a "
        "late output is not seen.",
        wrong="for t in reversed(range(T - 2, T)):",
        right="for t in reversed(range(T)):",
        sites=_truncated,
        rank=4,
    )
)
hypothesis(
    Hypothesis(
        slug="time-sum-missing",
        title="of a sum over the steps only one step's part is there",
        page="The same weights work at every step, so their gradient is the sum of what every step "
        "contributes. With `=` in the loop where `+=` is needed, the step that comes last wins; "
        "going back, that is the first step.",
        wrong="for t in reversed(range(T)): dW = x[t].T @ dz[t]",
        right="for t in reversed(range(T)): dW += x[t].T @ dz[t]",
        sites=_one_step_only,
        rank=2,
    )
)
