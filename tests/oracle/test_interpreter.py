"""Generated modules against the interpreter of the op graph, which shares no code with the templates.

Every example and golden spec, and random programs over all kinds of layers, with padded rows,
running statistics, dropout and noise: outputs, loss, every gradient. NNC_ORACLE_PROGRAMS=500
tries that many programs instead of 30.
"""

from __future__ import annotations

import itertools
import os
from inspect import signature
from types import ModuleType

import numpy as np
import pytest
from nnc.doctor.interpreter import VALUES, Evaluation, Leaves
from nnc.doctor.reference import Reference
from nnc.driver import check
from nnc.ops import OPS
from nnc.ops.source import LEAVES, RANDOM
from nnc.source import Source

from ..generated import ROOT, in_float64, keywords_for, random_batch
from .all_layers.drawing import draw
from .all_layers.program import Program
from .all_layers.whole import program
from .draws import error
from .generated import load, module

COUNT = int(os.environ.get("NNC_ORACLE_PROGRAMS", "30"))
SPECS = [
    path
    for folder in ("examples", "tests/golden")
    for path in sorted((ROOT / folder).rglob("*.nn"))
    if path.name != "no_loss.nn"
]
TOLERANCE = 1e-10
SHAKE = 1e-13
"""By how much numbers are moved to see what a program makes of rounding."""

LEFT_OUT = {
    "conv_flat": "another way to compute conv, chosen at -O1",
    "conv_weights_flat": "another way to compute conv_weights, chosen at -O1",
    "conv_winograd": "another way to compute conv, chosen at -O1",
    "conv_weights_winograd": "another way to compute conv_weights, chosen at -O1",
    "room": "memory that the others of -O1 work in",
    "turned_kernel": "what those other ways make of a kernel",
    "local_dw_rows": "only the gradients of single rows have it",
    **dict.fromkeys(("recent", "so_far", "position_code", "row_at"), "only a step has it"),
}
"""Ops that no training step has before it is optimised."""


def test_every_op_has_a_value_or_a_reason():
    assert {*VALUES, *LEAVES, *LEFT_OUT} == set(OPS)
    assert not LEFT_OUT.keys() & VALUES.keys()


def drawn_for(reference: Reference, leaves: Leaves, rng: np.random.Generator):
    """The masks and the noise that a module draws from the same numbers, in the same order."""
    found = {}
    values = reference.evaluate(leaves)
    outputs = reference.graph.outputs  # values that nothing needs are among them by their names
    needed = {i for name, i in outputs.items() if not name.startswith("value:")}
    for node in reversed(tuple(reference.graph)):
        needed.update(node.inputs if node.id in needed else ())
    for node in reference.graph:
        if node.op in RANDOM and node.id in needed:
            shape = tuple(values.number(n) for n in node.type.shape)
            if node.op == "dropout_mask":
                array = (rng.random(shape) >= node.real("rate")) / (1 - node.real("rate"))
            else:
                array = node.real("std") * rng.standard_normal(shape)
            found[node.word("name")] = array
    return found


def by_module(made: ModuleType, params, x, target, words):
    """Outputs, loss and gradients by a generated module."""
    if "rng" in signature(made.forward).parameters and words.get("train"):
        words = {**words, "rng": np.random.default_rng(7)}
    state = words.get("state")
    words = {**words, "state": {k: v.copy() for k, v in state.items()}} if state else words
    y, cache = made.forward(params, x, **words)
    outputs = y if isinstance(y, dict) else {next(iter(made.OUTPUTS)): y}
    loss = made.loss(params, cache, target)
    return outputs, loss, made.backward(params, cache, target)


def by_interpreter(reference: Reference, params, x, target, words) -> Evaluation:
    """The same by the interpreter."""
    leaves = reference.leaves(
        params,
        x,
        target,
        state=words.get("state"),
        lengths=words.get("lengths"),
        train=bool(words.get("train")),
    )
    if leaves.train:
        masks = drawn_for(reference, leaves, np.random.default_rng(7))
        leaves = reference.leaves(
            params,
            x,
            target,
            state=words.get("state"),
            lengths=words.get("lengths"),
            drawn=masks,
        )
    return reference.evaluate(leaves)


def differences(values: Evaluation, graph, answer, floor: float = 1e-4) -> dict[str, float]:
    """The relative error of everything in a module's answer."""
    outputs, loss, grads = answer
    wanted = {name: values[graph.outputs[f"grad:{name}"]] for name in grads}
    largest = max((float(np.abs(g).max()) for g in wanted.values()), default=1.0)
    largest = largest if largest > 1e-7 else 1.0
    errors = {f"out:{n}": error(v, values[graph.outputs[f"out:{n}"]]) for n, v in outputs.items()}
    errors["total"] = error(np.array(loss), values[graph.outputs["total"]], floor * largest)
    for name, g in grads.items():
        zero = float(np.abs(wanted[name]).max(initial=0)) < 1e-9 * largest
        errors[f"grad:{name}"] = error(g, wanted[name], largest if zero else floor * largest)
    return errors


