"""What a network costs, as far as it is known, in a line."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from ..ir.dims import Dim, total
from ..ir.layer_graph import Layer
from ..report.summary import layer_flops
from ..report.wording import grouped, polynomial
from .study import Study


def flops_of(study: Study, layers: Iterable[Layer]) -> Dim | None:
    """Return the FLOPs of layers, forward for each row; None if a shape is unknown."""
    known = study.traced.inferred
    if known is None:
        return None
    own = tuple(layers)
    if any(i not in known.types for layer in own for i in (*layer.inputs, layer.id)):
        return None
    return total(layer_flops(known.types, layer) for layer in own)


def cost_text(study: Study) -> str:
    """Return the costs of the whole text on one line; of a faulty one, what is known of it."""
    known, graph = study.traced.inferred, study.traced.graph
    if known is None or graph is None:
        return ""
    parameters = sum(prod(p.shape) for p in known.params.values())
    text = f"{grouped(parameters)} parameter{'s' * (parameters != 1)}"
    flops = flops_of(study, graph.layers)
    if flops is not None:
        text += f" · {polynomial(flops)} FLOPs a row"
    return text + (" · without what is wrong" if study.errors else f" · {graph.dtype}")
