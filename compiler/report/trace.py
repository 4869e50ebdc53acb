"""The shapes of a network stage by stage: what enters, the operation, what leaves, parameters.

A network with errors is traced as well, as far as its shapes are known; the others are `?`."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from ..ir.layer_graph import Layer, TypedGraph
from ..ir.lists import shape_text
from ..ir.networkx_graph import own_parameters
from .wording import stage_text

UNKNOWN_SHAPE = "?"


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: `inputs` and `output` are shapes as a spec writes them, `?` where not known.

    `file` and `line` are where the stage is written; copies of a repeated stage share them.
    """

    file: str
    line: int
    name: str
    inputs: tuple[str, ...]
    text: str
    output: str
    parameters: int
    shares: str | None


def trace(typed: TypedGraph) -> tuple[Step, ...]:
    """Return the stages in the order of the network, which is that of the spec."""
    owned = own_parameters(typed)
    return tuple(
        _step(typed, layer, sum(prod(p.shape) for p in owned.get(layer.name, ())))
        for layer in typed.graph.layers
    )


def as_json(steps: tuple[Step, ...]) -> list[dict[str, object]]:
    """Return the stages as plain values."""
    return [
        {
            "file": step.file,
            "line": step.line,
            "name": step.name,
            "in": list(step.inputs),
            "stage": step.text,
            "out": step.output,
            "parameters": step.parameters,
            "shares": step.shares,
        }
        for step in steps
    ]


def _step(typed: TypedGraph, layer: Layer, parameters: int) -> Step:
    return Step(
        file=layer.span.source.name,
        line=layer.span.line,
        name=layer.name,
        inputs=tuple(_shape(typed, i) for i in layer.inputs),
        text=stage_text(layer),
        output=_shape(typed, layer.id),
        parameters=parameters,
        shares=layer.shares,
    )


def _shape(typed: TypedGraph, layer: int) -> str:
    """Return a value's shape; an input that is missing after a faulty stage is unknown, too."""
    type = typed.types.get(layer)
    return UNKNOWN_SHAPE if type is None else shape_text(str(type))
