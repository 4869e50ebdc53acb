"""The right program of a spec as one graph, all of whose values have names.

    reference = Reference.of(Source("digits.nn", text))
    values = reference.evaluate(reference.leaves(params, x, target))
    values[reference.tensors["d_dense1_z"]]

The names are those of generated modules: `dense1.W` and `x`, `dense1_z` and `dense1`, `y`, `loss`
with its parts `crossentropy_loss`, and before a gradient `d_`: `d_dense1.W`, `d_dense1_z`, `d_x`.
An output `y` has its layer's name as well, and a layer without activation `dense3_z` for `dense3`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..autodiff.reverse import differentiate
from ..diagnostics.model import SpecError
from ..driver import Load, check, no_includes
from ..ir.dims import symbol
from ..ir.layer_graph import TypedGraph
from ..ir.op_graph import Graph, Node, Origin, Role
from ..ir.types import DType
from ..losses import LOSSES
from ..lower.graph import lower, value_name
from ..lower.losses import target_layers, target_name
from ..ops.build import Builder
from ..passes.pipeline import PASSES, Function, optimise
from ..program.pull_back import real_inputs
from ..source import Source
from .interpreter import Array, Evaluation, Leaves

Given = Any
"""One array, or a dict of arrays by name where there are several."""

READABLE = 0
"""The level whose formulas people read: simplified, nothing shared or fused."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A network's training step: forward, loss and backward in one graph, and what is called how."""

    typed: TypedGraph
    graph: Graph
    tensors: Mapping[str, int]

    @classmethod
    def of(cls, source: Source, load: Load = no_includes) -> Reference:
        """The training step of a spec.

        Raises SpecError where the spec has errors, and ValueError where it has no loss.
        """
        checked = check(source, load)
        if checked.report.has_errors or checked.graph is None:
            raise SpecError(checked.report)
        if not checked.graph.graph.losses:
            raise ValueError("the spec has no loss, so nothing has a gradient")
        return cls.from_network(checked.graph)

    @classmethod
    def from_network(cls, typed: TypedGraph, level: int | None = READABLE) -> Reference:
        """The training step of a network, simplified as -O0 is; as it was made where level is None."""
        graph = training_graph(typed)
        if level is not None:
            graph = optimise(graph, PASSES[Function.TRAINING][level])
        tensors = graph.outputs_for("value")
        return cls(typed, graph, tensors)

    def origin(self, name: str) -> Origin:
        """Where a tensor comes from: its layer, its place in the spec, its formula."""
        return self.graph[self.tensors[name]].origin

    def node(self, name: str) -> Node:
        """The op that computes a tensor."""
        return self.graph[self.tensors[name]]

    def gradients(self) -> dict[str, str]:
        """The tensors that are gradients of parameters, by the parameter's name."""
        return {p.name: f"d_{p.name}" for p in self.typed.params}

    def evaluate(self, leaves: Leaves) -> Evaluation:
        """The values on given arrays; each is computed when it is asked for."""
        return Evaluation(self.graph, leaves)

    def leaves(
        self,
        params: Mapping[str, Array],
        x: Given,
        target: Given,
        *,
        state: Mapping[str, Array] | None = None,
        lengths: Given = None,
        drawn: Mapping[str, Array] | None = None,
        train: bool = True,
    ) -> Leaves:
        """What modules take, as leaves of the graph; class ids become rows with a 1 each.

        `drawn` are the dropout masks and the noise by the layer's name; without them nothing is
        left out and no noise is added.
        """
        typed = self.typed
        inputs = [n for n in typed.graph.layers if n.kind == "input"]
        ragged = [n.name for n in inputs if typed.types[n.id].ragged]
        starts = {s.name: np.full(s.shape, s.start) for s in typed.states}
        return Leaves(
            params,
            _named(x, [n.name for n in inputs]),
            dict(self._targets(target)),
            {**starts, **(state or {})},
            _named(lengths, ragged) if lengths is not None else {},
            {},
            drawn or {},
            train,
        )

    def _targets(self, target: Given) -> Iterator[tuple[str, Array]]:
        """Every target as the graph wants it, and what is known beside it."""
        typed = self.typed
        layers = target_layers(typed)
        named = _named(target, [target_name(typed, layer) for layer in layers])
        for layer, (name, given) in zip(layers, named.items(), strict=True):
            kinds = {LOSSES[n.setting.kind].target for n in typed.graph.losses if n.layer == layer}
            array, rank = np.asarray(given), typed.types[layer].rank + 1
            ids = array.dtype.kind in "iu" and array.ndim == rank - 1
            if ids and kinds & {"classes", "margins"}:
                array = _one_hot(array, typed.types[layer].shape[-1])
            elif array.ndim == rank - 1 and typed.types[layer].shape[-1] == 1:
                array = array[..., None]
            array = np.nan_to_num(array, nan=0.0)  # padding may hold anything
            yield name, array
            yield f"{name}.ids", np.array(ids)
            yield f"{name}.weights", _balanced(array)


