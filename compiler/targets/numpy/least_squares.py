"""The parts of a module's `solve`: the features, and the target with the last layers inverted."""

from __future__ import annotations

from ...ir.layer_graph import Layer, TypedGraph
from ...optimizers.solvable import solvable
from .function_views import KernelView, SolveView


def solve_parts(typed: TypedGraph, features: KernelView) -> SolveView:
    """Return the view of `solve` for a spec that asks for it."""
    optimizer = typed.graph.training.optimizer
    assert optimizer is not None
    found = solvable(typed, optimizer.head)
    weight = next(p for p in typed.params if p.name == f"{found.dense.name}.W")
    undo = [pair for layer in reversed(found.behind) for pair in _undone(typed, layer)]
    bias = bool(found.dense.args["bias"])
    return SolveView(features, tuple(undo), found.dense.name, tuple(weight.shape), bias)


def _undone(typed: TypedGraph, layer: Layer) -> list[tuple[str, str]]:
    """Return the text before and after the target that inverts the last layers, in order."""
    a = {name: _numbers(value) for name, value in layer.args.items()}
    match layer.kind:
        case "scale":
            return [("", f" / {a['a']}")]
        case "shift":
            return [("", f" - {a['b']}")]
        case "normalize":
            return [("", f" * {a['std']} + {a['mean']}")]
    sizes = typed.shape_of(layer.inputs[0])
    if layer.kind == "id" or not all(isinstance(n, int) for n in sizes):
        return []
    return [("", f".reshape({', '.join(map(str, (-1, *sizes)))})")]


def _numbers(value: object) -> str:
    return f"np.array({value!r}, DTYPE)" if isinstance(value, tuple) else f"({value!r})"
