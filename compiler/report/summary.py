"""The costs of a network: parameters, operations and memory, layer by layer and in total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from ..ir.dims import Dim, product, total
from ..ir.layer_graph import ArgValue, Layer, TypedGraph
from ..ir.sizes import entry_bytes, float_bytes
from ..ir.types import TensorType
from ..kinds.shapes.context import ShapeContext
from ..layers import LAYERS
from ..program.training_memory import TrainingMemory, training_memory
from ..targets.target import load_target
from .picture import frozen_counts, parameter_counts
from .wording import stage_text

COUNTED = (
    "FLOPs: forward pass of one row, a multiply-add is two",
    "activations: outputs of all layers, kept from forward for backward "
    f"({', '.join(kind.name for kind in LAYERS.values() if kind.is_view)} share their input's)",
    "gradients: one array for every parameter array that is trained",
    "training: all arrays of a step of the NumPy module at -O1, where values share arrays; "
    "without the data",
)
"""What the numbers of a summary include and exclude."""


@dataclass(frozen=True, slots=True)
class Row:
    """One layer; sizes that depend on a symbolic dimension are symbolic."""

    name: str
    kind: str
    text: str
    output: TensorType
    parameters: int
    frozen: int
    flops: Dim
    activation_bytes: Dim
    shares: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """All layers, and the totals; activations are those of a whole batch."""

    rows: tuple[Row, ...]
    batch: int
    dtype: str
    parameters: int
    frozen: int
    flops: Dim
    parameter_bytes: int
    gradient_bytes: int
    activation_bytes: Dim
    training: TrainingMemory | None


def summarise(typed: TypedGraph, batch: int) -> Summary:
    """Return the costs of a network; COUNTED defines them."""
    counts, held = parameter_counts(typed), frozen_counts(typed)
    rows = tuple(_row(typed, n, counts[n.name], held[n.name]) for n in typed.graph.layers)
    parameters, frozen = sum(row.parameters for row in rows), sum(row.frozen for row in rows)
    flops = total(row.flops for row in rows)
    activations = total(row.activation_bytes * batch for row in rows)
    wide = float_bytes(typed.graph.dtype)
    return Summary(
        rows=rows,
        batch=batch,
        dtype=typed.graph.dtype,
        parameters=parameters,
        frozen=frozen,
        flops=flops,
        parameter_bytes=parameters * wide,
        gradient_bytes=(parameters - frozen) * wide,
        activation_bytes=activations,
        training=training_memory(typed, batch, load_target("numpy")),
    )


def as_json(summary: Summary) -> dict[str, object]:
    """Return the summary as plain values; a symbolic size is a string such as `2*T`."""
    return {
        "dtype": summary.dtype,
        "batch": summary.batch,
        "layers": [
            {
                "name": row.name,
                "kind": row.kind,
                "text": row.text,
                "output": str(row.output),
                "parameters": row.parameters,
                "frozen": row.frozen,
                "shares": row.shares,
                "flops_per_row": plain_size(row.flops),
                "activation_bytes_per_row": plain_size(row.activation_bytes),
            }
            for row in summary.rows
        ],
        "totals": {
            "parameters": summary.parameters,
            "frozen": summary.frozen,
            "flops_per_row": plain_size(summary.flops),
            "parameter_bytes": summary.parameter_bytes,
            "gradient_bytes": summary.gradient_bytes,
            "activation_bytes": plain_size(summary.activation_bytes),
        },
        "training_bytes": _training(summary.training),
        "counted": list(COUNTED),
    }


def _training(memory: TrainingMemory | None) -> dict[str, int | str] | None:
    if memory is None:
        return None
    parts = {field.name: getattr(memory, field.name) for field in fields(memory)}
    return {name: plain_size(size) for name, size in (*parts.items(), ("total", memory.total))}


def _row(typed: TypedGraph, layer: Layer, parameters: int, frozen: int) -> Row:
    type = typed.types[layer.id]
    shared = LAYERS[layer.kind].is_view and layer.activation is None
    elements = 0 if shared else product(type.shape) + _kept(typed, layer)
    return Row(
        name=layer.name,
        kind=layer.kind,
        text=stage_text(layer),
        output=type,
        parameters=parameters,
        frozen=frozen,
        flops=layer_flops(typed.types, layer),
        activation_bytes=elements * entry_bytes(type, typed.graph.dtype),
        shares=layer.shares,
    )


def _kept(typed: TypedGraph, layer: Layer) -> Dim:
    """Return the entries of a row that the layer keeps besides its value."""
    inputs = tuple(typed.types[i] for i in layer.inputs)
    return LAYERS[layer.kind].kept(ShapeContext(layer, layer.args, inputs, {}))


def layer_flops(types: Mapping[int, TensorType], layer: Layer) -> Dim:
    """Return the operations of one row's forward pass through a layer and its activation."""
    inputs = tuple(types[i] for i in layer.inputs)
    own = _kind_flops(layer, layer.kind, layer.args, inputs)
    activation = layer.activation
    if activation is None:
        return own
    return own + _kind_flops(layer, activation.kind, activation.args, (types[layer.id],))


def _kind_flops(
    layer: Layer, kind: str, args: Mapping[str, ArgValue], inputs: tuple[TensorType, ...]
) -> Dim:
    return LAYERS[kind].flops(ShapeContext(layer, args, inputs, {}))


def plain_size(dim: Dim) -> int | str:
    """Return a size in JSON form; a symbolic one is a text such as `2*T`."""
    return dim if isinstance(dim, int) else str(dim)
