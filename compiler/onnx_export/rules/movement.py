"""Ops that move entries: shapes, slices, tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from ...ir.dims import Dim
from ...ir.op_graph import Node
from ..emitter import Emitter
from ..registry import rule


@rule("reshape")
def _reshape(e: Emitter, n: Node) -> str:
    (x,) = e.operands(n)
    return e.add("Reshape", x, e.sizes.target(tuple(n.type.shape)))


@rule("transpose")
def _transpose(e: Emitter, n: Node) -> str:
    return e.add("Transpose", *e.operands(n), perm=list(n.wholes("perm")))


@rule("broadcast")
def _broadcast(e: Emitter, n: Node) -> str:
    return e.add("Expand", *e.operands(n), e.shape(n.type.shape))


@rule("concat")
def _concat(e: Emitter, n: Node) -> str:
    return e.add("Concat", *e.operands(n), axis=n.whole("axis"))


@rule("slice")
def _slice(e: Emitter, n: Node) -> str:
    bounds = [e.shape((n.dim("start"),)), e.shape((n.dim("stop"),))]
    return e.add("Slice", *e.operands(n), *bounds, e.whole(n.whole("axis")))


@rule("embed")
def _embed(e: Emitter, n: Node) -> str:
    """Add zeros before and after x along one axis.

    All axes are listed: where a Pad names its axes, onnxruntime 1.32 moves it past a Transpose
    without renaming them.
    """
    before, axis = n.dim("start"), n.whole("axis")
    behind = n.dim("size") - before - e.graph[n.inputs[0]].type.shape[axis]
    rank = n.type.rank
    pads: list[Dim] = [0] * (2 * rank)
    pads[axis], pads[rank + axis] = before, behind
    return e.add("Pad", *e.operands(n), e.shape(pads), e.constant(0.0), mode="constant")


@rule("powers")
def _powers(e: Emitter, n: Node) -> str:
    (x,) = e.operands(n)
    exponents = [float(k) for k in range(n.whole("degree") + 1)]
    return e.add("Pow", e.add("Unsqueeze", x, e.whole(-1)), e.constant(exponents))


@rule("take_rows")
def _take_rows(e: Emitter, n: Node) -> str:
    return e.add("Gather", *e.operands(n), axis=0)


@rule("split_heads")
def _split_heads(e: Emitter, n: Node) -> str:
    """Reshape (B·T, D) to (B, heads, T, D/heads)."""
    rows = cast("Sequence[Dim]", n.attr("rows"))
    heads, width = n.type.shape[1], n.type.shape[3]
    apart = e.add("Reshape", *e.operands(n), e.shape((*rows, heads, width)))
    return e.add("Transpose", apart, perm=[0, 2, 1, 3])


@rule("merge_heads")
def _merge_heads(e: Emitter, n: Node) -> str:
    """Reshape (B, heads, T, D/heads) to (B·T, D)."""
    side = e.add("Transpose", *e.operands(n), perm=[0, 2, 1, 3])
    return e.add("Reshape", side, e.sizes.target(tuple(n.type.shape)))
