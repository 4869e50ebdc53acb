"""Pull-backs of gradients other than the loss's: vjp, jacobian, per-row gradients."""

from __future__ import annotations

from collections.abc import Collection

from ..autodiff.per_row import NotPerRow, per_row
from ..autodiff.reverse import differentiate, pull_back
from ..emitted import CannotEmit
from ..ir.layer_graph import TypedGraph
from ..ir.op_graph import Graph, Origin, Role
from ..ir.types import DType, TensorType
from ..lower.graph import lower
from ..ops.build import Builder, Value
from ..ops.source import leaf


def real_inputs(typed: TypedGraph) -> list[str]:
    """Return the inputs that can have a gradient, which inputs of ids cannot."""
    layers = [n for n in typed.graph.layers if n.kind == "input"]
    return [n.name for n in layers if typed.types[n.id].dtype is DType.FLOAT]


def add_pull_backs(typed: TypedGraph, build: Builder, emit: Collection[str]) -> None:
    """Append the computations of vjp and jacobian from gradients of the outputs.

    They use the values that forward keeps, so they belong to the graph of the training step."""
    if not {"vjp", "jacobian"} & set(emit):
        return
    seeds: dict[int, Value] = {}
    for output in typed.graph.outputs:
        value = build.value(build.outputs[f"out:{output.name}"])
        build.origin = Origin(output.name, (output.span,), Role.BACKWARD)
        given = leaf(build, "upstream", output.name, TensorType(value.type.shape))
        given = build.describe(given, hint=f"dy_{output.name}")
        seeds[value.id] = seeds[value.id] + given if value.id in seeds else given
    inputs = real_inputs(typed)
    if "vjp" in emit:
        pull_back(build, seeds, [p.name for p in typed.trained], inputs, ("vjp", "vjp_dx"))
    if "jacobian" in emit:
        pull_back(build, seeds, [], inputs, ("", "row_dx"))


def row_gradients(typed: TypedGraph) -> Graph:
    """Return the gradients of every row's own loss, as outputs `row:PARAM` of shape (B, …)."""
    build = lower(typed, per_row=True)
    differentiate(build, build.outputs["total"], [p.name for p in typed.trained], [])
    rows = {}
    for name, id in build.graph().outputs_for("grad").items():
        try:
            rows[f"row:{name}"] = per_row(build, build.value(id)).id
        except NotPerRow as error:
            raise CannotEmit(f"cannot emit 'per-example': {error} adds up the rows") from None
    return Graph(tuple(build.nodes), rows)
