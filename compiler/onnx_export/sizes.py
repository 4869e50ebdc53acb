"""Sizes that are known only at run time: B, T and what is computed from them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import numpy as np

from ..ir.dims import Dim, Sym, symbols

if TYPE_CHECKING:
    from .emitter import Emitter

OPS: dict[type[ast.operator], str] = {
    ast.Add: "Add",
    ast.Sub: "Sub",
    ast.Mult: "Mul",
    ast.FloorDiv: "Div",
}
"""ONNX's division of whole numbers cuts off, as `//` does where nothing is negative."""


class Sizes:
    """Computes sizes in the graph, each once, from the shapes of the inputs."""

    def __init__(self, emitter: Emitter) -> None:
        self.e = emitter
        self._known: dict[str, str] = {}

    def shape(self, dims: tuple[Dim, ...]) -> str:
        """Return a vector of sizes, for Expand, or for Reshape with several unknown sizes."""
        known = [dim for dim in dims if isinstance(dim, int)]
        if len(known) == len(dims):
            return self.e.whole(*known)
        parts = [self._vector(dim) for dim in dims]
        return parts[0] if len(parts) == 1 else self.e.add("Concat", *parts, axis=0)

    def target(self, dims: tuple[Dim, ...]) -> str:
        """Return a vector of sizes for Reshape: a single unknown size is −1, inferred from the others."""
        unknown = [dim for dim in dims if isinstance(dim, Sym)]
        if len(unknown) > 1:
            return self.shape(dims)
        return self.e.whole(*(dim if isinstance(dim, int) else -1 for dim in dims))

    def scalar(self, dim: Dim) -> str:
        """Return one size as an integer scalar."""
        if isinstance(dim, int):
            return self.e.constant(dim, np.int64)
        return self._value(ast.parse(str(dim), mode="eval").body)

    def _vector(self, dim: Dim) -> str:
        if isinstance(dim, int):
            return self.e.whole(dim)
        key = f"[{dim}]"
        if key not in self._known:
            self._known[key] = self.e.add("Unsqueeze", self.scalar(dim), self.e.whole(0))
        return self._known[key]

    def _value(self, tree: ast.expr) -> str:
        key = ast.unparse(tree)
        if key not in self._known:
            self._known[key] = self._computed(tree)
        return self._known[key]

    def _computed(self, tree: ast.expr) -> str:
        match tree:
            case ast.Constant(value=int(number)):
                return self.e.constant(number, np.int64)
            case ast.Name(id=name):
                return self._symbol(name)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self.e.add("Neg", self._value(inner))
            case ast.BinOp(left=left, op=op, right=right):
                return self.e.add(OPS[type(op)], self._value(left), self._value(right))
        raise ValueError(f"not a dimension: {ast.dump(tree)}")

    def _symbol(self, name: str) -> str:
        for node in self.e.graph:
            for axis, dim in enumerate(node.type.shape):
                if node.op == "input" and str(dim) == name:
                    shape = self.e.add("Shape", self.e.value(node.id))
                    return self.e.add("Gather", shape, self.e.constant(axis, np.int64), axis=0)
        raise ValueError(f"no input has the size {name}")


def is_open(dim: Dim) -> bool:
    """Return whether a size is known only at run time."""
    return bool(symbols(dim))
