"""From nodes to stages of a spec: what rules see and emit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto

from ..registry import rules_for
from .faults import CannotImport, Fault, Unsupported
from .network import BATCH, Array, Network, Size, stand_in

Weights = Mapping[str, Array]


@dataclass(slots=True)
class Stage:
    """One stage of the spec: its text, the stages it takes, its weights by their last name.

    `shape` are the sizes of one row, `activation` what is written behind the stage, with the
    weights that it has itself.
    """

    text: str
    inputs: tuple[int, ...]
    shape: tuple[Size, ...]
    weights: Weights = field(default_factory=dict)
    activation: str = ""
    slopes: Weights = field(default_factory=dict)


class Form(Enum):
    """How a value of the file holds a stage's value.

    PLAIN as it is; FLAT with batch and positions in one axis; STEPS_FIRST (T, B, D);
    DIRECTIONS (T, 1, B, H) of a recurrent operator; CHANNELS_LAST (B, H, W, C) or (B, L, C).
    """

    PLAIN = "plain"
    FLAT = "flat"
    STEPS_FIRST = "steps first"
    DIRECTIONS = "directions"
    CHANNELS_LAST = "channels last"


@dataclass(frozen=True, slots=True)
class View:
    """A value of the file: the stage whose value it holds, and how."""

    stage: int
    form: Form = Form.PLAIN


Rule = Callable[["Translation", NodeProto], None]

RULES: dict[str, Rule] = {}
"""How each ONNX operator is read, by its name."""


reads = rules_for(RULES, "operator")
"""Enters a function as the rule of these operators."""


class Translation:
    """The stages so far, and where each value of the file is found among them."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self.stages: list[Stage] = []
        self.inputs: list[int] = []
        self.views: dict[str, View] = {}
        self.done: set[str] = set()
        self.notes: list[str] = []
        self.lost: set[str] = set()

    # --- what a rule asks -----------------------------------------------------------------

    def view(self, name: str) -> View:
        """Where a value is found; raises Unsupported if it is a constant."""
        if name not in self.views:
            what = "a constant" if name in self.net.constants else "a value"
            raise Unsupported(f"it takes {what} where nnc has the value of a stage")
        return self.views[name]

    def settled(self, name: str) -> View:
        """Where a value is found, its last axis being that of the stage."""
        view = self.view(name)
        return View(self.plain(name)) if view.form is Form.CHANNELS_LAST else view

    def plain(self, name: str) -> int:
        """The stage of a value that holds it as it is; its row is brought to the file's shape."""
        view = self.view(name)
        if view.form is Form.CHANNELS_LAST:
            return self._channels_last(name, view.stage)
        if view.form is not Form.PLAIN:
            raise Unsupported(f"its operand has its axes in another order ({view.form.value})")
        row = self.net.row(name)
        if row == self.stages[view.stage].shape:
            return view.stage
        return self.reshaped(view.stage, row)

    def _channels_last(self, name: str, stage: int) -> int:
        """The stage with its channels moved to the end, which the value then holds as it is."""
        first, *rest = self.stages[stage].shape
        text = "transpose" if len(rest) == 1 else "permute 1 2 0"
        made = self.stage(text, [stage], (*rest, first))
        self.give(name, made)
        return made

    def reshaped(self, stage: int, row: tuple[Size, ...]) -> int:
        """A stage's value in another shape."""
        if len(row) == 1:
            return self.stage("flatten", [stage], row)
        return self.stage(f"reshape {shape_text(row)}", [stage], row)

    def constant(self, name: str) -> Array | None:
        """The numbers of a constant, or None if the value is computed."""
        return self.net.constants.get(name)

    def weights(self, name: str, what: str) -> Array:
        """The numbers of a constant; raises Unsupported if the value is computed."""
        array = self.constant(name)
        if array is None:
            raise Unsupported(f"its {what} are computed, not stored")
        return array

    def wholes(self, name: str) -> list[int]:
        """A constant of whole numbers as a list."""
        return [int(i) for i in np.ravel(self.weights(name, "sizes"))]

    # --- what a rule does -----------------------------------------------------------------

    def stage(
        self, text: str, inputs: Sequence[int], shape: tuple[Size, ...], **weights: Array
    ) -> int:
        """Append a stage and return its number."""
        self.stages.append(Stage(text, tuple(inputs), tuple(shape), weights))
        return len(self.stages) - 1

    def give(self, name: str, stage: int, form: Form = Form.PLAIN) -> None:
        """Say where a value of the file is found."""
        self.views[name] = View(stage, form)
        if form is Form.PLAIN:  # for values whose shapes ONNX does not infer
            self.net.shapes.setdefault(name, (BATCH, *map(stand_in, self.stages[stage].shape)))

    def skip(self, *nodes: NodeProto | None) -> None:
        """Nodes that a rule has read together with its own."""
        self.done.update(node.output[0] for node in nodes if node is not None)

    def note(self, text: str) -> None:
        """Something that the reader of the spec should know."""
        if text not in self.notes:
            self.notes.append(text)