def references(text: str) -> list[Reference]:
    """The training step as it was made, and simplified."""
    typed = check(Source("spec.nn", text)).graph
    assert typed is not None
    return [Reference.from_network(typed, level) for level in (None, 0)]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_agree(path):
    text = in_float64(path.read_text("utf-8"))
    made = module(text, 0)
    x, target = random_batch(made, 3)
    rng = np.random.default_rng(3)
    params = {k: v + 0.1 * rng.normal(size=v.shape) for k, v in made.init_params(0).items()}
    words = keywords_for(made, x)
    if "train" in signature(made.forward).parameters:
        words["train"] = True
    answer = by_module(made, params, x, target, words)
    for reference in references(text):
        values = by_interpreter(reference, params, x, target, words)
        errors = differences(values, reference.graph, answer)
        assert max(errors.values()) <= TOLERANCE, errors


@pytest.mark.parametrize("ragged", ["", " ragged"])
@pytest.mark.parametrize("source", ["lstm", "gru"])
@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_layers_with_a_first_state_agree(kind, source, ragged):
    text = (
        f"input Sx3{ragged} as s -> {source} 4 layers=2 as m\ninput Tx2{ragged} as x -> [{kind} 4 "
        f"start=m, {kind} 4 reverse=true layers=2 start=m] -> add -> dense 2\nloss mse\n"
    )
    made = module(in_float64(text), 0)
    x, target = random_batch(made, 3)
    params = made.init_params(0)
    answer = by_module(made, params, x, target, words := keywords_for(made, x))
    for reference in references(in_float64(text)):
        values = by_interpreter(reference, params, x, target, words)
        errors = differences(values, reference.graph, answer)
        assert max(errors.values()) <= TOLERANCE, errors


@pytest.mark.parametrize("seed", range(9000, 9000 + COUNT))
def test_random_programs_agree(seed):
    made = runnable(seed)
    generated = module(made.text("float64"), 0)
    first, *others = references(made.text("float64"))
    for attempt in range(12):
        rng = np.random.default_rng([seed, attempt])
        train = bool(attempt % 2) and bool(made.state or made.noisy)
        data = draw(made, rng, narrow=False, train=train)
        if data is None:
            continue
        x, target, words = arguments(made, data, generated, train)
        values = by_interpreter(first, data.params, x, target, words)
        if not steady(first, values, data, x, target, words):
            continue
        answer = by_module(generated, data.params, x, target, words)
        for reference in (first, *others):
            values = by_interpreter(reference, data.params, x, target, words)
            errors = differences(values, reference.graph, answer)
            assert max(errors.values()) <= TOLERANCE, f"{errors}\n{made.text('float64')}"
        if train or not (made.state or made.noisy):
            return
    pytest.fail("no numbers found that this program does not magnify")


def runnable(seed: int) -> Program:
    """The program of a seed, or of the first one behind it that runs on rows of moderate length."""
    for other in itertools.count(seed, 10000):
        made = program(other, wild=0.0)
        if made.reason is None and any(made.fits(T=n, S=n) for n in range(1, 16)):
            return made
    raise AssertionError


def arguments(made, data, generated: ModuleType, train: bool):
    """What forward and loss take: padding holds junk, arrays stand alone where there is one."""
    inputs = {name: array.copy() for name, array in data.inputs.items()}
    words: dict[str, object] = {}
    if data.lengths is not None:
        for name in made.ragged:
            for row, length in zip(inputs[name], data.lengths, strict=True):
                row[length:] = np.nan if row.dtype.kind == "f" else -7
        words["lengths"] = alone(dict.fromkeys(made.ragged, data.lengths))
    if made.state:
        words["state"] = data.state
    if "train" in signature(generated.forward).parameters:
        words["train"] = train
    return alone(inputs), alone(data.targets), words


def alone(arrays):
    return next(iter(arrays.values())) if len(arrays) == 1 else arrays


def steady(reference, values, data, x, target, words) -> bool:
    """Whether the answer hardly changes with the last digits of the parameters."""
    rng = np.random.default_rng(1)
    moved = {k: v * (1 + SHAKE * rng.normal(size=v.shape)) for k, v in data.params.items()}
    near = by_interpreter(reference, moved, x, target, words)
    graph = reference.graph
    names = [n for n in graph.outputs if n.partition(":")[0] in ("grad", "out", "total")]
    if not all(np.isfinite(values[graph.outputs[n]]).all() for n in names):
        return False
    answer = (
        {n: near[i] for n, i in graph.outputs_for("out").items()},
        float(near[graph.outputs["total"]]),
        {n: near[i] for n, i in graph.outputs_for("grad").items()},
    )
    return max(differences(values, graph, answer).values()) < 1000 * SHAKE


@pytest.mark.parametrize("op", ["matmul", "sum", "sigmoid", "scale", "crossentropy"])
def test_a_wrong_value_is_seen(op, monkeypatch):
    right = VALUES[op]
    monkeypatch.setitem(VALUES, op, lambda *xs, **words: 1.001 * right(*xs, **words))
    with pytest.raises(AssertionError):
        test_specs_agree(ROOT / "examples" / "mnist.nn")


def test_a_wrong_module_is_seen(monkeypatch):
    text = in_float64((ROOT / "examples" / "mnist.nn").read_text("utf-8"))
    from .generated import code

    right = code(text, 0)
    wrong = right.replace("* dense1 * (1 - dense1)", "* dense1 * dense1")
    assert wrong != right
    monkeypatch.setitem(globals(), "module", lambda text, level: load(wrong))
    with pytest.raises(AssertionError):
        test_specs_agree(ROOT / "examples" / "mnist.nn")
