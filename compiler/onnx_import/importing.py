"""All steps of an import: file, network, stages, spec, and weights by the names of the spec."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import ModelProto

from ..driver import check
from ..ir.layer_graph import Layer, TypedGraph
from ..source import Source
from .attention import fold_attention
from .faults import CannotImport, CannotRead, Fault, Unsupported
from .network import Array, Network, dtype_of, link, network
from .reading import read_model
from .translation import Stage, Translation, translate
from .writing import Written, write_spec


@dataclass(frozen=True, slots=True)
class Imported:
    """A spec, its graph, parameters and state by name, and notes for its reader."""

    spec: str
    typed: TypedGraph
    params: dict[str, Array]
    state: dict[str, Array]
    notes: tuple[str, ...]


def import_model(path: Path, name: str = "model.nn") -> Imported:
    """Import a file; raises CannotRead, CannotImport and OSError."""
    model = read_model(path)
    try:
        return imported(model, path.name, name)
    except CannotRead as error:
        raise CannotRead(f"{path}: {error}") from None


def imported(model: ModelProto, file: str, name: str = "model.nn") -> Imported:
    """Import a model that has been read."""
    net = network(model)
    if fold_attention(net):
        link(net)
    t = translate(net)
    written = write_spec(t, _outputs(t, net), file, dtype_of(net.constants))
    checked = check(Source(name, written.text))
    if checked.graph is None:
        first = next((d for d in checked.report.found), None)
        raise CannotRead(f"its spec would not pass the check: {first.message if first else ''}")
    arrays = _arrays(t, written, checked.graph)
    dtype = np.dtype(checked.graph.graph.dtype)
    params = {p.name: _fitting(arrays, p.name, p.shape, dtype) for p in checked.graph.params}
    state = {s.name: _fitting(arrays, s.name, s.shape, dtype) for s in checked.graph.states}
    return Imported(written.text, checked.graph, params, state, tuple(t.notes))


def _outputs(t: Translation, net: Network) -> list[int]:
    """Return the stages of the outputs, reshaped to the file's shapes; raises CannotImport if impossible."""
    found: list[int] = []
    for name in net.outputs:
        try:
            stage = t.plain(name)
        except Unsupported as error:
            raise CannotImport([Fault(name, "output", error.why, error.help)]) from None
        if stage in found:
            t.note(f"Two outputs of the file are the same value: {name} is left out.")
        else:
            found.append(stage)
    return found


def _arrays(t: Translation, written: Written, typed: TypedGraph) -> dict[str, Array]:
    """Return the weights by their names in the spec, whose layers are in the order of the stages."""
    layers = [layer for layer in typed.graph.layers if layer.kind not in ("input", "id")]
    arrays: dict[str, Array] = {}
    for layer, index in zip(layers, written.order, strict=True):
        arrays |= _of_layer(layer, t.stages[index])
    return arrays


def _of_layer(layer: Layer, stage: Stage) -> dict[str, Array]:
    arrays = {f"{layer.name}.{last}": array for last, array in stage.weights.items()}
    if layer.activation is not None:
        prefix = layer.activation.name
        arrays |= {f"{prefix}.{last}": array for last, array in stage.slopes.items()}
    return arrays


def _fitting(
    arrays: dict[str, Array], name: str, shape: tuple[int, ...], dtype: np.dtype[np.floating]
) -> Array:
    """Return a weight in the spec's dtype; a shape that differs is a bug of this importer."""
    array = arrays[name]
    if tuple(array.shape) != tuple(shape):
        raise CannotRead(f"weights of {name} have shape {array.shape}, the spec wants {shape}")
    return np.ascontiguousarray(array, dtype)
