"""The right program of a spec as one graph with named values.

    reference = Reference.of(Source("digits.nn", text))
    values = reference.evaluate(reference.leaves(params, x, target))
    values[reference.tensors["d_dense1_z"]]

The names are those of generated modules: `dense1.W` and `x`, `dense1_z` and `dense1`, `y`, `loss`
with its parts `crossentropy_loss`; gradients have the prefix `d_`: `d_dense1.W`, `d_dense1_z`,
`d_x`. An output `y` also has its layer's name, and without activation `dense3` is also `dense3_z`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from ..autodiff.reverse import differentiate
from ..diagnostics.model import SpecError
from ..driver import Load, check, no_includes
from ..ir.dims import symbol
from ..ir.layer_graph import TypedGraph
from ..ir.op_graph import Graph, Node, Origin, Role
from ..ir.types import DType
from ..kinds.lower.losses import ROW_WEIGHTS
from ..losses import LOSSES
from ..lower.graph import lower, value_name
from ..lower.losses import target_layers, target_name
from ..ops.build import Builder
from ..passes.pipeline import PASSES, Function, optimise
from ..program.pull_back import real_inputs
from ..source import Source
from .interpreter import Array, Evaluation, Leaves

Given = Any
"""One array, or a dict of several arrays by name."""


class Besides(TypedDict, total=False):
    """What a step depends on besides parameters, inputs and targets; see `Reference.leaves`."""

    state: Mapping[str, Array] | None
    lengths: Given
    drawn: Mapping[str, Array] | None
    train: bool


READABLE = 0
"""The level with readable formulas: simplified, nothing shared or fused."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A network's training step: forward, loss and backward in one graph, with names."""

    typed: TypedGraph
    graph: Graph
    tensors: Mapping[str, int]

    @classmethod
    def of(cls, source: Source, load: Load = no_includes) -> Reference:
        """Return the training step of a spec.

        Raises SpecError if the spec has errors, and ValueError if it has no loss.
        """
        checked = check(source, load)
        if checked.report.has_errors or checked.graph is None:
            raise SpecError(checked.report)
        if not checked.graph.graph.losses:
            raise ValueError("the spec has no loss, so nothing has a gradient")
        return cls.from_network(checked.graph)

    @classmethod
    def from_network(cls, typed: TypedGraph, level: int | None = READABLE) -> Reference:
        """Return a network's training step, simplified as at -O0; unsimplified if level is None."""
        graph = training_graph(typed)
        if level is not None:
            graph = optimise(graph, PASSES[Function.TRAINING][level])
        tensors = graph.outputs_for("value")
        return cls(typed, graph, tensors)

    def origin(self, name: str) -> Origin:
        """Return the origin of a tensor: its layer, its place in the spec, its formula."""
        return self.graph[self.tensors[name]].origin

    def node(self, name: str) -> Node:
        """Return the op that computes a tensor."""
        return self.graph[self.tensors[name]]

    def gradients(self) -> dict[str, str]:
        """The tensors of the parameters' gradients, by the parameter's name."""
        return {p.name: f"d_{p.name}" for p in self.typed.params}

    def evaluate(self, leaves: Leaves) -> Evaluation:
        """Return the lazily computed values for given leaves."""
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
        """Convert the arguments of modules to leaves of the graph; class ids become one-hot rows.

        `drawn` are the dropout masks and the noise by the layer's name; without them nothing is
        dropped and no noise is added.
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
        """Yield every target in the form of the graph's leaf, and its additional leaves."""
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
            array = np.nan_to_num(array, nan=0.0)  # padding may hold any value
            yield name, array
            yield f"{name}.ids", np.array(ids)
            yield f"{name}.weights", _balanced(array)
        if typed.graph.training.weighs_rows:  # as a module counts rows that have no weight given
            yield ROW_WEIGHTS, np.ones(len(next(iter(named.values()))))


def training_graph(typed: TypedGraph) -> Graph:
    """Return forward, loss and backward, unsimplified, with named values as `value:NAME`."""
    build = lower(typed)
    named = [n for n in build.nodes if n.origin.hint]
    params = [p.name for p in typed.params]
    gradients = differentiate(build, build.outputs["total"], params, real_inputs(typed))
    names = _Names(build)
    for name, id in build.graph().outputs_for("out").items():
        names.take(name, id)  # padding of an output is zero, unlike that of its layer's value
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
    """Add second names: an output's layer, and z for a layer without activation."""
    weighty = {p.name.rpartition(".")[0] for p in typed.params}
    for layer in typed.graph.layers:
        own = value_name(typed, layer)
        for alias in (layer.name, *([f"{layer.name}_z"] if layer.owner in weighty else [])):
            names.repeat(own, alias)
            names.repeat(f"d_{own}", f"d_{alias}")


def _has_gradient(node: Node) -> bool:
    """Return whether a value's gradient is of interest: that of a loss by itself is 1."""
    return node.origin.role is Role.FORWARD and node.type.dtype is DType.FLOAT


@dataclass(frozen=True, slots=True)
class _Names:
    """Assigns unique names: the second value of a name is called NAME_2."""

    build: Builder

    def take(self, name: str, id: int) -> None:
        """Give a value a name, unless it has that name already."""
        outputs, count, found = self.build.outputs, 1, f"value:{name}"
        while outputs.get(found, id) != id:
            count += 1
            found = f"value:{name}_{count}"
        outputs[found] = id

    def repeat(self, name: str, alias: str) -> None:
        """Give the value of a name a second name, if that is unused."""
        outputs = self.build.outputs
        if f"value:{name}" in outputs:
            outputs.setdefault(f"value:{alias}", outputs[f"value:{name}"])


def _named(given: Given, names: list[str]) -> dict[str, Array]:
    """Return arrays by name, from a dict or a single array."""
    if isinstance(given, Mapping):
        return {name: given[name] for name in names}
    if len(names) != 1:
        raise ValueError(f"expected a dict of arrays for {', '.join(names)}")
    return {names[0]: given}


def _one_hot(ids: Array, classes: Any) -> Array:
    """Return one-hot rows; ids out of range, as in padding, give rows of zeros."""
    hits = ids[..., None] == np.arange(int(classes))
    return np.asarray(hits, np.float64)


def _balanced(target: Array) -> Array:
    """Return the weight of each class: rows / (classes · rows of the class)."""
    counts = target.reshape(-1, target.shape[-1]).sum(axis=0) if target.ndim else target
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = counts.sum() / (counts.size * counts)
    return np.where(counts > 0, weights, 0.0)


def batch_of(values: Evaluation) -> int:
    """Return the number of rows in the batch."""
    return values.number(symbol("B"))
