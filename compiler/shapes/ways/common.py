"""Construction of remedies."""

from __future__ import annotations

from collections.abc import Iterable

from ...diagnostics.model import Edit
from ...ir.dims import Shape, shape_text
from ...ir.layer_graph import Layer
from ...ir.types import TensorType
from ..edits import declare, put_behind
from ..faults import Known, Site, Way


def way(title: str, layers: Iterable[Layer], *edits: Edit | None) -> Way:
    """Return a remedy that changes the text of these layers.

    In a block it would change the other calls too, so it is only described there."""
    made = tuple(edit for edit in edits if edit is not None)
    possible = len(made) == len(edits) and not any(layer.calls for layer in layers)
    return Way(title, made if possible else ())


def type_before(known: Known, site: Site, branch: int = 0) -> TensorType:
    """Return the type of the incoming value."""
    return site.given or known.types[site.layer.inputs[branch]]


def declaring(site: Site, origin: Layer, shape: Shape, why: str) -> Way:
    """Change the shape of the input or reshape that determines the axes."""
    text = f"{origin.word} {shape_text(shape)}"
    return way(f"write `{text}`{why}", (site.layer, origin), declare(origin, shape))


def moving_data(origin: Layer, rank: int) -> str:
    """Describe how to reorder the axes of the data, if they come from outside."""
    if origin.kind != "input":
        return ""
    order = "(0, 3, 1, 2)" if rank == 3 else "(0, 2, 1)"
    return f", and move the data's axis: `np.transpose(x, {order})`"


def permuting(site: Site, origin: Layer, rank: int) -> Way:
    """Keep the data, and permute their axes after the input."""
    stage = "permute 2 0 1" if rank == 3 else "transpose"
    title = f"keep the data as they are and put `{stage}` behind `{origin.span.text}`"
    return way(title, (site.layer, origin), put_behind(origin.span, stage))
