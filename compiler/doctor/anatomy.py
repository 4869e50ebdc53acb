"""The parts of a backward pass that hypotheses speak of: products, derivatives, residuals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..ir.op_graph import Graph, Node, Role
from ..ir.reading import number
from ..lower.losses import target_layers, target_name
from ..ops import OPS
from ..ops.source import RANDOM
from .interpreter import Evaluation
from .reference import Reference, batch_of
from .stepping import AFTER, Step

PENALTY = "regularize"
"""The layer that the ops of the penalty belong to."""

ACTIVATIONS = (
    *("sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "softsign"),
    *("silu", "hard_swish", "mish", "gelu", "gelu_tanh"),
)
"""Ops that are an activation by themselves; others consist of several."""

LINEAR = ("add", "sub", "mul", "scale", "const", "copied")
"""Ops that alone are no activation."""


@dataclass(frozen=True, slots=True)
class Part:
    """One summand of a parameter's gradient, and whether it comes from the penalty."""

    param: str
    node: int
    penalty: bool


@dataclass(frozen=True, slots=True)
class Activation:
    """a = act(z) in a layer, and the gradients of both."""

    layer: str
    op: str
    z: int
    a: int
    da: int
    dz: int


@dataclass(frozen=True, slots=True)
class Product:
    """A weight's gradient aᵀ dz, or a bias's Σ dz: its node, a (−1 where there is none), dz."""

    param: str
    node: int
    a: int
    dz: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A loss: what it judges, y (of the logits z where the loss looks through), the target t.

    `residual` is the node that computes y − t, `delta` the gradient at z, `gradient` that at y, or
    at z where the loss looks through.
    """

    layer: str
    y: int
    z: int
    target: int
    residual: int
    delta: int
    gradient: int

    @property
    def through(self) -> bool:
        """Whether the loss looks through the activation: y has no gradient of its own."""
        return self.gradient == self.delta


@dataclass(frozen=True)
class Anatomy:
    """A training step taken apart; `rate` is the learning rate, where it is known.

    `step` is the optimizer's step, where the parameters after it are judged.
    """

    reference: Reference
    values: Evaluation
    rate: float | None = None
    step: Step | None = None

    @property
    def graph(self) -> Graph:
        """The training step."""
        return self.values.graph

    @cached_property
    def rows(self) -> int:
        """The number of rows in the batch."""
        return batch_of(self.values)

    @cached_property
    def scale(self) -> float:
        """The size of the gradients, beside which rounding is seen."""
        sizes = (np.abs(self.values[i]).max(initial=0) for i in self.params.values())
        return max(map(float, sizes), default=0.0)

    @cached_property
    def params(self) -> dict[str, int]:
        """The nodes of the parameters' gradients."""
        return {n: self.reference.tensors[t] for n, t in self.reference.gradients().items()}

    @cached_property
    def after(self) -> dict[str, int]:
        """The nodes of the parameters after the step, where there is one."""
        tensors = self.reference.tensors
        names = {n: f"{AFTER}{n}" for n in self.params}
        return {n: tensors[after] for n, after in names.items() if after in tensors}

    @cached_property
    def weights(self) -> set[str]:
        """The parameters that are weights; the others are biases, gains and tables."""
        return {p.name for p in self.reference.typed.params if p.role == "weight"}

    @cached_property
    def added_biases(self) -> list[tuple[Node, Node]]:
        """The sums on the way forward that add a parameter, each with that parameter."""
        sums = (n for n in self.graph if n.op == "add" and n.origin.role is Role.FORWARD)
        pairs = ((node, self.graph[node.inputs[1]]) for node in sums)
        return [(node, bias) for node, bias in pairs if bias.op == "param"]

    @cached_property
    def gradient_of(self) -> dict[int, int]:
        """For every named value the node of its gradient."""
        tensors = self.reference.tensors
        return {i: tensors[f"d_{n}"] for n, i in tensors.items() if f"d_{n}" in tensors}

    def parts(self, param: str) -> list[Part]:
        """The summands of a parameter's gradient."""
        found, stack = [], [self.params[param]]
        while stack:
            node = self.graph[stack.pop()]
            if node.op == "add" and node.origin.role is Role.BACKWARD:
                stack += reversed(node.inputs)
            elif node.op != "zeros":
                found.append(Part(param, node.id, node.origin.layer == PENALTY))
        return found

    def of_data(self, param: str) -> list[int]:
        """The summands of a parameter's gradient that come from the data."""
        return [part.node for part in self.parts(param) if not part.penalty]

    def unscaled(self, id: int) -> Node:
        """What a value is, but for a factor that another convention has put behind it."""
        node = self.graph[id]
        while node.op in ("copied", "scale"):
            node = self.graph[node.inputs[0]]
        return node

    def of_penalty(self, param: str) -> list[int]:
        """The summands of a parameter's gradient that come from the penalty."""
        return [part.node for part in self.parts(param) if part.penalty]

    @cached_property
    def products(self) -> list[Product]:
        """The products of dense layers, whatever the convention divides them by."""
        return [
            p for name in self.params for id in self.of_data(name) for p in self._made(name, id)
        ]

    def _made(self, param: str, id: int) -> Iterator[Product]:
        node = self.graph[id]
        while node.op in ("copied", "scale"):
            node = self.graph[node.inputs[0]]
        first = self.graph[node.inputs[0]] if node.inputs else node
        if node.op == "matmul" and first.op == "transpose":
            yield Product(param, node.id, first.inputs[0], node.inputs[1])
        elif node.op == "sum" and node.attr("axes") == (0,) and node.type.rank == 1:
            yield Product(param, node.id, -1, node.inputs[0])

    @cached_property
    def layers(self) -> dict[str, list[str]]:
        """The parameters by layer."""
        found: dict[str, list[str]] = {}
        for name in self.params:
            found.setdefault(name.rpartition(".")[0], []).append(name)
        return found

    @cached_property
    def l2(self) -> float:
        """The strength of the squared penalty, 0 where there is none."""
        setting = self.reference.typed.graph.regularize
        return number(setting.args["l2"]) if setting else 0.0

    @cached_property
    def activations(self) -> list[Activation]:
        """The activations that a gradient passes through, of one op or of several."""
        found = []
        layers = self.reference.typed.graph.layers
        kinds = {n.name: n.activation.kind if n.activation else n.kind for n in layers}
        for a in self.gradient_of:
            node = self.graph[a]
            z = self._argument(node) if node.origin.role is Role.FORWARD else None
            if z is not None:
                layer, da, dz = node.origin.layer, self.gradient_of[a], self.gradient_of[z]
                op = node.op if node.op in ACTIVATIONS else kinds.get(layer, node.op)
                found.append(Activation(layer, op, z, a, da, dz))
        return found

    def _argument(self, value: Node) -> int | None:
        """The one value with a gradient that a layer's value is computed from, entry by entry."""
        named: set[int] = set()
        curved, stack = False, [value]
        while stack:
            node = stack.pop()
            if node.op not in OPS or not (OPS[node.op].elementwise or node.op == "const"):
                return None
            if node.origin.layer != value.origin.layer or node.op in RANDOM:
                return None
            curved |= node.op not in LINEAR
            for i in node.inputs:
                if i in self.gradient_of and self.graph[i].type.shape == value.type.shape:
                    named.add(i)
                else:
                    stack.append(self.graph[i])
        return named.pop() if curved and len(named) == 1 else None

    @cached_property
    def judged(self) -> list[Judged]:
        """The losses whose gradient begins with y − t."""
        return list(self._judged())

    def _judged(self) -> Iterator[Judged]:
        typed = self.reference.typed
        for layer in target_layers(typed):
            target = self.reference.tensors.get(_hint(target_name(typed, layer)))
            for residual in self.graph:
                if residual.op != "sub" or not self._stands_for(residual.inputs[1], target):
                    continue
                y = self.graph[residual.inputs[0]]
                z = y.id if y.id in self.gradient_of else y.inputs[0] if y.inputs else y.id
                if target is not None and z in self.gradient_of:
                    loss, delta = residual.origin.layer, self.gradient_of[z]
                    start = self.gradient_of.get(y.id, delta)
                    yield Judged(loss, y.id, z, residual.inputs[1], residual.id, delta, start)

    def _stands_for(self, id: int, target: int | None) -> bool:
        """Whether a value is a target, or one that a loss has smoothed."""
        stack, leaves = [self.graph[id]], set()
        while stack:
            node = stack.pop()
            if node.id != target and node.op not in ("add", "scale", "const"):
                return False
            stack += [self.graph[i] for i in node.inputs] if node.id != target else []
            leaves |= {node.id} if node.id == target else set()
        return target is not None and bool(leaves)

    def backward_products(self, param: str) -> list[Node]:
        """The backward products that use a weight: dz Wᵀ, through its transpose or directly."""
        leaf = self.reference.tensors[param]
        found = []
        for id in self.graph.users[leaf]:
            node = self.graph[id]
            if node.origin.role is Role.BACKWARD and node.origin.layer != PENALTY:
                found.append(node)
        return found

    def name_of(self, id: int) -> str:
        """What a node is called, or the empty text."""
        return next((n for n, i in self.reference.tensors.items() if i == id), "")


def _hint(target: str) -> str:
    return target if target == "target" else f"{target}_target"