def training_graph(typed: TypedGraph) -> Graph:
    """Forward, loss and backward, not simplified; the outputs `value:NAME` are all that has a name."""
    build = lower(typed)
    named = [n for n in build.nodes if n.origin.hint]
    params = [p.name for p in typed.params]
    gradients = differentiate(build, build.outputs["total"], params, real_inputs(typed))
    names = _Names(build)
    for node in named:
        names.take(node.origin.hint, node.id)
        gradient = gradients.get(node.id)
        if gradient is not None and _has_gradient(node):
            names.take(f"d_{node.origin.hint}", gradient.id)
    for name in params:
        names.take(f"d_{name}", build.outputs[f"grad:{name}"])
    names.take("loss", build.outputs["total"])
    _take_aliases(typed, names)
    return build.graph()


def _take_aliases(typed: TypedGraph, names: _Names) -> None:
    """What else people call a value: an output by its layer, a z without activation as z."""
    weighty = {p.name.rpartition(".")[0] for p in typed.params}
    for layer in typed.graph.layers:
        own = value_name(typed, layer)
        for alias in (layer.name, *([f"{layer.name}_z"] if layer.owner in weighty else [])):
            names.repeat(own, alias)
            names.repeat(f"d_{own}", f"d_{alias}")


def _has_gradient(node: Node) -> bool:
    """Whether people would speak of a value's gradient: that of a loss by itself is 1."""
    return node.origin.role is Role.FORWARD and node.type.dtype is DType.FLOAT


@dataclass(frozen=True, slots=True)
class _Names:
    """Gives every value its name: the first one of a name has it, the next one NAME_2."""

    build: Builder

    def take(self, name: str, id: int) -> None:
        """Call a value by a name, unless it has that name already."""
        outputs, count, found = self.build.outputs, 1, f"value:{name}"
        while outputs.get(found, id) != id:
            count += 1
            found = f"value:{name}_{count}"
        outputs[found] = id

    def repeat(self, name: str, alias: str) -> None:
        """Call a value by a second name, if it has the first and nothing has the second."""
        outputs = self.build.outputs
        if f"value:{name}" in outputs:
            outputs.setdefault(f"value:{alias}", outputs[f"value:{name}"])


def _named(given: Given, names: list[str]) -> dict[str, Array]:
    """Arrays by name, from a dict or from the only one there is."""
    if isinstance(given, Mapping):
        return {name: given[name] for name in names}
    if len(names) != 1:
        raise ValueError(f"expected a dict of arrays for {', '.join(names)}")
    return {names[0]: given}


def _one_hot(ids: Array, classes: Any) -> Array:
    """Rows with a 1 at each id; ids out of range, as padding may hold, give rows of zeros."""
    hits = ids[..., None] == np.arange(int(classes))
    return np.asarray(hits, np.float64)


def _balanced(target: Array) -> Array:
    """The weight of each class: the number of rows over that of classes and of the class's rows."""
    counts = target.reshape(-1, target.shape[-1]).sum(axis=0) if target.ndim else target
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = counts.sum() / (counts.size * counts)
    return np.where(counts > 0, weights, 0.0)


def batch_of(values: Evaluation) -> int:
    """The number of rows in the batch."""
    return values.number(symbol("B"))
