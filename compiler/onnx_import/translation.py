"""Translation of nodes to stages of a spec: the interface of the rules."""

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
    """One stage of the spec: its text, its input stages, its weights by the last part of their names.

    `shape` are the sizes of one row, `activation` is the trailing activation, with its own
    weights.
    """

    text: str
    inputs: tuple[int, ...]
    shape: tuple[Size, ...]
    weights: Weights = field(default_factory=dict)
    activation: str = ""
    slopes: Weights = field(default_factory=dict)


class Form(Enum):
    """The layout in which a value of the file holds a stage's value.

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
    """The stages so far, and the view of each value of the file on them."""

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
        """Return the view of a value; raises Unsupported if it is a constant."""
        if name not in self.views:
            what = "a constant" if name in self.net.constants else "a value"
            raise Unsupported(f"it takes {what} where nnc has the value of a stage")
        return self.views[name]

    def settled(self, name: str) -> View:
        """Return the view of a value whose last axis is that of the stage."""
        view = self.view(name)
        return View(self.plain(name)) if view.form is Form.CHANNELS_LAST else view

    def plain(self, name: str) -> int:
        """Return the stage of a value in the PLAIN form, reshaped to the file's shape."""
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
        """Return the stage with its channels moved to the end, which is the value's PLAIN form."""
        first, *rest = self.stages[stage].shape
        text = "transpose" if len(rest) == 1 else "permute 1 2 0"
        made = self.stage(text, [stage], (*rest, first))
        self.give(name, made)
        return made

    def reshaped(self, stage: int, row: tuple[Size, ...]) -> int:
        """Return the stage that reshapes a stage's value."""
        if len(row) == 1:
            return self.stage("flatten", [stage], row)
        return self.stage(f"reshape {shape_text(row)}", [stage], row)

    def constant(self, name: str) -> Array | None:
        """Return the numbers of a constant, or None if the value is computed."""
        return self.net.constants.get(name)

    def weights(self, name: str, what: str) -> Array:
        """Return the numbers of a constant; raises Unsupported if the value is computed."""
        array = self.constant(name)
        if array is None:
            raise Unsupported(f"its {what} are computed, not stored")
        return array

    def wholes(self, name: str) -> list[int]:
        """Return a constant of integers as a list."""
        return [int(i) for i in np.ravel(self.weights(name, "sizes"))]

    # --- what a rule does -----------------------------------------------------------------

    def stage(
        self, text: str, inputs: Sequence[int], shape: tuple[Size, ...], **weights: Array
    ) -> int:
        """Append a stage and return its number."""
        self.stages.append(Stage(text, tuple(inputs), tuple(shape), weights))
        return len(self.stages) - 1

    def give(self, name: str, stage: int, form: Form = Form.PLAIN) -> None:
        """Set the view of a value of the file."""
        self.views[name] = View(stage, form)
        if form is Form.PLAIN:  # ONNX may not have inferred its shape
            self.net.shapes.setdefault(name, (BATCH, *map(stand_in, self.stages[stage].shape)))

    def skip(self, *nodes: NodeProto | None) -> None:
        """Mark nodes that a rule has translated together with its own."""
        self.done.update(node.output[0] for node in nodes if node is not None)

    def note(self, text: str) -> None:
        """Add a note for the reader of the spec."""
        if text not in self.notes:
            self.notes.append(text)


def translate(net: Network) -> Translation:
    """Translate all nodes to stages; raises CannotImport with a fault for each unsupported node."""
    import_module(f"{__package__}.rules")  # registers all rules
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
    """Translate a node unless a rule already has; nodes after a faulty one are skipped."""
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
        # Rules rely on consistent attributes and shapes, which a damaged file may lack.
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
    """Return sizes as a spec writes them: `3x28x28`."""
    return "x".join(map(str, row))


def number_text(value: Any) -> str:
    """Return a number as a spec writes it, with the digits of its own precision."""
    text = str(np.asarray(value)[()] + np.asarray(value).dtype.type(0))  # −0 becomes 0
    return text.removesuffix(".0")


def numbers_text(values: Array) -> str:
    """Return one number, or a list, as text."""
    flat = np.ravel(values)
    if flat.size == 1 or (flat == flat[0]).all():
        return f"({number_text(flat[0])})" if flat[0] < 0 else number_text(flat[0])
    return f"[{', '.join(map(number_text, flat))}]"


def option(name: str, value: Any, default: Any) -> str:
    """Return an argument as text; empty if it is the default."""
    return "" if value == default else f" {name}={value}"


def windows(values: Sequence[int]) -> str:
    """Return the sizes on all axes as text: one number if they are equal."""
    return str(values[0]) if len(set(values)) == 1 else "x".join(map(str, values))
