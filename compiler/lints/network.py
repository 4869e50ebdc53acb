"""The lints' view of the typed graph: backwards from a value, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..ir.layer_graph import UNKNOWN, ArgValue, Layer, LayerGraph, Loss, TypedGraph
from ..kinds.layer import Family
from ..kinds.loss import Reads
from ..layers import LAYERS
from ..losses import LOSSES
from ..record import record
from ..source import Span

FAR_BACK = 50
"""Most layers inspected before a value, since this may be repeated for many losses."""


@record(frozen=True, slots=True)
class Step:
    """One operation on a value: a layer's own kind, or its trailing activation."""

    layer: Layer
    kind: str
    args: Mapping[str, ArgValue]
    span: Span
    trailing: bool

    @property
    def family(self) -> Family:
        """The family of the step's kind."""
        return LAYERS[self.kind].family


class Network:
    """A typed graph with its layers by id, the readers of each, and the values that leave it.

    Layers that have no type because of an error are left out of `graph`; they still count as
    readers, so that the values they read do not seem unused."""

    def __init__(self, typed: TypedGraph) -> None:
        self.typed = typed
        whole = len(typed.types) == len(typed.graph.layers)
        self.graph = typed.graph if whole else _typed_part(typed)
        self.layers = {layer.id: layer for layer in typed.graph.layers}
        self.readers: dict[int, list[Layer]] = {id: [] for id in self.layers}
        for layer in typed.graph.layers:
            for i in layer.inputs:
                if i != UNKNOWN:
                    self.readers[i].append(layer)
        self.leaving = {output.layer for output in self.graph.outputs}
        self.leaving |= {i for loss in self.graph.losses for i in loss.layers}

    def steps(self, id: int) -> Iterator[Step]:
        """Yield the steps that made a value, last first, to a merge, an input or a limit.

        `id` and dropout of rate 0 are skipped, unless the search ends there."""
        for left in range(FAR_BACK, -1, -1):
            layer = self.layers[id]
            yield from (s for s in _own_steps(layer) if not (left and _does_nothing(s)))
            if len(layer.inputs) != 1:
                return
            id = layer.inputs[0]

    def last_step_of(self, layer: Layer) -> Step:
        """Return a layer's trailing activation, or the layer itself if there is none."""
        return next(_own_steps(layer))

    def judged(self, *reads: Reads) -> Iterator[tuple[Loss, Step]]:
        """Yield every loss that expects one of these, with the last step of its output."""
        for loss in self.graph.losses:
            if LOSSES[loss.setting.kind].reads in reads:
                yield loss, next(self.steps(loss.layer))

    def width(self, id: int) -> int | None:
        """Return the size of a value's last axis, if it is a number."""
        size = self.typed.shape_of(id)[-1]
        return size if isinstance(size, int) else None

    def entries(self, id: int) -> int | None:
        """Return the number of entries in one row of a value, if all sizes are numbers."""
        count = 1
        for size in self.typed.shape_of(id):
            if not isinstance(size, int):
                return None
            count *= size
        return count


def _typed_part(typed: TypedGraph) -> LayerGraph:
    """Return the layers, outputs and losses that have a type."""
    graph, types = typed.graph, typed.types
    return replace(
        graph,
        layers=tuple(layer for layer in graph.layers if layer.id in types),
        outputs=tuple(output for output in graph.outputs if output.layer in types),
        losses=tuple(n for n in graph.losses if types.keys() >= set(n.layers)),
    )


def _own_steps(layer: Layer) -> Iterator[Step]:
    if (activation := layer.activation) is not None:
        yield Step(layer, activation.kind, activation.args, activation.span, True)
    yield Step(layer, layer.kind, layer.args, layer.span, False)


def _does_nothing(step: Step) -> bool:
    return step.kind == "id" or (step.kind == "dropout" and step.args["p"] == 0)
