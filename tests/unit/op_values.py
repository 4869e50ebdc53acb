"""Op graphs evaluated in float64 by NumPy's own words for the ops, for tests of passes.

It knows the ops that passes take apart and put together, and shares nothing with the templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from nnc.ir.op_graph import Graph, Node

Array = np.ndarray[Any, Any]


def evaluate(graph: Graph, leaves: Mapping[str, Array]) -> dict[str, Array]:
    """The value of every output; `leaves` has inputs, parameters and targets by name."""
    values: dict[int, Array] = {}
    for node in graph:
        operands = [values[i] for i in node.inputs]
        value = np.asarray(_value(node, operands, leaves))
        assert value.shape == tuple(node.type.shape), f"{node.op} is typed {node.type.shape}"
        values[node.id] = value
    return {name: values[i] for name, i in graph.outputs.items()}


def _value(node: Node, x: list[Array], leaves: Mapping[str, Array]) -> Any:
    a: dict[str, Any] = dict(node.attrs)
    match node.op:
        case "input" | "param" | "target":
            return leaves[a["name"]]
        case "const":
            return np.broadcast_to(np.array(a["value"]), a["shape"])
        case "zeros" | "ones":
            return np.zeros(a["shape"]) if node.op == "zeros" else np.ones(a["shape"])
        case "add" | "sub" | "mul" | "div":
            names = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}
            return names[node.op](*x)
        case "scale":
            return x[0] * a["factor"] / a["over"]
        case "square":
            return x[0] * x[0]
        case "exp" | "tanh" | "abs":
            return getattr(np, node.op)(x[0])
        case "matmul":
            return np.einsum("ij,jk->ik", *x)
        case "transpose":
            return np.moveaxis(x[0], a["perm"], range(x[0].ndim))
        case "reshape":
            return np.array(list(x[0].ravel())).reshape(a["shape"])
        case "broadcast":
            return x[0] + np.zeros(a["shape"])
        case "sum" | "max":
            return getattr(np, node.op)(x[0], axis=a["axes"], keepdims=a["keepdims"])
        case "column_sums":
            return (x[0][:, None] * x[1]).sum(axis=0)
        case "row_sums":
            return (x[0][:, :, None] * x[1]).sum(axis=1)
        case "inner":
            return sum(p * q for p, q in zip(*(v.ravel() for v in x), strict=True))
        case "grand_sum":
            return sum(x[0].ravel())
        case "flush_denormals" | "copied":
            return x[0]
    raise NotImplementedError(f"a test of passes needs the value of {node.op}")
