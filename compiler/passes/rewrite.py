"""Rebuilding a graph node by node, which every pass does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..ir.op_graph import Graph, Node, Origin, Role
from ..ops.build import Builder, Value
from ..ops.source import FREE

Rule = Callable[[Builder, Node, tuple[Value, ...]], Value | None]
"""Given a node and its new inputs: the value to use instead, or None to keep the node."""


def rewrite(graph: Graph, rule: Rule) -> Graph:
    """Apply a rule to every node in order; what replaces a node takes over its words."""
    build = Builder(Origin("", (), Role.FORWARD))
    new: dict[int, Value] = {}
    for node in graph:
        build.origin = node.origin.wordless()
        inputs = tuple(new[i] for i in node.inputs)
        count = len(build.nodes)
        value = rule(build, node, inputs)
        if value is None:
            build.origin = node.origin
            value = build.append(node.op, tuple(v.id for v in inputs), node.attrs, node.type)
        else:
            _inherit(build, value, node.origin, fresh=value.id >= count)
        new[node.id] = value
    outputs = {name: new[i].id for name, i in graph.outputs.items()}
    return replace(graph, nodes=tuple(build.nodes), outputs=outputs)


def _inherit(build: Builder, value: Value, origin: Origin, *, fresh: bool) -> None:
    """Give a replacement the replaced node's origin; one that stood before keeps its own first.

    What a gradient is said to follow is not said of a value of the loss that it happens to equal,
    unless that value takes over the gradient's name, too.
    """
    node = build.nodes[value.id]
    if node.op in FREE:
        return  # shared by many layers, and nothing a comment is written about
    if not fresh and origin.role is not node.origin.role and (node.origin.hint or not origin.hint):
        origin = replace(origin, formula="")
    merged = origin.union(node.origin) if fresh else node.origin.union(origin)
    build.nodes[value.id] = replace(node, origin=merged)