def translate(net: Network) -> Translation:
    """All nodes as stages; raises CannotImport with a fault for each node that cannot be."""
    import_module(f"{__package__}.rules")  # which enters every rule
    t = Translation(net)
    for given in net.inputs:
        kind = "" if given.type in (TensorProto.FLOAT, TensorProto.DOUBLE) else " int"
        text = f"input {shape_text(given.shape)}{kind}"
        t.inputs.append(t.stage(text, (), given.shape))
        t.give(given.name, t.inputs[-1])
    for name in net.classes:
        t.note(
            f"The output {name}, the class itself, is left out: it is that of the largest score."
        )
    faults: list[Fault] = []
    for node in net.nodes:
        fault = _read(t, node)
        if fault is not None:
            faults.append(fault)
    if faults:
        raise CannotImport(faults)
    return t


def _read(t: Translation, node: NodeProto) -> Fault | None:
    """Read a node unless another one has; those behind a faulty node are not judged."""
    if node.output[0] in t.done:
        return None
    if t.lost.intersection(node.input):
        t.lost.update(node.output)
        return None
    rule = RULES.get(node.op_type)
    try:
        if rule is None:
            raise Unsupported("nnc has no layer that computes this", _help(node))
        rule(t, node)
    except Unsupported as error:
        t.lost.update(node.output)
        return Fault(node.name or node.output[0], node.op_type, error.why, error.help)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        # A rule trusts attributes and shapes to fit; in a damaged file they need not.
        t.lost.update(node.output)
        return Fault(
            node.name or node.output[0], node.op_type, "its attributes do not fit its operands"
        )
    return None


def _help(node: NodeProto) -> str:
    if any(a.HasField("g") for a in node.attribute):
        return "a spec has no loops and branches: export the network without them"
    return "cut the model in front of it, or write a formula (`fn`) for it"


def shape_text(row: Sequence[Size]) -> str:
    """Sizes as a spec writes them: `3x28x28`."""
    return "x".join(map(str, row))


def number_text(value: Any) -> str:
    """A number as a spec writes it, with the digits of its own width."""
    text = str(np.asarray(value)[()] + np.asarray(value).dtype.type(0))  # −0 is 0
    return text.removesuffix(".0")


def numbers_text(values: Array) -> str:
    """One number, or a list."""
    flat = np.ravel(values)
    if flat.size == 1 or (flat == flat[0]).all():
        return f"({number_text(flat[0])})" if flat[0] < 0 else number_text(flat[0])
    return f"[{', '.join(map(number_text, flat))}]"


def option(name: str, value: Any, default: Any) -> str:
    """An argument as text, nothing where it is the default."""
    return "" if value == default else f" {name}={value}"


def windows(values: Sequence[int]) -> str:
    """A size on every axis as text: one number where they are equal."""
    return str(values[0]) if len(set(values)) == 1 else "x".join(map(str, values))
